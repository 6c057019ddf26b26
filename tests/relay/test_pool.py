"""Connections to a real next hop: opened, greeted, reused, and let go."""

from __future__ import annotations

import asyncio

import pytest

from gateway.model.envelope import Client, RelayState
from gateway.relay.client import Hop
from gateway.relay.delivery import Relay
from tests.next_hop import next_hop
from tests.relay.deliveries import LETTER, SHORT, content_of, deliver, opened, relay_to


async def test_next_hop_that_is_away_is_451_4_4_1() -> None:
    async with next_hop() as hop:
        port = hop.port
    relay = Relay(Hop("127.0.0.1", port))
    reply = await relay.delivery(Client()).offer_mail("a@x.example", ())
    assert (reply.code, reply.enhanced) == (451, "4.4.1")


@pytest.mark.parametrize("greeting", ["421 busy", "554 go away", "close", "nonsense", "hang"])
async def test_bad_greeting_is_451_4_4_1(greeting: str) -> None:
    async with next_hop() as hop, relay_to(hop, timeouts=SHORT) as relay:
        hop.answer = lambda line: greeting if line == "connect" else None
        reply = await relay.delivery(Client()).offer_mail("a@x.example", ())
        assert (reply.code, reply.enhanced) == (451, "4.4.1")


async def test_next_hop_without_ehlo_gets_helo() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        hop.answer = lambda line: "502 no" if line.startswith("EHLO") else None
        assert await deliver(relay) is RelayState.RELAYED


async def test_abort_before_the_body_keeps_the_connection() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        await (await opened(relay)).abort()
        assert await deliver(relay) is RelayState.RELAYED
        assert hop.connections == 1
        assert hop.heard.count("RSET") == 1


async def test_abort_after_the_end_does_nothing() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        delivery = await opened(relay)
        await delivery.stream(content_of(LETTER))
        await delivery.finish()
        await delivery.abort()
        assert await deliver(relay) is RelayState.RELAYED
        assert hop.connections == 1


async def test_stale_connection_is_replaced_once_at_mail() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        await deliver(relay)
        hop.answer = lambda line: (
            "close" if line.startswith("MAIL") and hop.connections == 1 else None
        )
        assert await deliver(relay) is RelayState.RELAYED
        assert hop.connections == 2


async def test_parting_421_at_mail_counts_as_stale() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        await deliver(relay)
        hop.answer = lambda line: (
            "421 4.4.2 idle" if line.startswith("MAIL") and hop.connections == 1 else None
        )
        assert await deliver(relay) is RelayState.RELAYED


async def test_fresh_connection_that_breaks_at_mail_is_not_replaced() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        hop.answer = lambda line: "close" if line.startswith("MAIL") else None
        reply = await relay.delivery(Client()).offer_mail("a@x.example", ())
        assert (reply.code, hop.connections) == (451, 1)


async def test_connection_is_reused_and_then_retired() -> None:
    async with next_hop() as hop, relay_to(hop, messages_per_connection=3) as relay:
        for _ in range(7):
            await deliver(relay)
        assert hop.connections == 3


async def test_old_connection_is_let_go_though_it_is_used() -> None:
    """A process of an MTA that was reloaded keeps its old settings while its client stays."""
    async with next_hop() as hop, relay_to(hop, age_s=0.0) as relay:
        for _ in range(3):
            await deliver(relay)
        assert hop.connections == 3


async def test_idle_connection_is_let_go() -> None:
    async with next_hop() as hop, relay_to(hop, idle_s=0.01) as relay:
        await deliver(relay)
        await hop.emptied()
        assert hop.heard[-1] == "QUIT"


async def test_transactions_are_limited() -> None:
    async with next_hop() as hop, relay_to(hop, connections=1, waiting_s=0.01) as relay:
        held = await opened(relay)
        reply = await relay.delivery(Client()).offer_mail("a@x.example", ())
        assert reply.code == 421
        await held.abort()


async def test_waiting_transaction_gets_the_connection_that_becomes_free() -> None:
    async with next_hop() as hop, relay_to(hop, connections=1) as relay:
        held = await opened(relay)
        waiting = asyncio.ensure_future(deliver(relay))
        await asyncio.sleep(0)
        await held.abort()
        assert await waiting is RelayState.RELAYED


async def test_extensions_are_those_of_the_next_hop() -> None:
    async with next_hop(("DSN", "SIZE 77")) as hop, relay_to(hop) as relay:
        assert await relay.extensions() == {"DSN": "", "SIZE": "77"}


async def test_extensions_that_were_never_heard_are_all_that_we_pass_on() -> None:
    async with next_hop() as hop:
        port = hop.port
    offered = await Relay(Hop("127.0.0.1", port)).extensions()
    assert sorted(offered) == ["8BITMIME", "DSN", "SMTPUTF8"]


async def test_late_word_of_the_next_hop_is_not_taken_for_a_reply() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        hop.answer = lambda line: "250 2.0.0 Ok\r\n421 4.3.2 bye" if line == "." else None
        await deliver(relay)
        hop.answer = lambda _: None
        assert await deliver(relay) is RelayState.RELAYED
        assert hop.connections == 2


async def test_next_hop_that_refuses_ehlo_and_helo_is_away() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        hop.answer = lambda line: "502 no" if line.startswith(("EHLO", "HELO")) else None
        reply = await relay.delivery(Client()).offer_mail("a@x.example", ())
        assert reply.enhanced == "4.4.1"
