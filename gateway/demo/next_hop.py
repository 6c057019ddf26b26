"""The small built-in next hop of the story: takes everything, writes a Maildir."""

from __future__ import annotations

import mailbox
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from gateway.demo.ports import free_ports

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
    """Start the next hop on a free loopback port; its `port` tells which."""
    (port,) = free_ports(1)
    controller = Controller(
        MaildirHop(folder), hostname="127.0.0.1", port=port, data_size_limit=SIZE_LIMIT
    )
    controller.start()
    return controller
