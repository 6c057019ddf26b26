"""Dialogues with a real listener and a real next hop."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model.envelope import Direction, RelayState
from tests.intake.door import LETTER, gateway
from tests.next_hop import ALL_EXTENSIONS


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


async def test_browser_is_sent_away(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call(hello=False)
        await caller.reply()
        caller.send(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await caller.reply()).startswith("502")
        assert await caller.reply() == ""


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


async def test_data_without_a_recipient_is_554(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.say(b"MAIL FROM:<a@x.example>")
        assert (await caller.say(b"DATA")).startswith("554 5.5.1")


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
