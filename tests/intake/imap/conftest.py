"""A Dovecot, and a watch on an account of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway.intake.imap.account import Account
from gateway.intake.imap.watch import Ears, Watch
from gateway.model.envelope import Envelope
from tests.conftest import need
from tests.intake.imap.dovecot import PASSWORD, Dovecot, running

ANNA = "anna@corp.example"


@dataclass
class Heard:
    """What a watch told."""

    envelopes: list[Envelope] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    times_well: int = 0
    takes: bool = True

    async def take(self, envelope: Envelope) -> bool:
        if self.takes:
            self.envelopes.append(envelope)
        return self.takes

    def well(self) -> None:
        self.times_well += 1

    @property
    def subjects(self) -> list[str]:
        return [subject_of(one) for one in self.envelopes]


def subject_of(envelope: Envelope) -> str:
    octets = bytes(envelope.content.octets)
    return octets.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode()


def mail(subject: str, sender: str = "carol@customer.example", to: str = ANNA) -> bytes:
    return (
        f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject}@x.example>\r\nDate: Mon, 23 Nov 2026 12:00:00 +0000\r\n"
        f"\r\nText of {subject}.\r\n"
    ).encode()


@pytest.fixture(scope="session")
def dovecot_program() -> str:
    return need("dovecot")


@pytest.fixture
def dovecot(dovecot_program: str) -> Iterator[Dovecot]:
    with running(dovecot_program) as made:
        yield made


async def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while True:
            if holds():
                return
            await asyncio.sleep(0.02)


def account(dovecot: Dovecot, **chosen: Any) -> Account:
    given = {
        "name": "anna", "host": "127.0.0.1", "port": dovecot.port, "login": "anna",
        "mailbox": ANNA, "secret": lambda: PASSWORD, "tls": "none", "poll_s": 1.0,
        "timeout_s": 30.0,
    }  # fmt: skip
    return Account(**{**given, **chosen})


@asynccontextmanager
async def watching(
    dovecot: Dovecot, folder: Path, heard: Heard | None = None, **chosen: Any
) -> AsyncIterator[Heard]:
    """Watch an account until it is left; it has been looked at once when this begins."""
    told = heard or Heard()
    ears = Ears(told.take, told.troubles.append, told.well)
    watch = Watch(account(dovecot, **chosen), folder / "anna.json", ears)
    before = told.times_well
    watch.begin()
    try:
        await until(lambda: told.times_well > before or bool(told.troubles))
        yield told
    finally:
        await watch.end()
