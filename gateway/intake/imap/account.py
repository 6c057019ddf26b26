"""A connected inbox as it is reached, and how far it was read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

Secret = Callable[[], str]
"""Gives the password or access token, anew for each connection. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account of one server."""

    name: str
    host: str
    port: int
    login: str
    mailbox: str
    """The address in whose mailbox the mail lies."""
    secret: Secret = field(repr=False)
    tls: Literal["tls", "starttls", "none"] = "tls"
    auth: Literal["password", "xoauth2"] = "password"
    poll_s: float = 60.0
    """How often folders beside the inbox are looked at; the inbox itself tells by IDLE."""
    history: bool = False
    """Whether what lay there before the first look is taken as well."""
    timeout_s: float = 60.0
    size_limit: int = 157_286_400
    """Octets of a message; a larger one is left out, and said."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a folder was read (RFC 3501 §2.3.1.1)."""

    validity: int
    next_uid: int


@dataclass(frozen=True, slots=True)
class Marks:
    """How far all folders of an account were read."""

    folders: Mapping[str, Mark] = field(default_factory=dict)
    looked_at: datetime | None = None
    """When the last whole look ended; None before the first."""

    def with_mark(self, folder: str, mark: Mark) -> Marks:
        """Return them with one folder read further."""
        return Marks({**self.folders, folder: mark}, self.looked_at)


def recall(file: Path) -> Marks:
    """Return what is remembered of an account; nothing of one that is new.

    Raises ValueError for a file that tells nothing, OSError for one that cannot be read.
    """
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        folders = {name: Mark(int(v), int(n)) for name, (v, n) in told["folders"].items()}
        looked = told["looked_at"]
        return Marks(folders, datetime.fromisoformat(looked) if looked else None)
    except FileNotFoundError:
        return Marks()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{file} does not tell how far the inbox was read. Delete it, and what comes from"
            " then on is read; take what came meanwhile by replygate import."
        ) from error


def remember(file: Path, marks: Marks) -> None:
    """Keep it. Raises OSError."""
    folders = {name: [mark.validity, mark.next_uid] for name, mark in marks.folders.items()}
    looked = marks.looked_at.isoformat() if marks.looked_at else ""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps({"folders": folders, "looked_at": looked}), encoding="utf-8")
    fresh.replace(file)
