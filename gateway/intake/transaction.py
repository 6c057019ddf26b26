"""One mail transaction of a client: what MAIL and RCPT said, and the delivery behind it.

It stands between the flow and the delivery as a witness: once the next hop has taken a message,
nothing that goes wrong on our side may be answered with 451 (D-2).
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.intake.paths import Path
from gateway.interfaces import Arriving, Delivery, Follower
from gateway.model.envelope import Client, Content, Recipient, Relayed, Reply

OURS = Reply(250, ("2.1.5 Ok: for the log",))


class Transaction:
    """A Delivery that remembers."""

    def __init__(self, delivery: Delivery, path: Path, client: Client) -> None:
        self.mail_from = path.addr_spec
        self.mail_options = path.options
        self.client = client
        self.recipients: list[Recipient] = []
        """All that were accepted, ours too."""
        self.offered = 0
        """How many of them the next hop accepted."""
        self.relayed: Relayed | None = None
        self._delivery = delivery

    async def offer_mail(self, mail_from: str, options: Sequence[str]) -> Reply:
        """Put MAIL to the next hop."""
        return await self._delivery.offer_mail(mail_from, options)

    async def offer_rcpt(self, addr_spec: str, options: Sequence[str]) -> Reply:
        """Put RCPT to the next hop and note the recipient when it is accepted."""
        reply = await self._delivery.offer_rcpt(addr_spec, options)
        if reply.accepted:
            self.recipients.append(Recipient(addr_spec, tuple(options)))
            self.offered += 1
        return reply

    def take(self, path: Path) -> Reply:
        """Accept a recipient of ours, of whom the next hop hears nothing."""
        self.recipients.append(Recipient(path.addr_spec, path.options))
        return OURS

    async def consume(self, delivery: Delivery) -> None:
        """Go on with another delivery: all recipients are ours."""
        await self._delivery.abort()
        self._delivery = delivery

    def follow(self, content: Arriving) -> bool:
        """Pass content on while it arrives; return whether there is somebody to have it."""
        if not self.offered or not isinstance(self._delivery, Follower):
            return False
        self._delivery.follow(content)
        return True

    async def stream(self, content: Content) -> Reply | None:
        """Send the content."""
        return await self._delivery.stream(content)

    async def finish(self) -> Relayed:
        """Send the final dot and remember the answer; a second call does nothing."""
        if self.relayed is None:
            self.relayed = await self._delivery.finish()
        return self.relayed

    async def abort(self) -> None:
        """Take it back, unless the next hop has it."""
        await self._delivery.abort()
