"""Copies by a real Postfix: all kinds of BCC maps make one entry of one message."""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.flows.postfix.instance import Ports, Postfix
from tests.flows.postfix.last_hop import LastHop
from tests.flows.postfix.line import ANNA, COPIES, JOE, Line, Mail, commands
from tests.flows.postfix.ports import reserved
from tests.flows.postfix.replygate import Replygate

BOB = "bob@corp.example"
RECEIVED, SENT = "received@replygate.internal", "sent@replygate.internal"
LOG, OF_ANNA = "log@replygate.internal", "of-anna@replygate.internal"
"""Where always_bcc of each door, recipient_bcc_maps and sender_bcc_maps send their copies."""
CONFIG = """
[gateway]
hostname = "gateway.corp.example"
state = {state}
domains = ["corp.example"]
log_format = "json"

[[listener]]
name = "received"
address = "127.0.0.1:{inbound}"
direction = "inbound"
protocol = "lmtp"
copies_only = true

[[listener]]
name = "sent"
address = "127.0.0.1:{outbound}"
direction = "submission"
protocol = "lmtp"
copies_only = true

[addresses]
logging = ["log@replygate.internal"]
journal = [
    "received@replygate.internal", "sent@replygate.internal", "of-anna@replygate.internal",
]

[policy]
preset = "gateway"
"""
MAPS = (
    f"sender_bcc_maps = inline:{{ {{ {ANNA} = {OF_ANNA} }} }}",
    f"recipient_bcc_maps = inline:{{ {{ {ANNA} = {RECEIVED} }}, {{ {BOB} = {LOG} }} }}",
)


@contextmanager
def copies() -> Iterator[Line]:
    """Start Postfix and a gateway for copies, set up by the very commands of the manual."""
    with ExitStack() as open_:
        ports = Ports(*open_.enter_context(reserved(5)))
        last_hop = open_.enter_context(LastHop())
        postfix = open_.enter_context(Postfix(ports, last_hop.port))
        postfix.run(commands(postfix, COPIES)[0], cwd=postfix.snippets)
        to_log = f"{{ {LOG} = replygate-received:[127.0.0.1]:{ports.inbound} }}"
        # Written unlike the one of always_bcc, so that it is a delivery of its own.
        of_anna = f"{{ {OF_ANNA} = replygate-sent:inet:127.0.0.1:{ports.outbound} }}"
        maps = " && ".join(f"postconf -e '{line}'" for line in MAPS)
        transports = (
            f"transport_maps = inline:{{ {to_log}, {of_anna} }} $(postconf -h transport_maps)"
        )
        postfix.run(f'{maps} && postconf -e "{transports}" && postfix reload')
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="replygate-")))
        gateway = Replygate(folder, ports.back, ports.inbound, ports.outbound, say_decision=True)
        state = json.dumps(str(folder / "state"))
        gateway.config.write_text(
            CONFIG.format(state=state, inbound=ports.inbound, outbound=ports.outbound)
        )
        for user in (ANNA, BOB):
            gateway.run("user", "add", user)
            gateway.run("mailbox", "add", user, "--user", user, "--provider", "imap")
        gateway.run("contact", "add", JOE)
        yield Line(postfix, open_.enter_context(gateway), last_hop)


@pytest.fixture(scope="module")
def office(postfix_to_start: str) -> Iterator[Line]:
    with copies() as running:
        yield running


def one_entry(office: Line, mail: Mail, copied: Sequence[str]) -> Mapping[str, Any]:
    """Wait until all copies were taken; return the only entry, with its sightings."""
    for address in copied:
        office.postfix.logged(rf"to=<{address}>.*status=sent .*e=\w+")
    (decision,) = office.gateway.decisions(mail.message_id)
    explained: Mapping[str, Any] = json.loads(
        office.gateway.run("explain", decision["entry"], "--json")
    )
    return explained


def message(author: str, to: str) -> Mail:
    return Mail(author=author, to=to, message_id=f"{uuid.uuid4().hex}@corp.example")


def send(office: Line, mail: Mail, *, sender: str, to: Sequence[str], submission: bool) -> str:
    """Send, and return the queue id."""
    _, (_, said) = office.send(mail.content, to, sender, submission=submission)
    return said.decode().rpartition("queued as ")[2].strip()


def test_always_bcc_beside_recipient_bcc_maps_makes_one_entry(office: Line) -> None:
    mail = message(JOE, f"{ANNA}, {BOB}")
    queued = send(office, mail, sender=JOE, to=[ANNA, BOB], submission=False)
    office.arrived(mail.message_id)
    office.postfix.logged(rf"{queued}: to=<{RECEIVED}>.*status=sent")
    office.postfix.logged(rf"{queued}: to=<{LOG}>.*status=sent")
    entry = one_entry(office, mail, [RECEIVED, LOG])
    assert (entry["direction"], entry["reason"]) == ("incoming", "received")
    assert entry["contacts"] == [JOE]


def test_always_bcc_beside_sender_bcc_maps_makes_one_entry(office: Line) -> None:
    mail = message(ANNA, JOE)
    queued = send(office, mail, sender=ANNA, to=[JOE], submission=True)
    office.arrived(mail.message_id)
    for address in (SENT, OF_ANNA):
        office.postfix.logged(rf"{queued}: to=<{address}>.*status=sent")
    entry = one_entry(office, mail, [SENT, OF_ANNA])
    assert (entry["direction"], entry["reason"]) == ("outgoing", "sent")
    assert entry["user"] == ANNA


def test_all_three_kinds_of_maps_at_once_make_one_entry(office: Line) -> None:
    mail = message(ANNA, f"{JOE}, {BOB}")
    queued = send(office, mail, sender=ANNA, to=[JOE, BOB], submission=True)
    office.arrived(mail.message_id)
    for address in (SENT, OF_ANNA, LOG):
        office.postfix.logged(rf"{queued}: to=<{address}>.*status=sent")
    entry = one_entry(office, mail, [SENT, OF_ANNA, LOG])
    assert (entry["direction"], entry["outcome"]) == ("outgoing", "logged")
    assert len(entry["sightings"]) == 3


def test_who_pretends_to_be_a_colleague_is_not_believed(office: Line) -> None:
    mail = message(BOB, JOE)
    queued = send(office, mail, sender=BOB, to=[ANNA], submission=False)
    office.postfix.logged(rf"{queued}: to=<{RECEIVED}>.*status=sent")
    entry = one_entry(office, mail, [RECEIVED])
    assert (entry["outcome"], entry["reason"]) == ("held", "copy-sender-unverified")


def test_mail_is_delivered_while_the_gateway_is_down(postfix_to_start: str) -> None:
    with copies() as running:
        running.gateway.stop()
        mail = message(JOE, ANNA)
        queued = send(running, mail, sender=JOE, to=[ANNA], submission=False)
        running.arrived(mail.message_id)
        running.postfix.logged(rf"{queued}: to=<{RECEIVED}>.*status=deferred")
        running.gateway.start()
        running.postfix.run("postqueue -f")
        running.postfix.logged(rf"{queued}: to=<{RECEIVED}>.*status=sent")
        assert len(running.gateway.decisions(mail.message_id)) == 1
