"""The line with a real store, in front of a next hop that remembers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.interfaces import Passage, StoreBusyError
from gateway.model.arrival import Arrival
from gateway.model.case import Case
from gateway.model.decision import Decision
from gateway.model.directory import LoggingAddress
from gateway.model.envelope import Content, Direction, Envelope, Relayed, RelayState, Reply
from gateway.model.policy import Policy
from gateway.model.trust import Trust
from gateway.pipeline import Pipeline, Settings
from gateway.store.entries import Entries
from gateway.store.registry import Registry
from gateway.store.spool import FolderSpool
from gateway.store.sqlite import SqliteStore
from gateway.trust.keys import Keys
from gateway.trust.verifier import Verifier
from tests.letters import NOON, envelope_of, letter

QUEUED = Reply(250, ("2.0.0 Ok: queued as 4Xy",))


@dataclass
class Hop:
    """A delivery that remembers what was done, in order."""

    refuses_data: Reply | None = None
    ends_with: Reply = QUEUED
    done: list[str] = field(default_factory=list)

    async def offer_mail(self, mail_from: str, options: Sequence[str]) -> Reply:
        raise NotImplementedError

    async def offer_rcpt(self, addr_spec: str, options: Sequence[str]) -> Reply:
        raise NotImplementedError

    async def stream(self, content: Content) -> Reply | None:
        self.done.append(f"stream {content.size}")
        return self.refuses_data

    async def finish(self) -> Relayed:
        self.done.append("dot")
        accepted = self.ends_with.accepted
        state = RelayState.RELAYED if accepted else RelayState.DEFERRED
        return Relayed(state, self.ends_with, b"\0" * 32)

    async def abort(self) -> None:
        self.done.append("abort")


class AwayStore(SqliteStore):
    """A store that cannot be written."""

    async def record(self, judged: Arrival | Case, decision: Decision) -> str:
        raise StoreBusyError("the disk is full; make room")


class BrokenStore(SqliteStore):
    """A store with a defect of ours in it."""

    async def record(self, judged: Arrival | Case, decision: Decision) -> str:
        raise ZeroDivisionError


@dataclass
class Gate:
    """A pipeline with its parts at hand."""

    folder: Path
    flow: Pipeline
    seen: list[Passage]

    def entries(self) -> Entries:
        return Entries(self.folder / "replygate.db")


def open_store(folder: Path, kind: type[SqliteStore] = SqliteStore) -> SqliteStore:
    return kind.open(
        folder / "replygate.db",
        domains=frozenset({"corp.example"}),
        logging_addresses=[LoggingAddress("log@gate.example")],
        clock=lambda: NOON,
    )


def flow_of(store: SqliteStore, folder: Path, seen: list[Passage]) -> Pipeline:
    return Pipeline(
        store,
        FolderSpool(folder / "spool"),
        Verifier(Trust(), Keys(None)),
        Settings(Policy()),
        observe=seen.append,
    )


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    store = open_store(tmp_path)
    company = Registry(tmp_path / "replygate.db", clock=lambda: NOON)
    company.add_user("anna@corp.example", "Anna Arai")
    company.add_mailbox("anna@corp.example", "anna@corp.example", "google")
    company.connect("anna@corp.example")
    company.add_never_log("secret.example")
    company.close()
    seen: list[Passage] = []
    yield Gate(tmp_path, flow_of(store, tmp_path, seen), seen)
    store.close()


def sent(**fields: str) -> bytes:
    given = {"author": "anna@corp.example", "to": "carol@customer.example", **fields}
    return letter(X_Log_To_CRM="yes", **given)


def outgoing(octets: bytes, rcpt_to: str = "carol@customer.example") -> Envelope:
    return envelope_of(
        octets,
        direction=Direction.OUTGOING,
        mail_from="anna@corp.example",
        rcpt_to=rcpt_to,
        route="submission",
    )
