"""TLS to the next hop, with its certificate looked at."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.config.settings import NextHop as Settings
from gateway.config.values import Endpoint
from gateway.doors import hop_of
from gateway.model.envelope import Client, Content, RelayState
from gateway.relay.client import Hop, NextHopAwayError, connect
from gateway.relay.delivery import Relay
from tests.next_hop import ALL_EXTENSIONS, NextHop, next_hop

PLACE = Path(__file__).parent / "tls"
CERTIFICATE = PLACE / "certificate.pem"
OTHERS = Path(__file__).parents[1] / "intake" / "tls"
LARGE = b"x" * 998 + b"\r\n.dot\r\n" + (b"y" * 998 + b"\r\n") * 2000


def context(place: Path = PLACE) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(place / "certificate.pem", place / "key.pem")
    return made


@asynccontextmanager
async def offering(place: Path = PLACE) -> AsyncIterator[NextHop]:
    """Start a next hop that offers STARTTLS."""
    async with next_hop((*ALL_EXTENSIONS, "STARTTLS")) as hop:
        hop.tls = context(place)
        yield hop


@asynccontextmanager
async def speaking() -> AsyncIterator[NextHop]:
    """Start a next hop that speaks TLS from the first octet on."""
    hop = NextHop()
    server = await asyncio.start_server(hop.serve, "127.0.0.1", 0, limit=2**20, ssl=context())
    hop.port = server.sockets[0].getsockname()[1]
    yield hop
    server.close()
    await hop.emptied()


def to(hop: NextHop, **settings: object) -> Hop:
    """Return the way to it as the configuration gives it."""
    told = {"tls": "starttls", "tls_ca": CERTIFICATE} | settings
    return hop_of(Settings(Endpoint("127.0.0.1", hop.port), **told), "gw.example")  # type: ignore[arg-type]


async def deliver(way: Hop) -> bytes:
    """Deliver a large letter; return the digest of what left."""
    relay = Relay(way)
    delivery = relay.delivery(Client())
    assert (await delivery.offer_mail("a@x.example", ())).accepted
    assert (await delivery.offer_rcpt("b@y.example", ())).accepted
    digest = hashlib.sha256(LARGE).digest()
    assert await delivery.stream(Content(LARGE, len(LARGE), digest)) is None
    relayed = await delivery.finish()
    await relay.close()
    assert relayed.state is RelayState.RELAYED
    return relayed.sha256_out


async def test_starttls_carries_content_octet_for_octet() -> None:
    async with offering() as hop:
        assert await deliver(to(hop)) == hashlib.sha256(LARGE).digest()
    assert hop.taken[0].content == LARGE
    assert hop.heard[:3] == ["EHLO gw.example", "STARTTLS", "EHLO gw.example"]


async def test_implicit_tls_carries_content_octet_for_octet() -> None:
    async with speaking() as hop:
        await deliver(to(hop, tls="implicit"))
    assert hop.taken[0].content == LARGE
    assert "STARTTLS" not in hop.heard


async def test_nothing_is_said_in_the_clear_where_tls_is_asked_for() -> None:
    async with next_hop() as hop:
        with pytest.raises(NextHopAwayError, match="offers no STARTTLS"):
            await connect(to(hop))
    assert hop.heard == ["EHLO gw.example"]


async def test_a_certificate_that_nobody_known_signed_is_refused() -> None:
    async with offering() as hop:
        with pytest.raises(NextHopAwayError, match="certificate verify failed"):
            await connect(to(hop, tls_ca=None))


async def test_a_certificate_of_another_name_is_refused() -> None:
    async with offering(OTHERS) as hop:
        with pytest.raises(NextHopAwayError, match=r"not valid for '127\.0\.0\.1'"):
            await connect(to(hop, tls_ca=OTHERS / "certificate.pem"))


async def test_a_certificate_need_not_be_looked_at() -> None:
    async with offering(OTHERS) as hop:
        await deliver(to(hop, tls_ca=None, tls_verify=False))
    assert len(hop.taken) == 1


async def test_a_refusal_of_starttls_is_a_next_hop_that_is_away() -> None:
    async with offering() as hop:
        hop.answer = lambda line: "454 4.7.0 Not now" if line == "STARTTLS" else None
        with pytest.raises(NextHopAwayError, match="answers STARTTLS with 454"):
            await connect(to(hop))


async def test_what_was_said_before_tls_began_is_not_believed() -> None:
    async with offering() as hop:
        injected = "220 2.0.0 Go on\r\n250 2.1.0 Injected"
        hop.answer = lambda line: injected if line == "STARTTLS" else None
        with pytest.raises(NextHopAwayError, match="speaks before TLS"):
            await connect(to(hop))
