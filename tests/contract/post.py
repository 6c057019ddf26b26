"""An office whose outbox is drained into a shelf."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.interfaces import SinkRefusedError, SinkUnavailableError
from gateway.model.handover import Parcel
from gateway.model.policy import Policy
from gateway.outbox import Drain, Drained, Manner
from gateway.store.outbox import SqliteOutbox
from tests.shelf import Shelf
from tests.store.office import Office, letter


@dataclass
class Post:
    """An office whose outbox is drained into a shelf."""

    office: Office
    outbox: SqliteOutbox
    shelf: Shelf
    manner: Manner = field(default_factory=Manner)

    async def drain(self) -> Drained:
        await self.settled()
        return await self.draining(self.outbox).drain()

    def draining(self, outbox: SqliteOutbox) -> Drain:
        return Drain(
            outbox,
            self.shelf,
            self.manner,
            clock=self.office.clock,
            chance=lambda: 0.5,
            directory=lambda: self.office.store.directory,
            policy=Policy,
        )

    async def settled(self) -> None:
        """Let what was settled be committed: it rides with the next record."""
        self.office.clock.pass_by(seconds=1)
        await self.office.record(letter(f"ride-{self.office.clock().timestamp()}"))


def refuse(_: Parcel) -> Exception:
    return SinkRefusedError("no such field")


def fail(_: Parcel) -> Exception:
    return SinkUnavailableError("500 oops", everything=False)


def away(_: Parcel) -> Exception:
    return SinkUnavailableError("connection refused")
