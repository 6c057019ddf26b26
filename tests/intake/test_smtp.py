"""Dialogues with a real listener and a real next hop."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.interfaces import Delivery, Handled
from gateway.mail.wire import stuffed, unstuffed
from gateway.model.envelope import Direction, Envelope, RelayState, Reply
from gateway.relay.client import Timeouts
from tests.intake.door import RECEIVER, gateway
from tests.next_hop import ALL_EXTENSIONS

LETTER = b"Subject: hello\r\n\r\n..a dot\r\nlast\r\n"


async def test_message_arrives_octet_for_octet(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        reply = await caller.deliver(LETTER)
        assert reply == "250 2.0.0 Ok: queued as 1"
        assert door.hop.taken[0].wire == LETTER
        assert door.envelopes[0].content.octets == b"Subject: hello\r\n\r\n.a dot\r\nlast\r\n"


async def test_decision_stands_behind_the_text_of_the_next_hop(tmp_path: Path) -> None:
    async with gateway(tmp_path, say_decision=True) as door:
        door.words = "logged tracked-reply e=7"
        caller = await door.call()
        reply = await caller.deliver(LETTER)
        assert reply == "250 2.0.0 Ok: queued as 1 [replygate: logged tracked-reply e=7]"


async def test_decision_is_not_told_to_a_client_that_is_not_trusted(tmp_path: Path) -> None:
    async with gateway(tmp_path, say_decision=True, trusted=()) as door:
        door.words = "not_logged copy-sender-unknown e=7"
        caller = await door.call()
        assert await caller.deliver(LETTER) == "250 2.0.0 Ok: queued as 1"


async def test_decision_is_kept_from_strangers(tmp_path: Path) -> None:
    async with gateway(tmp_path, say_decision=False) as door:
        door.words = "logged tracked-reply e=7"
        caller = await door.call()
        assert await caller.deliver(LETTER) == "250 2.0.0 Ok: queued as 1"


async def test_reply_with_a_decision_is_no_longer_than_a_line_may_be(tmp_path: Path) -> None:
    async with gateway(tmp_path, say_decision=True) as door:
        door.hop.answer = lambda line: "250 2.0.0 " + "x" * 480 if line == "." else None
        door.words = "logged tracked-reply e=7"
        caller = await door.call()
        reply = await caller.deliver(LETTER)
        assert len(reply) <= 510
        assert reply.endswith("[replygate: logged tracked-reply e=7]")


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"\0", b"x", b"\xff"]), max_size=40),
    st.lists(st.integers(min_value=0), max_size=6),
)
def test_any_content_split_anywhere_goes_through(
    tmp_path: Path, parts: list[bytes], cuts: list[int]
) -> None:
    wire = stuffed(b"".join(parts) + b"\r\n")

    async def run() -> None:
        async with gateway(tmp_path, ambiguous_end="pass", memory_octets=16) as door:
            caller = await door.call()
            await caller.open()
            octets = wire + b".\r\n"
            at = 0
            for cut in sorted({c % len(octets) for c in cuts} | {len(octets)}):
                caller.send(octets[at:cut])
                await caller.writer.drain()
                await asyncio.sleep(0)
                at = cut
            assert (await caller.reply()).startswith("250")
            assert door.hop.taken[0].wire == wire

    asyncio.run(run())


# ---- what is offered


async def test_extensions_of_the_next_hop_are_mirrored(tmp_path: Path) -> None:
    async with gateway(tmp_path, ("DSN", "SIZE 5000", "CHUNKING", "AUTH PLAIN")) as door:
        caller = await door.call(hello=False)
        await caller.reply()
        offers = (await caller.say(b"EHLO c.example")).split("|")
        assert [offer[4:] for offer in offers[1:]] == [
            "PIPELINING",
            "ENHANCEDSTATUSCODES",
            "DSN",
            "SIZE 5000",
            "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE",
        ]


async def test_size_is_the_smaller_limit(tmp_path: Path) -> None:
    async with gateway(tmp_path, size_limit=4000) as door:
        caller = await door.call(hello=False)
        await caller.reply()
        assert "SIZE 4000" in await caller.say(b"EHLO c.example")


async def test_helo_offers_nothing(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call(hello=False)
        await caller.reply()
        assert await caller.say(b"HELO c.example") == "250 localhost"


@pytest.mark.parametrize(
    "command", [b"VRFY a", b"EXPN a", b"ETRN x", b"BDAT 10 LAST", b"XCLIENT NAME=a", b"AUTH PLAIN"]
)
async def test_what_is_never_offered_is_refused(tmp_path: Path, command: bytes) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        assert (await caller.say(command)).startswith("502")


# ---- envelope


async def test_options_reach_the_next_hop_with_their_case(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        mail = b"MAIL FROM:<A.b@X.example> SIZE=100 BODY=8BITMIME RET=HDRS ENVID=QQ+2BaB X-NEW=Ab"
        rcpt = b"RCPT TO:<C.d@Y.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;C.d+2Bx@Y.example"
        assert (await caller.say(mail)).startswith("250")
        assert (await caller.say(rcpt)).startswith("250")
        assert door.hop.heard[-2:] == [mail.decode(), rcpt.decode()]


async def test_envelope_says_what_smtp_said(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.say(b"MAIL FROM:<> RET=FULL")
        await caller.say(b"RCPT TO:<b@y.example> NOTIFY=NEVER")
        await caller.say(b"DATA")
        await caller.say(LETTER + b".")
        envelope = door.envelopes[0]
        assert (envelope.route, envelope.direction) == ("inbound", Direction.INCOMING)
        assert (envelope.mail_from, envelope.mail_options) == ("", ("RET=FULL",))
        assert envelope.recipients[0].options == ("NOTIFY=NEVER",)
        assert (envelope.client.address, envelope.client.helo) == ("127.0.0.1", "client.example")


async def test_long_command_with_orcpt_is_taken(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.say(b"MAIL FROM:<a@x.example>")
        rcpt = b"RCPT TO:<b@y.example> ORCPT=rfc822;" + b"x" * 2000
        assert (await caller.say(rcpt)).startswith("250")


async def test_many_ehlos_change_no_limit(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        for _ in range(30):
            await caller.say(b"EHLO c.example")
        assert await caller.say(b"NOOP " + b"x" * 5000) == "500 5.5.2 Line too long"
        assert (await caller.say(b"NOOP")).startswith("250")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (b"MAIL FROM:<a b>", "501"),
        (b"MAIL TO:<a@x>", "501"),
        (b"MAIL FROM:<a@x> SIZE=many", "501"),
        (b"MAIL FROM:<a\x00@x>", "500"),
        (b"MAIL FROM:<a@x>\rRCPT TO:<b@y>", "500"),
        (b"RCPT TO:<a@x>", "503"),
        (b"DATA", "503"),
        (b"HELLO", "500"),
        (b"", "500"),
        (b"EHLO", "501"),
        (b"RSET now", "501"),
    ],
)
async def test_nonsense_is_refused_and_the_session_goes_on(
    tmp_path: Path, command: bytes, code: str
) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        assert (await caller.say(command)).startswith(code)
        assert (await caller.deliver(LETTER)).startswith("250")


async def test_mail_needs_ehlo(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call(hello=False)
        await caller.reply()
        assert (await caller.say(b"MAIL FROM:<a@x.example>")).startswith("503")


async def test_nested_mail_is_refused(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.say(b"MAIL FROM:<a@x.example>")
        assert (await caller.say(b"MAIL FROM:<a@x.example>")).startswith("503")


async def test_patience_with_nonsense_ends(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        caller.send(b"FOO\r\n" * 30)
        said = [reply async for reply in _all(caller)]
        assert said[-1].startswith("421 4.7.0")


async def _all(caller: object):  # noqa: ANN202 - a generator of replies
    while reply := await caller.reply():  # type: ignore[attr-defined]
        yield reply


async def test_browser_is_sent_away(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call(hello=False)
        await caller.reply()
        caller.send(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await caller.reply()).startswith("502")
        assert await caller.reply() == ""


# ---- recipients


async def test_recipient_that_the_next_hop_refuses_is_refused_at_rcpt(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        door.hop.answer = lambda line: "550 5.1.1 no such user" if "<gone@" in line else None
        caller = await door.call()
        await caller.say(b"MAIL FROM:<a@x.example>")
        assert await caller.say(b"RCPT TO:<gone@y.example>") == "550 5.1.1 no such user"
        assert (await caller.say(b"RCPT TO:<b@y.example>")).startswith("250")
        await caller.say(b"DATA")
        await caller.say(LETTER + b".")
        assert [r.addr_spec for r in door.envelopes[0].recipients] == ["b@y.example"]


async def test_logging_address_is_answered_by_us_and_not_passed_on(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.say(b"MAIL FROM:<a@x.example>")
        assert (await caller.say(b"RCPT TO:<LOG@gw.example>")).startswith("250 2.1.5")
        assert (await caller.say(b"RCPT TO:<b@y.example>")).startswith("250")
        await caller.say(b"DATA")
        await caller.say(LETTER + b".")
        assert door.hop.taken[0].rcpts == ["RCPT TO:<b@y.example>"]
        assert len(door.envelopes[0].recipients) == 2


async def test_message_to_us_alone_is_consumed(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.open(b"<log@gw.example>")
        assert (await caller.say(LETTER + b".")).startswith("250 2.0.0")
        assert door.states == [RelayState.CONSUMED]
        assert "DATA" not in door.hop.heard


async def test_listener_for_copies_takes_no_other_recipient(tmp_path: Path) -> None:
    async with gateway(tmp_path, copies_only=True) as door:
        caller = await door.call()
        await caller.say(b"MAIL FROM:<a@x.example>")
        assert (await caller.say(b"RCPT TO:<b@y.example>")).startswith("550 5.7.1")
        assert (await caller.say(b"RCPT TO:<log@gw.example>")).startswith("250")
        await caller.say(b"DATA")
        assert (await caller.say(LETTER + b".")).startswith("250")
        assert door.hop.connections == 0


async def test_recipients_are_limited(tmp_path: Path) -> None:
    async with gateway(tmp_path, recipients_limit=1) as door:
        caller = await door.call()
        await caller.say(b"MAIL FROM:<a@x.example>")
        await caller.say(b"RCPT TO:<b@y.example>")
        assert (await caller.say(b"RCPT TO:<c@y.example>")).startswith("452 4.5.3")


async def test_data_without_a_recipient_is_554(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.say(b"MAIL FROM:<a@x.example>")
        assert (await caller.say(b"DATA")).startswith("554 5.5.1")


# ---- pipelining


async def test_pipelined_session_is_answered_in_order(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        caller.send(b"MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n")
        assert [(await caller.reply())[:3] for _ in range(3)] == ["250", "250", "354"]
        caller.send(LETTER + b".\r\nQUIT\r\n")
        assert [(await caller.reply())[:3] for _ in range(2)] == ["250", "221"]


async def test_octets_behind_the_dot_are_the_next_transaction(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.open()
        caller.send(
            LETTER + b".\r\nMAIL FROM:<c@x.example>\r\nRCPT TO:<d@y.example>\r\nDATA\r\n"
            b"second\r\n.\r\nQUIT\r\n"
        )
        replies = [(await caller.reply())[:3] for _ in range(6)]
        assert replies == ["250", "250", "250", "354", "250", "221"]
        assert door.hop.taken[1].wire == b"second\r\n"


@pytest.mark.parametrize("cut", range(1, 14))
async def test_end_and_quit_may_be_split_anywhere(tmp_path: Path, cut: int) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.open()
        octets = b"a\r\n.\r\nQUIT\r\n"
        caller.send(octets[:cut])
        await caller.writer.drain()
        await asyncio.sleep(0.001)
        caller.send(octets[cut:])
        assert (await caller.reply()).startswith("250")
        assert (await caller.reply()).startswith("221")


async def test_stranger_that_sends_content_before_the_354_is_cut_off(tmp_path: Path) -> None:
    async with gateway(tmp_path, trusted=()) as door:
        caller = await door.call()
        caller.send(b"MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\nx\r\n.\r\n")
        replies = [await caller.reply() for _ in range(4)]
        assert replies[2].startswith("554 5.5.0")
        assert replies[3] == ""
        assert door.hop.taken == []


# ---- end of data


SEQUENCES = (
    b"\n.\n",
    b"\n.\r\n",
    b"\n.\rx",
    b"\r\n.\n",
    b"\r\n.\rx",
    b"\r.\r",
    b"\r.\n",
    b"\r.\r\n",
    b"\r\n\0.\r\n",
    b"\r\n.\r\r\n",
    b"\r\r\n.\r\r\n",
)
SMUGGLED = b"MAIL FROM:<evil@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\nevil\r\n.\r\n"


@pytest.mark.parametrize("sequence", SEQUENCES)
async def test_ambiguous_end_is_refused_wherever_it_is_split(
    tmp_path: Path, sequence: bytes
) -> None:
    wire = b"Subject: a\r\n\r\nx" + sequence + SMUGGLED
    async with gateway(tmp_path) as door:
        caller = await door.call()
        for cut in range(15, 15 + len(sequence) + 1):
            await caller.open()
            caller.send(wire[:cut])
            await caller.writer.drain()
            await asyncio.sleep(0)
            caller.send(wire[cut:])
            assert (await caller.reply()).startswith("550 5.6.0")
        assert door.hop.taken == []
        assert door.envelopes == []


@pytest.mark.parametrize("sequence", SEQUENCES)
async def test_ambiguous_end_passes_as_one_message_where_allowed(
    tmp_path: Path, sequence: bytes
) -> None:
    wire = b"Subject: a\r\n\r\nx" + sequence + SMUGGLED
    async with gateway(tmp_path, ambiguous_end="pass") as door:
        caller = await door.call()
        await caller.open()
        caller.send(wire)
        assert (await caller.reply()).startswith("250")
        assert [taken.content for taken in door.hop.taken] == [unstuffed(wire[:-3])]


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"\r\n",
        b"x" * 100_000 + b"\r\n",
        b"nul \0 and \xff\xfe\r\n",
        b"bare \r and \n alone\r\n",
        b"x\r\n..\0\r\n",
        b"..\r\n",
        b"no header at all",
    ],
)
async def test_odd_content_passes_as_it_is(tmp_path: Path, wire: bytes) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.open()
        ending = b".\r\n" if wire.endswith(b"\r\n") or not wire else b"\r\n.\r\n"
        caller.send(wire + ending)
        assert (await caller.reply()).startswith("250")
        whole = wire if ending == b".\r\n" else wire + b"\r\n"
        assert door.hop.taken[0].wire == whole


# ---- limits


async def test_size_over_the_limit_is_refused_at_mail(tmp_path: Path) -> None:
    async with gateway(tmp_path, size_limit=100) as door:
        caller = await door.call()
        assert (await caller.say(b"MAIL FROM:<a@x.example> SIZE=101")).startswith("552 5.3.4")


async def test_content_over_the_limit_is_refused_at_its_end(tmp_path: Path) -> None:
    async with gateway(tmp_path, size_limit=100) as door:
        caller = await door.call()
        assert (await caller.deliver(b"x" * 200 + b"\r\n")).startswith("552 5.3.4")
        assert (await caller.deliver(LETTER)).startswith("250")
        assert len(door.hop.taken) == 1


@pytest.mark.skipif(RECEIVER == "stock", reason="stock keeps content in memory")
async def test_full_disk_is_452(tmp_path: Path) -> None:
    async with gateway(tmp_path / "gone", memory_octets=10) as door:
        caller = await door.call()
        assert (await caller.deliver(LETTER)).startswith("452 4.3.1")
        assert (await caller.say(b"NOOP")).startswith("250")


async def test_sessions_are_limited(tmp_path: Path) -> None:
    async with gateway(tmp_path, sessions_limit=1) as door:
        first = await door.call()
        second = await door.call(hello=False)
        assert (await second.reply()).startswith("421 4.7.0")
        await first.say(b"QUIT")
        await first.reply()
        third = await door.call(hello=False)
        assert (await third.reply()).startswith("220")


async def test_sessions_of_one_stranger_are_limited(tmp_path: Path) -> None:
    async with gateway(tmp_path, trusted=(), client_sessions_limit=1) as door:
        await door.call()
        second = await door.call(hello=False)
        assert (await second.reply()).startswith("421 4.7.0")


async def test_silent_client_is_told_and_closed(tmp_path: Path) -> None:
    async with gateway(tmp_path, command_timeout_s=0.05) as door:
        caller = await door.call()
        assert (await caller.reply()).startswith("421 4.4.2")
        assert await caller.reply() == ""


async def test_time_limit_does_not_run_while_the_gateway_works(tmp_path: Path) -> None:
    async with gateway(tmp_path, command_timeout_s=0.05, data_timeout_s=0.05) as door:

        async def slowly(envelope: Envelope, delivery: Delivery) -> Handled:
            await asyncio.sleep(0.2)
            return await door.pass_on(envelope, delivery)

        door.receive = slowly
        caller = await door.call()
        assert (await caller.deliver(LETTER)).startswith("250")


async def test_stranger_may_not_send(tmp_path: Path) -> None:
    async with gateway(tmp_path, clients=()) as door:
        caller = await door.call()
        assert (await caller.say(b"MAIL FROM:<a@x.example>")).startswith("554 5.7.1")


# ---- XFORWARD


async def test_trusted_client_tells_the_client_behind_it(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        assert (await caller.say(b"XFORWARD NAME=mx.r.example ADDR=192.0.2.7")).startswith("250")
        assert (await caller.say(b"XFORWARD HELO=he.example IDENT=4XQ2")).startswith("250")
        await caller.deliver(LETTER)
        envelope = door.envelopes[0]
        client = envelope.client
        assert (client.address, client.name, client.helo) == (
            "192.0.2.7",
            "mx.r.example",
            "he.example",
        )
        assert envelope.queue_id == "4XQ2"
        assert door.hop.taken[0].xforward == [
            "XFORWARD NAME=mx.r.example ADDR=192.0.2.7 HELO=he.example IDENT=4XQ2"
        ]


async def test_xforward_holds_for_one_transaction(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.say(b"XFORWARD ADDR=192.0.2.7 IDENT=4XQ2")
        await caller.deliver(LETTER)
        await caller.deliver(LETTER)
        assert (door.envelopes[1].queue_id, door.envelopes[1].client.address) == ("", "127.0.0.1")


async def test_stranger_may_not_say_xforward(tmp_path: Path) -> None:
    async with gateway(tmp_path, trusted=()) as door:
        caller = await door.call(hello=False)
        await caller.reply()
        assert "XFORWARD" not in await caller.say(b"EHLO c.example")
        assert (await caller.say(b"XFORWARD ADDR=192.0.2.7")).startswith("550 5.7.0")


async def test_xforward_inside_a_transaction_is_refused(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.say(b"MAIL FROM:<a@x.example>")
        assert (await caller.say(b"XFORWARD ADDR=192.0.2.7")).startswith("503")


# ---- when something goes wrong


async def test_defect_of_ours_is_451_and_delivers_nothing(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:

        async def fail(envelope: Envelope, delivery: Delivery) -> Handled:
            await delivery.stream(envelope.content)
            raise RuntimeError("a defect")

        door.receive = fail
        caller = await door.call()
        assert await caller.deliver(LETTER) == (
            "451 4.3.0 Something went wrong here; try again later"
        )
        assert door.hop.taken == []
        door.receive = door.pass_on
        assert (await caller.deliver(LETTER)).startswith("250")


async def test_log_of_a_defect_holds_no_words_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with gateway(tmp_path) as door:

        async def fail(envelope: Envelope, delivery: Delivery) -> Handled:
            del delivery
            raise RuntimeError(f"cannot read {envelope.content.octets!r}")

        door.receive = fail
        await (await door.call()).deliver(LETTER)
    said = "".join(capsys.readouterr())
    assert "RuntimeError" in said
    assert "hello" not in said


async def test_defect_after_the_next_hops_250_is_still_250(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:

        async def fail(envelope: Envelope, delivery: Delivery) -> Handled:
            await door.pass_on(envelope, delivery)
            raise RuntimeError("a defect")

        door.receive = fail
        caller = await door.call()
        assert await caller.deliver(LETTER) == "250 2.0.0 Ok: queued as 1"


async def test_flow_may_turn_a_message_away(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:

        async def turn_away(envelope: Envelope, delivery: Delivery) -> Handled:
            await delivery.stream(envelope.content)
            await delivery.abort()
            return Handled(Reply(554, ("5.4.6 Too many hops",)))

        door.receive = turn_away
        caller = await door.call()
        assert await caller.deliver(LETTER) == "554 5.4.6 Too many hops"
        assert (await caller.say(b"NOOP")).startswith("250")
        assert door.hop.taken == []


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize("said", ["450 4.7.1 later", "554 5.7.1 never", "close", "421 4.3.2 bye"])
async def test_trouble_of_the_next_hop_is_told_at_the_step_where_it_is(
    tmp_path: Path, step: str, said: str
) -> None:
    async with gateway(tmp_path, timeouts=Timeouts(command_s=5)) as door:
        door.hop.answer = lambda line: said if line.startswith(step) else None
        caller = await door.call()
        replies = [await caller.say(b"MAIL FROM:<a@x.example>")]
        if replies[-1].startswith("250"):
            replies.append(await caller.say(b"RCPT TO:<b@y.example>"))
        if replies[-1].startswith("250"):
            assert (await caller.say(b"DATA")).startswith("354")
            caller.send(LETTER + b".\r\n")
            replies.append(await caller.reply())
        assert replies[-1].startswith("451 4.4.2" if said == "close" else said)
        assert door.hop.taken == []


@pytest.mark.parametrize("step", ["", "EHLO", "MAIL", "RCPT", "DATA", "content"])
async def test_client_that_goes_at_any_step_leaves_nothing_open(tmp_path: Path, step: str) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call(hello=False)
        await caller.reply()
        said = {
            "EHLO": b"EHLO c.example",
            "MAIL": b"MAIL FROM:<a@x.example>",
            "RCPT": b"RCPT TO:<b@y.example>",
            "DATA": b"DATA",
        }
        for verb, line in said.items():
            if step:
                await caller.say(line)
            if verb == step:
                break
        if step == "content":
            caller.send(b"half of a mess")
            await caller.writer.drain()
        caller.writer.close()
        other = await door.call()
        assert (await other.deliver(LETTER)).startswith("250")
        assert len(door.hop.taken) == 1


async def test_client_that_goes_while_we_deliver_does_not_stop_it(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        gone, done = asyncio.Event(), asyncio.Event()

        async def wait_first(envelope: Envelope, delivery: Delivery) -> Handled:
            await gone.wait()
            try:
                return await door.pass_on(envelope, delivery)
            finally:
                done.set()

        door.receive = wait_first
        caller = await door.call()
        await caller.open()
        caller.send(LETTER + b".\r\n")
        await caller.writer.drain()
        caller.writer.transport.abort()
        await asyncio.sleep(0.01)
        gone.set()
        await done.wait()
        assert door.states == [RelayState.RELAYED]


async def test_half_closed_client_gets_its_replies(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.open()
        caller.send(LETTER + b".\r\nNOOP\r\n")
        caller.writer.write_eof()
        assert (await caller.reply()).startswith("250 2.0.0 Ok: queued")
        assert (await caller.reply()).startswith("250")
        assert await caller.reply() == ""


async def test_client_that_half_closes_in_a_message_delivers_nothing(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.open()
        caller.send(LETTER)
        caller.writer.write_eof()
        assert await caller.reply() == ""
        assert door.hop.taken == []


async def test_client_that_does_not_read_its_replies_is_waited_for(tmp_path: Path) -> None:
    count = 20_000
    async with gateway(tmp_path) as door:
        with socket.create_connection(("127.0.0.1", door.server.port)) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            sending = asyncio.ensure_future(
                loop.sock_sendall(client, b"EHLO c.example\r\n" * count + b"QUIT\r\n")
            )
            await asyncio.wait([sending], timeout=0.1)
            said = b""
            while octets := await loop.sock_recv(client, 1_000_000):
                said += octets
            await sending
        assert said.count(b"250 XFORWARD") == count
        assert said.endswith(b"221 2.0.0 Bye\r\n")


async def test_endless_command_line_is_thrown_away(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        for _ in range(20):
            caller.send(b"x" * 10_000)
            await caller.writer.drain()
            await asyncio.sleep(0)
        assert await caller.say(b"") == "500 5.5.2 Line too long"
        assert (await caller.say(b"NOOP")).startswith("250")


async def test_large_content_of_a_client_that_goes_is_forgotten(tmp_path: Path) -> None:
    async with gateway(tmp_path, memory_octets=10) as door:
        caller = await door.call()
        await caller.open()
        caller.send(b"x" * 100_000)
        caller.writer.write_eof()
        assert await caller.reply() == ""
        assert door.envelopes == []


async def test_next_hop_that_is_away_is_451_4_4_1_at_mail(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        door.hop.answer = lambda line: "close" if line == "connect" else None
        caller = await door.call()
        assert (await caller.say(b"MAIL FROM:<a@x.example>")).startswith("451 4.4.1")
        assert (await caller.say(b"NOOP")).startswith("250")


async def test_too_many_transactions_end_in_an_early_421(tmp_path: Path) -> None:
    async with gateway(tmp_path, pool={"connections": 1, "waiting_s": 0.01}) as door:
        first = await door.call()
        await first.say(b"MAIL FROM:<a@x.example>")
        second = await door.call()
        assert (await second.say(b"MAIL FROM:<a@x.example>")).startswith("421 4.3.2")
        assert await second.reply() == ""


async def test_smtputf8_is_not_offered_where_the_next_hop_lacks_it(tmp_path: Path) -> None:
    extensions = tuple(e for e in ALL_EXTENSIONS if e != "SMTPUTF8")
    async with gateway(tmp_path, extensions) as door:
        caller = await door.call()
        mail = "MAIL FROM:<あ@例.example> SMTPUTF8".encode()
        assert (await caller.say(mail)).startswith("550 5.6.7")


async def test_utf8_path_goes_onward_as_it_is(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        mail = "MAIL FROM:<あ@例.example> SMTPUTF8"
        assert (await caller.say(mail.encode())).startswith("250")
        assert door.hop.heard[-1] == mail
