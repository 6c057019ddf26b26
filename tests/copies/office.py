"""A gateway without doors for tests of copies: its flow, its record, and what comes to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from gateway.model.entry import Entry
from gateway.model.envelope import Client, Direction, Envelope, Relayed, RelayState
from gateway.pipeline import Pipeline
from gateway.replay import Replayer
from gateway.store.entries import Entries
from gateway.store.sqlite import SqliteStore
from tests.letters import NOON, envelope_of, letter

ANNA, BOB, CAROL = "anna@corp.example", "bob@corp.example", "carol@customer.example"
LOG, SECRET, JOURNAL = "log@gate.example", "log+s3cret@gate.example", "journal@gate.example"
TRUSTED, STRANGE = "192.0.2.10", "203.0.113.9"
CONSUMED, RELAYED = Relayed(RelayState.CONSUMED), Relayed(RelayState.RELAYED)


@dataclass
class Office:
    """A gateway without doors: its flow, its record."""

    folder: Path
    store: SqliteStore
    flow: Pipeline

    async def takes(self, envelope: Envelope, relayed: Relayed = CONSUMED) -> Entry:
        """Put a message through, judge what it set waiting, and return its first entry."""
        entry_id, *_ = await self.flow.take_in(envelope, relayed)
        policy = self.flow.settings.policy
        replayer = Replayer(self.store, self.flow.verifier, policy)
        await replayer.settle_waiting(NOON + timedelta(minutes=5))
        with self.entries() as entries:
            found = entries.find(entry_id)
        assert found is not None
        return found

    def entries(self) -> Entries:
        return Entries(self.folder / "replygate.db", clock=lambda: NOON)


def sent(**fields: str) -> bytes:
    given = {"author": ANNA, "to": CAROL, "message_id": "out@corp.example"} | fields
    return letter(**given)


def copy_of(octets: bytes, to: str = LOG, client: str = TRUSTED, route: str = "copies") -> Envelope:
    envelope = envelope_of(octets, mail_from=ANNA, rcpt_to=to, route=route, trusted=False)
    return replace(envelope, client=Client(address=client))


def in_path(octets: bytes, to: str, *, outgoing: bool) -> Envelope:
    direction = Direction.OUTGOING if outgoing else Direction.INCOMING
    route = "submission" if outgoing else "inbound"
    return envelope_of(octets, direction=direction, rcpt_to=to, route=route)
