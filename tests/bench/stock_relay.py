"""What the gateway is measured against: aiosmtpd and aiosmtplib as they come.

Takes a message, passes it on over a kept connection, answers what the next hop answered. Parses
nothing, stores nothing. Only the limits are raised that would refuse a large message.

`python -m tests.bench.stock_relay NEXT_HOP_PORT` prints its port, then relays.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

import aiosmtpd.smtp
import aiosmtplib
from aiosmtpd.smtp import Envelope, Session

SIZE_LIMIT = 200_000_000


class Relay:
    """The handler, with the connections that nobody uses now."""

    def __init__(self, next_hop: int) -> None:
        self.next_hop = next_hop
        self.idle: list[aiosmtplib.SMTP] = []

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it by this name
        self, server: aiosmtpd.smtp.SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Pass the message on."""
        del server, session
        assert envelope.mail_from is not None
        assert isinstance(envelope.content, bytes)
        client = self.idle.pop() if self.idle else await self._connect()
        _, said = await client.sendmail(envelope.mail_from, envelope.rcpt_tos, envelope.content)
        self.idle.append(client)
        return f"250 {said}"

    async def _connect(self) -> aiosmtplib.SMTP:
        client = aiosmtplib.SMTP(
            hostname="127.0.0.1", port=self.next_hop, start_tls=False, timeout=120
        )
        await client.connect()
        return client


async def serve(next_hop: int) -> None:
    """Relay until killed."""
    relay = Relay(next_hop)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: aiosmtpd.smtp.SMTP(
            relay, data_size_limit=SIZE_LIMIT, hostname="stock.example", loop=loop
        ),
        "127.0.0.1",
        0,
        backlog=512,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Serve on the fastest loop there is, as the gateway does."""
    factory = None
    with suppress(ImportError):
        from uvloop import new_event_loop as factory
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()
