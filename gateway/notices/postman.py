"""Files notices and sends them by the next hop, again and again until it has them or never will.

Limits: a crash between the next hop's 250 and our note of it sends a notice twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from gateway.interfaces import NextHop, NoticeOutbox, Passage, WaitingNotice
from gateway.model.directory import Directory
from gateway.model.envelope import Client, Content, Reply
from gateway.notices.compose import Sender, compose_notice
from gateway.notices.occasion import occasions_of

PAUSES_S: Final = (60, 300, 900, 3600, 4 * 3600, 8 * 3600, 12 * 3600, 24 * 3600)
"""How long to wait after each attempt; after the last one it is given up."""
AT_ONCE: Final = 50


class Postman:
    """Tells users what became of their copies."""

    def __init__(
        self,
        outbox: NoticeOutbox,
        sender: Sender,
        next_hop: NextHop,
        directory: Callable[[], Directory],
    ) -> None:
        self._outbox = outbox
        self._sender = sender
        self._next_hop = next_hop
        self._directory = directory

    async def file(self, passage: Passage, now: datetime) -> int:
        """Keep the notices that a message calls for; return how many there are."""
        filed = 0
        directory = self._directory()
        for occasion in occasions_of(passage, directory):
            user = directory.user_of(occasion.user)
            sender = self._sender.speaking(user.language if user else "")
            content = compose_notice(occasion, sender, secrets.token_hex(12), now)
            filed += await asyncio.to_thread(
                self._outbox.put,
                user=occasion.user,
                recipient=occasion.recipient,
                entry_id=occasion.entry_id,
                reason=str(occasion.faults[0].reason),
                content=content,
                now=now,
            )
        return filed

    async def send_due(self, now: datetime) -> int:
        """Send what waits; return how many notices the next hop took."""
        taken = 0
        for notice in await asyncio.to_thread(self._outbox.due, now, AT_ONCE):
            reply = await self._send(notice)
            said = f"{reply.code} {' '.join(reply.text)}"
            if reply.accepted:
                await asyncio.to_thread(self._outbox.sent, notice.number, said)
                taken += 1
                continue
            is_last = notice.attempts >= len(PAUSES_S) or not reply.temporary
            pause = None if is_last else timedelta(seconds=PAUSES_S[notice.attempts])
            again_at = None if pause is None else now + pause
            await asyncio.to_thread(self._outbox.failed, notice.number, said, again_at)
        return taken

    async def _send(self, notice: WaitingNotice) -> Reply:
        """Put one notice to the next hop, with the null reverse-path, and return its reply."""
        content = Content(
            notice.content, len(notice.content), hashlib.sha256(notice.content).digest()
        )
        delivery = self._next_hop.delivery(Client())
        try:
            for reply in (
                await delivery.offer_mail("", _options_for(notice.recipient)),
                await delivery.offer_rcpt(notice.recipient, ()),
            ):
                if not reply.accepted:
                    return reply
            if (refused := await delivery.stream(content)) is not None:
                return refused
            relayed = await delivery.finish()
        finally:
            await delivery.abort()
        return relayed.reply or Reply(451, ("4.4.2 The next hop said nothing",))


def _options_for(recipient: str) -> tuple[str, ...]:
    """Return the options of MAIL: an address that is not ASCII needs two (RFC 6531 §3.2)."""
    return () if recipient.isascii() else ("BODY=8BITMIME", "SMTPUTF8")
