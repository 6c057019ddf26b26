"""LMTP for copies: as SMTP, with a greeting of its own and one reply for each recipient.

Standards: RFC 2033. Limits: all recipients get the same reply, since one message is one entry.
"""

from __future__ import annotations

from typing import ClassVar

import structlog

from gateway.intake import words
from gateway.intake.receiver import Receiver
from gateway.intake.session import Commands, place_of
from gateway.intake.smtp import SmtpSession
from gateway.intake.stock import StockReceiver
from gateway.intake.transaction import Transaction
from gateway.model.envelope import Reply

_log = structlog.get_logger(__name__)


class LmtpSession(SmtpSession):
    """A client's LMTP session."""

    protocol_name = "LMTP"

    async def _take_message(
        self, transaction: Transaction, receiver: Receiver | StockReceiver
    ) -> None:
        try:
            await super()._take_message(transaction, receiver)
        except Exception as error:  # noqa: BLE001 - every recipient waits for a reply
            _log.error("intake-defect", listener=self.listener.name, at=place_of(error))
            self._answer(transaction, words.TROUBLE)

    def _answer(self, transaction: Transaction, reply: Reply, more: str = "") -> None:
        """Say the reply once "for each previously successful RCPT command" (RFC 2033 §4.2)."""
        for _ in transaction.recipients:
            self.say(reply, more)

    # RFC 2033 §4.1: LHLO replaces HELO and EHLO, which "MUST NOT" be answered with 250.
    COMMANDS: ClassVar[Commands] = {
        **{verb: do for verb, do in SmtpSession.COMMANDS.items() if verb not in {b"HELO", b"EHLO"}},
        b"LHLO": SmtpSession.on_ehlo,
    }
