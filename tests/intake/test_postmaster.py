"""What comes to postmaster at a listener for copies."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.intake.postmaster import Letterbox, Reception, is_postmaster
from gateway.interfaces import Delivery, Handled
from gateway.model.envelope import Envelope, Reply
from gateway.relay.consumed import ConsumedDelivery
from tests.letters import content_of, envelope_of, letter

DOMAINS = frozenset({"gate.example"})


@pytest.mark.parametrize("key", ["postmaster", "Postmaster", "postmaster@gate.example"])
def test_postmaster_is_known(key: str) -> None:
    assert is_postmaster(key, DOMAINS)


@pytest.mark.parametrize("key", ["", "postmaster@other.example", "log@gate.example", "x"])
def test_others_are_no_postmaster(key: str) -> None:
    assert not is_postmaster(key, DOMAINS)


def test_a_letter_lies_in_the_maildir_octet_for_octet(tmp_path: Path) -> None:
    file = Letterbox(tmp_path / "box").put(content_of(letter()))
    assert (file.parent, file.read_bytes()) == (tmp_path / "box" / "new", letter())


class Flow:
    """A flow that notes whom a message came for."""

    def __init__(self) -> None:
        self.reached: list[tuple[str, ...]] = []

    async def receive(self, envelope: Envelope, delivery: Delivery) -> Handled:
        self.reached.append(tuple(r.addr_spec for r in envelope.recipients))
        return Handled(Reply(250, ("2.0.0 logged",)))


def reception(folder: Path, flow: Flow) -> Reception:
    return Reception(Letterbox(folder), DOMAINS, flow.receive)


async def test_mail_to_postmaster_alone_does_not_reach_the_flow(tmp_path: Path) -> None:
    flow = Flow()
    envelope = envelope_of(letter(), rcpt_to="postmaster")
    handled = await reception(tmp_path, flow).receive(envelope, ConsumedDelivery())
    assert (handled.reply.code, flow.reached) == (250, [])
    assert len(list((tmp_path / "new").iterdir())) == 1


async def test_the_flow_has_what_is_for_others(tmp_path: Path) -> None:
    flow = Flow()
    envelope = envelope_of(letter(), rcpt_to="postmaster@gate.example log@gate.example")
    await reception(tmp_path, flow).receive(envelope, ConsumedDelivery())
    assert flow.reached == [("log@gate.example",)]


async def test_a_full_disk_is_452(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    envelope = envelope_of(letter(), rcpt_to="postmaster")
    handled = await reception(tmp_path / "file", Flow()).receive(envelope, ConsumedDelivery())
    assert handled.reply.code == 452
