"""What a source of people tells, whatever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class SourceError(Exception):
    """A source cannot be read: its message says what happened, to what, and what to do."""


@dataclass(frozen=True, slots=True)
class FoundContact:
    """A contact, as a source has it; its addresses as they stand there."""

    address: str
    name: str = ""
    owner: str = ""
    """The address of the user whose contact it is; empty where the source does not say."""
    further: tuple[str, ...] = ()
    never_log: bool | None = None
    """Whether it is on the never-log list; None where the source does not say."""
    company: str = ""
    """What its company is called; empty where the source does not say."""


@dataclass(frozen=True, slots=True)
class FoundUser:
    """A user with a mailbox, as a directory has it."""

    address: str
    name: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What one look at a source brought."""

    contacts: tuple[FoundContact, ...] = ()
    users: tuple[FoundUser, ...] = ()
    mark: str = ""
    """Where the next look goes on; empty where each look brings everything."""
    faults: tuple[str, ...] = ()
    """What could not be read, in words; it stops nothing else."""


class Source(Protocol):
    """A place where people are kept."""

    async def read(self, mark: str) -> Found:
        """Return what changed since that mark; everything where it is empty.

        Raises SourceError, and what sinks raise of an account.
        """
        ...

    async def close(self) -> None:
        """Close connections."""
        ...
