"""The small built-in next hop of the story: takes everything, writes a Maildir."""

from __future__ import annotations

import asyncio
import mailbox
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

SIZE_LIMIT = 200_000_000


class MaildirHop:
    """Delivers what it is given into one Maildir."""

    def __init__(self, folder: Path) -> None:
        self.maildir = mailbox.Maildir(str(folder), create=True)

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it by this name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Write one message and name it."""
        del server, session
        name = self.maildir.add(envelope.content or b"")
        return f"250 2.0.0 Ok: delivered as {name.split('.')[0]}"


def start(folder: Path) -> Controller:
    """Start the next hop on a free loopback port."""
    controller = Controller(
        MaildirHop(folder), hostname="127.0.0.1", port=0, data_size_limit=SIZE_LIMIT
    )
    controller.start()
    return controller


def port_of(controller: Controller) -> int:
    """Return the port that it listens on."""
    assert isinstance(controller.server, asyncio.Server)  # noqa: S101 - it has been started
    return int(controller.server.sockets[0].getsockname()[1])
