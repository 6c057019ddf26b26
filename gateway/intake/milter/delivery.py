"""The delivery of a milter's message: the MTA does it, whatever we think of the message."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.model.envelope import Content, Relayed, RelayState, Reply

OK = Reply(250, ("2.0.0 Ok",))


class MtaDelivery:
    """Sends nothing and stops nothing."""

    def __init__(self) -> None:
        self._sha256 = b""

    async def offer_mail(self, mail_from: str, options: Sequence[str]) -> Reply:
        """Accept: the MTA has accepted it already."""
        del mail_from, options
        return OK

    async def offer_rcpt(self, addr_spec: str, options: Sequence[str]) -> Reply:
        """Accept: the MTA has accepted it already."""
        del addr_spec, options
        return OK

    async def stream(self, content: Content) -> Reply | None:
        """Send nothing: the MTA holds the octets, and we never change them."""
        self._sha256 = content.sha256
        return None

    async def finish(self) -> Relayed:
        """Say that the MTA delivers what it showed us."""
        return Relayed(RelayState.BY_MTA, sha256_out=self._sha256)

    async def abort(self) -> None:
        """Nothing is under way."""
