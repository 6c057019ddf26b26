"""What the MTA is told at the end of a message: always that it may pass.

Whatever goes wrong on our side ends in "accept" (D-3): the MTA delivers, and only the log is
the poorer. The one change that we ever ask for is to take a logging address out of the
envelope, where the admin wants that and once the copy is durable (D-5).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from gateway.intake.milter import codec
from gateway.intake.milter.delivery import MtaDelivery
from gateway.intake.milter.letter import Letter, addr_spec_of
from gateway.intake.milter.settings import MilterSettings
from gateway.interfaces import Delivery, Handled
from gateway.mail.addresses import key_of
from gateway.model.envelope import Envelope

Receive = Callable[[Envelope, Delivery], Awaitable[Handled]]
"""The flow: `Pipeline.receive`."""
Note = Callable[[str, str], None]
"""Tells the admin of trouble: what happened, and to which listener, queue id or peer."""


def log_note(event: str, subject: str) -> None:
    """Write trouble to the log."""
    structlog.get_logger("milter").warning(event, subject=subject)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all connections of one listener share."""

    settings: MilterSettings
    receive: Receive
    is_ours: Callable[[str], bool]
    """Whether an address key is one of our logging addresses."""
    note: Note = log_note


async def decide(letter: Letter, around: Surroundings) -> bytes:
    """Put a message through the flow and return the octets that answer the MTA; never raises."""
    subject = f"{letter.route} {letter.queue_id}".rstrip()
    if letter.content is None:
        around.note(f"passed unseen: {letter.trouble}", subject)
        return codec.ACCEPT
    try:
        envelope = letter.envelope(letter.content.finish(), datetime.now(UTC))
        handled = await around.receive(envelope, MtaDelivery())
        return answer(letter, handled, around)
    except Exception as error:  # noqa: BLE001 - a defect of ours must not stop mail (D-3)
        around.note(f"passed undecided: {error!r}", subject)
        return codec.ACCEPT
    finally:
        letter.content.close()


def answer(letter: Letter, handled: Handled, around: Surroundings) -> bytes:
    """Return the answer: accept, with our own addresses out of the envelope where that is due."""
    durable = handled.reply.accepted and handled.words and not handled.words.startswith("failed")
    if not (durable and around.settings.delete_logging_recipients):
        return codec.ACCEPT
    ours = [r.path for r in letter.recipients if around.is_ours(key_of(addr_spec_of(r.path)))]
    if not ours:
        return codec.ACCEPT
    if len(ours) == len(letter.recipients):
        return codec.DISCARD
    if not letter.may_delete:
        return codec.ACCEPT
    return b"".join(map(codec.delete_recipient, dict.fromkeys(ours))) + codec.ACCEPT
