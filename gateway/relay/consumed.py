"""The delivery of a copy: we are its final destination, nothing is sent (D-5).

No import here leads to the relay's client, and none may.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.model.envelope import Client, Content, Relayed, RelayState, Reply

OK = Reply(250, ("2.1.0 Ok",))
TAKEN = Reply(250, ("2.0.0 Ok: taken for the log",))


class ConsumedDelivery:
    """Says yes to everything and sends nothing."""

    async def offer_mail(self, mail_from: str, options: Sequence[str]) -> Reply:
        """Accept every reverse-path."""
        del mail_from, options
        return OK

    async def offer_rcpt(self, addr_spec: str, options: Sequence[str]) -> Reply:
        """Accept every recipient; whose it is, the intake knows."""
        del addr_spec, options
        return Reply(250, ("2.1.5 Ok",))

    async def stream(self, content: Content) -> Reply | None:
        """Send nothing."""
        del content
        return None

    async def finish(self) -> Relayed:
        """Answer 250: whoever calls this has the message durable."""
        return Relayed(RelayState.CONSUMED, TAKEN)

    async def abort(self) -> None:
        """Nothing is under way."""


class Nowhere:
    """The next hop of a listener for copies: there is none."""

    def delivery(self, client: Client) -> ConsumedDelivery:
        """Return a delivery that sends nothing."""
        del client
        return ConsumedDelivery()

    async def extensions(self) -> Mapping[str, str]:
        """Return nothing: nobody is there to offer any."""
        return {}
