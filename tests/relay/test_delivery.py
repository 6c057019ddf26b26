"""Deliveries to a real next hop that can be told to misbehave at each step."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.mail.wire import WINDOW_OCTETS
from gateway.model.envelope import Client, RelayState
from gateway.relay.client import Timeouts
from tests.next_hop import ALL_EXTENSIONS, next_hop
from tests.relay.deliveries import LETTER, SHORT, content_of, deliver, opened, relay_to

LINES = (b"x" * 998 + b"\r\n") * 20_000
"""20 MB, more than all buffers on the way hold."""


async def test_content_arrives_octet_for_octet() -> None:
    octets = b".first\r\n\r\n..\r\nbare\rand\nlone\x00\xff\r\n.\r\nlast\r\n"
    async with next_hop() as hop, relay_to(hop) as relay:
        assert await deliver(relay, octets) is RelayState.RELAYED
        assert hop.taken[0].content == octets


async def test_content_known_to_be_its_own_wire_form_is_sent_as_it_is() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        delivery = await opened(relay)
        octets = b"no dot\r\n"
        await delivery.stream(replace(content_of(octets), wire=octets))
        await delivery.finish()
        assert hop.taken[0].wire == octets


async def test_missing_final_crlf_gets_one() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        await deliver(relay, b"no end")
        assert hop.taken[0].content == b"no end\r\n"


async def test_empty_content_is_delivered() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        assert await deliver(relay, b"") is RelayState.RELAYED
        assert hop.taken[0].wire == b""


async def test_digest_is_of_what_left_unstuffed() -> None:
    octets = b".a\r\n" * 100_000
    async with next_hop() as hop, relay_to(hop) as relay:
        delivery = await opened(relay)
        await delivery.stream(content_of(octets))
        relayed = await delivery.finish()
        assert relayed.sha256_out == hashlib.sha256(octets).digest()


async def test_digest_counts_the_final_crlf_that_we_add() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        delivery = await opened(relay)
        await delivery.stream(content_of(b"no end"))
        relayed = await delivery.finish()
        assert relayed.sha256_out == hashlib.sha256(b"no end\r\n").digest()


DENSE = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"\0", b"x"]), max_size=60).map(
    b"".join
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(DENSE, min_size=1, max_size=8))
def test_any_content_arrives_octet_for_octet(contents: list[bytes]) -> None:
    async def run() -> None:
        async with next_hop() as hop, relay_to(hop) as relay:
            for octets in contents:
                await deliver(relay, octets + b"\r\n")
            assert [t.content for t in hop.taken] == [octets + b"\r\n" for octets in contents]

    asyncio.run(run())


async def test_options_go_onward_with_their_case() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        delivery = relay.delivery(Client())
        await delivery.offer_mail("A@x.example", ("SIZE=5", "ENVID=aB", "x-Odd=1"))
        await delivery.offer_rcpt("B@y.example", ("ORCPT=rfc822;B@y.example",))
        assert hop.heard[-2:] == [
            "MAIL FROM:<A@x.example> SIZE=5 ENVID=aB x-Odd=1",
            "RCPT TO:<B@y.example> ORCPT=rfc822;B@y.example",
        ]
        await delivery.abort()


async def test_null_reverse_path_is_said() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        delivery = relay.delivery(Client())
        await delivery.offer_mail("", ())
        assert hop.heard[-1] == "MAIL FROM:<>"
        await delivery.abort()


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
@pytest.mark.parametrize("said", ["550 5.1.1 no", "450 4.2.0 later", "550-two\r\n550 lines"])
async def test_refusal_is_the_next_hops_own(verb: str, said: str) -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        hop.answer = lambda line: said if line.startswith(verb) else None
        delivery = relay.delivery(Client())
        reply = await delivery.offer_mail("a@x.example", ())
        if verb == "RCPT":
            reply = await delivery.offer_rcpt("b@y.example", ())
        await delivery.abort()
        assert reply.code == int(said[:3])
        assert len(reply.text) == said.count("\n") + 1


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
async def test_354_before_data_is_never_handed_on(verb: str) -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        hop.answer = lambda line: "354 go" if line.startswith(verb) else None
        delivery = relay.delivery(Client())
        reply = await delivery.offer_mail("a@x.example", ())
        if verb == "RCPT":
            reply = await delivery.offer_rcpt("b@y.example", ())
        assert reply.temporary


async def test_refusal_of_data_is_what_stream_returns() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        hop.answer = lambda line: "554 5.5.1 no valid" if line == "DATA" else None
        reply = await (await opened(relay)).stream(content_of(LETTER))
        assert reply is not None
        assert reply.code == 554


async def test_250_to_data_makes_no_sense() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        hop.answer = lambda line: "250 sure" if line == "DATA" else None
        reply = await (await opened(relay)).stream(content_of(LETTER))
        assert reply is not None
        assert reply.temporary


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("250 2.0.0 Ok", RelayState.RELAYED),
        ("451 4.3.0 later", RelayState.DEFERRED),
        ("554 5.7.1 spam", RelayState.REFUSED),
        ("421 4.3.2 stopping", RelayState.DEFERRED),
        ("354 what", RelayState.UNKNOWN),
        ("close", RelayState.UNKNOWN),
        ("close after taking", RelayState.UNKNOWN),
        ("hang", RelayState.UNKNOWN),
    ],
)
async def test_end_of_a_delivery_is_told_by_the_reply_to_the_dot(
    said: str, state: RelayState
) -> None:
    async with next_hop() as hop, relay_to(hop, timeouts=SHORT) as relay:
        hop.answer = lambda line: said if line == "." else None
        assert await deliver(relay) is state


async def test_nothing_is_tried_again_after_the_dot() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        hop.answer = lambda line: "close after taking" if line == "." else None
        await deliver(relay)
        assert len(hop.taken) == hop.connections == 1


@pytest.mark.parametrize(
    ("early", "code"), [(b"", 451), (b"552 5.3.4 big\r\n", 552), (b"421 4.3.2 bye\r\n", 421)]
)
async def test_next_hop_that_goes_in_the_middle_of_the_body_never_gets_the_dot(
    early: bytes, code: int
) -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        delivery = await opened(relay)
        hop.early = early
        refused = await delivery.stream(content_of(b"x" * 30_000_000 + b"\r\n"))
        assert refused is not None
        assert refused.code == code
        assert hop.taken == []


async def test_abort_in_the_body_closes_and_delivers_nothing() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        delivery = await opened(relay)
        await delivery.stream(content_of(LETTER))
        await delivery.abort()
        await hop.emptied()
        assert hop.taken == []
        assert "RSET" not in hop.heard


async def test_cancelled_stream_can_be_aborted() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        hop.answer = lambda line: "hang" if line == "DATA" else None
        delivery = await opened(relay)
        sending = asyncio.ensure_future(delivery.stream(content_of(LETTER)))
        await asyncio.sleep(0)
        sending.cancel()
        await delivery.abort()
        await hop.emptied()
        assert hop.taken == []


@pytest.mark.parametrize("said", ["close", "hang", "nonsense"])
async def test_next_hop_that_goes_at_rcpt_is_451(said: str) -> None:
    async with next_hop() as hop, relay_to(hop, timeouts=SHORT) as relay:
        hop.answer = lambda line: said if line.startswith("RCPT") else None
        delivery = relay.delivery(Client())
        await delivery.offer_mail("a@x.example", ())
        reply = await delivery.offer_rcpt("b@y.example", ())
        assert (reply.code, reply.enhanced) == (451, "4.4.2")


async def test_next_hop_without_pipelining_hears_one_command_at_a_time() -> None:
    extensions = tuple(e for e in ALL_EXTENSIONS if e != "PIPELINING")
    async with next_hop(extensions) as hop, relay_to(hop) as relay:
        await (await opened(relay)).abort()
        assert await deliver(relay) is RelayState.RELAYED


async def test_what_a_trusted_client_forwarded_is_said_before_mail() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        told = Client(forwarded={"NAME": "mx", "ADDR": "192.0.2.9", "IDENT": "4X"})
        delivery = relay.delivery(told)
        await delivery.offer_mail("a@x.example", ())
        assert hop.heard[-2] == "XFORWARD NAME=mx ADDR=192.0.2.9 IDENT=4X"
        await delivery.abort()


async def test_others_have_the_loop_while_a_large_message_leaves() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        delivery = await opened(relay)
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        busy = asyncio.ensure_future(others())
        await delivery.stream(content_of(LINES))
        busy.cancel()
        await delivery.abort()
        assert turns >= len(LINES) // WINDOW_OCTETS


async def test_next_hop_that_takes_no_octets_is_given_up() -> None:
    short = Timeouts(block_s=0.05)
    async with next_hop() as hop, relay_to(hop, timeouts=short) as relay:
        hop.reads.clear()
        refused = await (await opened(relay)).stream(content_of(LINES))
        assert refused is not None
        assert refused.code == 451


async def test_slow_next_hop_is_waited_for() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        hop.reads.clear()
        delivery = await opened(relay)
        sending = asyncio.ensure_future(delivery.stream(content_of(LINES)))
        done, _ = await asyncio.wait([sending], timeout=0.1)
        assert not done
        hop.reads.set()
        assert await sending is None
        assert (await delivery.finish()).sha256_out == hashlib.sha256(LINES).digest()


async def test_smtputf8_that_the_next_hop_lacks_is_refused_and_the_connection_kept() -> None:
    async with next_hop(("PIPELINING",)) as hop, relay_to(hop) as relay:
        reply = await relay.delivery(Client()).offer_mail("a@x.example", ("SMTPUTF8",))
        assert reply.enhanced == "5.6.7"
        assert await deliver(relay) is RelayState.RELAYED
        assert hop.connections == 1


async def test_nothing_can_be_said_on_a_delivery_that_was_refused() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        hop.answer = lambda line: "550 no" if line.startswith("MAIL") else None
        delivery = relay.delivery(Client())
        await delivery.offer_mail("a@x.example", ())
        assert (await delivery.offer_rcpt("b@y.example", ())).code == 451
        refused = await delivery.stream(content_of(LETTER))
        assert refused is not None
        assert refused.code == 451
        assert (await delivery.finish()).state is RelayState.DEFERRED


async def test_word_in_the_middle_of_the_body_keeps_the_dot_back() -> None:
    async with next_hop() as hop, relay_to(hop) as relay:
        hop.answer = lambda line: "354 go\r\n552 5.3.4 too much" if line == "DATA" else None
        delivery = await opened(relay)
        assert await delivery.stream(content_of(LETTER)) is None
        relayed = await delivery.finish()
        assert (relayed.state, relayed.reply and relayed.reply.code) == (RelayState.REFUSED, 552)
        assert hop.taken == []
