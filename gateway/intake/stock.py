"""Content as stock aiosmtpd (1.4.6) reads it: line by line, all of it in memory.

A switch for comparison and for doubt (`receiver = "stock"`); everything around it is the same.
Limits: nothing is passed on before its end has come.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any, cast

from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import Envelope as StockEnvelope

from gateway.intake.lines import Lines
from gateway.intake.tally import Tally
from gateway.model.envelope import Content


class StockReceiver(SMTP):
    """aiosmtpd's DATA, without the session around it."""

    def __init__(self, lines: Lines, size_limit: int) -> None:
        # aiosmtpd's own __init__ makes a whole session.
        self.too_large = False
        self.no_room = False
        self._lines = lines
        self._tally = Tally()
        self._made = self.envelope = StockEnvelope()
        self._made.rcpt_tos = ["somebody"]
        self.transport = cast("Any", self)
        self.data_size_limit = size_limit
        self.line_length_limit = 2**62
        self._reader = cast("Any", self)
        self._decode_data = False
        self._handle_hooks: dict[str, Any] = {"DATA": None}

    async def receive(self) -> bool:
        """Read a message; return whether its end came."""
        try:
            await self.smtp_DATA("")
        except asyncio.IncompleteReadError:
            return False
        return True

    async def settle(self) -> None:
        """Wait for nothing: all of it is in memory."""

    def content(self) -> Content:
        """Return the content; only after its end has come."""
        octets = bytes(self._made.original_content or b"")
        return Content(octets, len(octets), hashlib.sha256(octets).digest(), self._tally.traits)

    def drop(self) -> None:
        """Forget what was read."""
        self._made.original_content = None

    async def readuntil(self, separator: bytes) -> bytes:
        """Return the next line for aiosmtpd; count it (D-6). Raises asyncio.IncompleteReadError."""
        line = await self._lines.readuntil(separator)
        if line != b".\r\n":
            self._tally.feed(line.removeprefix(b"."), line)
        return line

    async def push(self, status: str | bytes) -> None:
        """Note what aiosmtpd would say; the session says it in its own words."""
        self.too_large = self.too_large or str(status).startswith("552")

    async def check_helo_needed(self, helo: str = "HELO") -> bool:
        """Ask for nothing: the session has seen to it."""
        del helo
        return False

    async def check_auth_needed(self, caller_method: str) -> bool:
        """Ask for nothing: the session has seen to it."""
        del caller_method
        return False

    async def _call_handler_hook(self, command: str, *args: Any) -> str:
        del command, args
        return ""

    def _set_post_data_state(self) -> None:
        """Keep what was read."""
