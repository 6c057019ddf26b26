"""A relay to a next hop, and deliveries by it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from gateway.model.envelope import Client, Content, RelayState
from gateway.relay.client import Hop, Timeouts
from gateway.relay.delivery import Relay, RelayDelivery
from tests.next_hop import NextHop

LETTER = b"Subject: a\r\n\r\nbody\r\n"
SHORT = Timeouts(connect_s=5, greeting_s=0.1, command_s=0.1, data_s=0.1, block_s=5, final_s=0.1)


def content_of(octets: bytes) -> Content:
    return Content(octets, len(octets), hashlib.sha256(octets).digest())


@asynccontextmanager
async def relay_to(hop: NextHop, **settings_: Any) -> AsyncIterator[Relay]:
    relay = Relay(Hop("127.0.0.1", hop.port, **settings_))
    try:
        yield relay
    finally:
        await relay.close()


async def deliver(relay: Relay, octets: bytes = LETTER) -> RelayState:
    delivery = relay.delivery(Client())
    assert (await delivery.offer_mail("a@x.example", ())).accepted
    assert (await delivery.offer_rcpt("b@y.example", ())).accepted
    assert await delivery.stream(content_of(octets)) is None
    return (await delivery.finish()).state


async def opened(relay: Relay) -> RelayDelivery:
    delivery = relay.delivery(Client())
    await delivery.offer_mail("a@x.example", ())
    await delivery.offer_rcpt("b@y.example", ())
    return delivery
