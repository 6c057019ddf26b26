"""Mail to postmaster at a listener for copies: taken and kept in a Maildir, never passed on.

Standards: RFC 5321 §4.5.1 (postmaster is always taken), Maildir (tmp, new, cur).
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog

from gateway.intake import words
from gateway.interfaces import Delivery, Handled
from gateway.mail.addresses import key_of
from gateway.model.envelope import Content, Envelope

POSTMASTER: Final = "postmaster"
Receive = Callable[[Envelope, Delivery], Awaitable[Handled]]

_log = structlog.get_logger(__name__)


def is_postmaster(addr_spec: str, domains: frozenset[str]) -> bool:
    """Whether an address is postmaster, bare or of one of these domains."""
    local_part, at, domain = addr_spec.lower().partition("@")
    return local_part == POSTMASTER and (not at or key_of(f"x@{domain}")[2:] in domains)


class Letterbox:
    """A Maildir for people to read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: Content) -> Path:
        """Keep a message durably and return its file. Raises OSError."""
        for name in ("tmp", "new", "cur"):
            (self.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{time.time_ns()}.{os.getpid()}_{secrets.token_hex(8)}.replygate"
        temporary, final = self.folder / "tmp" / name, self.folder / "new" / name
        try:
            with temporary.open("xb") as file:
                file.write(content.octets)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(final)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        folder = os.open(final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return final


class Reception:
    """Keeps what is for postmaster, and lets the flow have what is for others."""

    def __init__(self, letterbox: Letterbox, domains: frozenset[str], receive: Receive) -> None:
        self._letterbox = letterbox
        self._domains = domains
        self._receive = receive

    async def receive(self, envelope: Envelope, delivery: Delivery) -> Handled:
        """Take one message; 250 means that it is durable."""
        others = tuple(
            recipient
            for recipient in envelope.recipients
            if not is_postmaster(recipient.addr_spec, self._domains)
        )
        if len(others) < len(envelope.recipients):
            try:
                file = await asyncio.to_thread(self._letterbox.put, envelope.content)
            except OSError as error:
                _log.error("letterbox-unavailable", listener=envelope.route, error=str(error))
                return Handled(words.DISK)
            _log.warning("mail for postmaster", listener=envelope.route, file=file.name)
        if not others:
            relayed = await delivery.finish()
            return Handled(relayed.reply or words.OK)
        return await self._receive(replace(envelope, recipients=others), delivery)
