"""Dialogues with a real listener and a real next hop."""

from __future__ import annotations

from pathlib import Path

from tests.intake.door import gateway

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
