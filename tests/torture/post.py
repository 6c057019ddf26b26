"""Letters for the torture, and clients that bring each until somebody has taken it."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from gateway.mail.wire import stuffed
from tests.intake.door import Caller
from tests.letters import letter
from tests.torture.gate import PATIENCE_S, Gate
from tests.torture.witness import witness

ANNA, CAROL, LOG = "anna@corp.example", "carol@customer.example", "log@gate.example"


@dataclass
class Attempt:
    """One try to hand a letter over."""

    name: str
    """Told to the next hop as ENVID, so that what it took names the try."""
    said: str = ""
    """The reply to the final dot; empty when none came."""
    began: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    """Both by the clock of durations; 0 while it goes on."""


@dataclass
class Letter:
    """One message, and what became of it."""

    message_id: str
    listener: str
    mail_from: str
    rcpt: str
    octets: bytes
    attempts: list[Attempt] = field(default_factory=list)
    refused: str = ""
    """A reply that no client would get over; there must be none."""
    size: int = 0
    sha256: bytes = b""

    def __post_init__(self) -> None:
        self.size = len(self.octets)
        self.sha256 = hashlib.sha256(self.octets).digest()

    def forget(self) -> None:
        """Keep size and digest alone: hours of letters are more than there is memory."""
        self.octets = b""

    @property
    def is_copy(self) -> bool:
        """Whether the gateway is its final destination."""
        return self.rcpt == LOG

    @property
    def taken(self) -> bool:
        """Whether its client was told so."""
        return any(attempt.said.startswith("250") for attempt in self.attempts)


def make(number: int, run: str, rng: Random) -> Letter:
    """Return one letter: replies, marked offers and copies by turns, one in fifteen large."""
    message_id = f"{run}-{number}@torture.example"
    text = f"Number {number}.\r\n.\r\n..dots\r\n" + "word " * rng.randrange(300)
    if rng.random() < 1 / 15:
        text += ("x" * 70 + "\r\n") * rng.randrange(4_000, 6_000)
    cites = (
        f"<{run}-{rng.randrange(number)}@torture.example>" if number and rng.random() < 0.5 else ""
    )
    listener, mail_from, rcpt, marked = rng.choice((
        ("inbound", CAROL, ANNA, ""),
        ("inbound", CAROL, ANNA, ""),
        ("submission", ANNA, CAROL, "yes"),
        ("submission", ANNA, LOG, ""),
    ))  # fmt: skip
    octets = letter(
        author=mail_from,
        to=CAROL if rcpt == LOG else rcpt,
        message_id=message_id,
        text=text,
        X_Log_To_CRM=marked,
        In_Reply_To=cites,
    )
    return Letter(message_id, listener, mail_from, rcpt, octets)


class Client:
    """Brings letters, and tries each again until it is taken."""

    def __init__(self, gate: Gate, happened: Callable[[str], None]) -> None:
        self._gate = gate
        self._happened = happened

    async def bring(self, letter: Letter) -> None:
        """Try until the letter is taken, or refused for good."""
        while not letter.taken and not letter.refused:
            await self._gate.ready.wait()
            attempt = Attempt(f"{letter.message_id}/{len(letter.attempts)}")
            letter.attempts.append(attempt)
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await self._try(letter, attempt)
            except (ConnectionError, asyncio.IncompleteReadError):
                await asyncio.sleep(0)
            except TimeoutError as error:
                seen = await witness(self._gate)
                raise TimeoutError(f"nobody answers {attempt.name}: {seen}") from error
            attempt.ended = time.monotonic()
            if attempt.said.startswith("5"):
                letter.refused = attempt.said

    async def _try(self, letter: Letter, attempt: Attempt) -> None:
        caller = await self._gate.call(letter.listener)
        try:
            self._happened("client connect")
            commands = (
                f"MAIL FROM:<{letter.mail_from}> ENVID={attempt.name}",
                f"RCPT TO:<{letter.rcpt}>",
                "DATA",
            )
            for command in commands:
                said = await caller.say(command.encode())
                self._happened(f"client {command[:4]}")
                if not said.startswith(("2", "3")):
                    # Before the dot a refusal for now is an end of this try.
                    attempt.said = said if said.startswith("5") else ""
                    return
            await self._content(caller, letter)
            self._happened("client dot")
            attempt.said = await caller.reply()
            self._happened("client replied")
        finally:
            caller.writer.close()

    async def _content(self, caller: Caller, letter: Letter) -> None:
        wire = stuffed(letter.octets) + b".\r\n"
        cut = random.Random(letter.message_id).randrange(len(wire))
        caller.send(wire[:cut])
        await caller.writer.drain()
        self._happened("client body")
        caller.send(wire[cut:])
        await caller.writer.drain()
