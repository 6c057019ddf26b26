"""Intake and relay alone: no rules, no store.

`python -m tests.bench.bare_path NEXT_HOP_PORT [uvloop]` prints its port, then relays.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from gateway.intake.listeners import Listener, Wiring
from gateway.intake.server import start
from gateway.interfaces import Delivery, Handled
from gateway.model.envelope import Direction, Envelope, Reply
from gateway.relay.client import Hop
from gateway.relay.consumed import ConsumedDelivery
from gateway.relay.delivery import Relay


async def pass_on(envelope: Envelope, delivery: Delivery) -> Handled:
    """Send the message onward."""
    refused = await delivery.stream(envelope.content)
    if refused is not None:
        return Handled(refused)
    relayed = await delivery.finish()
    return Handled(relayed.reply or Reply(451, ("4.3.0 no reply",)), "logged tracked-reply e=1")


async def main() -> None:
    """Relay for ever."""
    relay = Relay(Hop("127.0.0.1", int(sys.argv[1]), connections=300, idle_connections=300))
    with tempfile.TemporaryDirectory() as folder:
        wiring = Wiring(
            pass_on, relay, ConsumedDelivery, frozenset[str]().__contains__, Path(folder)
        )
        server = await start(Listener("bench", Direction.INCOMING), wiring)
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[2:3] == ["uvloop"]:
        import uvloop

        uvloop.run(main())
    else:
        asyncio.run(main())
