"""Mail through a real Postfix that shows it to the real gateway, and what the record says of it."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import smtplib
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pysqlite3
import pytest

from gateway.model.decision import Outcome, Reason
from gateway.model.entry import Entry, Kept
from gateway.model.envelope import Direction, RelayState
from gateway.store.entries import Entries
from gateway.store.people_views import PeopleViews
from tests.flows.postfix.instance import START_S, Ports, Postfix
from tests.flows.postfix.last_hop import LastHop, Letter
from tests.flows.postfix.ports import reserved
from tests.flows.postfix.replygate import Replygate

pytestmark = pytest.mark.postfix
ANNA, JOE = "anna@corp.example", "joe@customer.example"
LOG = "log@corp.example"
CONFIG = """
[gateway]
hostname = "gateway.corp.example"
state = {state}
domains = ["corp.example"]
log_format = "json"

[[listener]]
name = "milter"
address = "127.0.0.1:{port}"
direction = "inbound"
protocol = "milter"
delete_logging_recipients = true

[addresses]
logging = ["log@corp.example"]

[policy]
preset = "gateway"
"""


def message(
    body: bytes = b"Thank you.\r\n", author: str = JOE, to: str = ANNA
) -> tuple[str, bytes]:
    """Return a Message-ID and the message that has it."""
    message_id = f"{uuid.uuid4().hex}@customer.example"
    head = (
        f"From: Joe <{author}>\r\nTo: Anna <{to}>\r\nSubject:  two spaces\r\n\tand a fold\r\n"
        f"Date: Mon, 23 Nov 2026 09:01:00 +0100\r\nMessage-ID: <{message_id}>\r\n\r\n"
    )
    return message_id, head.encode() + body


@dataclass(frozen=True)
class Line:
    """A Postfix with the gateway as its milter, and where its mail ends up."""

    postfix: Postfix
    gateway: Replygate
    last_hop: LastHop
    folder: Path

    def client(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.postfix.ports.smtp, "client.example", timeout=60)

    def send(self, content: bytes, to: tuple[str, ...] = (ANNA,), sender: str = JOE) -> str:
        """Send a message and return its queue id."""
        with self.client() as client:
            client.ehlo()
            client.mail(sender)
            for recipient in to:
                client.rcpt(recipient)
            return queued(client.data(content))

    def sendmail(self, content: bytes, sender: str, to: str) -> None:
        """Send a message by the command of the MTA's own machine."""
        file = self.folder / "mail.eml"
        file.write_bytes(content.replace(b"\r\n", b"\n"))
        self.postfix.run(f"sendmail -f {sender} {to} < {file}")

    def arrived(self, message_id: str) -> Letter:
        return self.last_hop.letter(lambda letter: message_id.encode() in letter.content)

    def entry(self, message_id: str) -> Entry:
        """Return what is on record of a message whose end was answered."""
        with Entries(self.folder / "state" / "replygate.db") as entries:
            found = entries.find(message_id)
        assert found is not None, f"nothing is on record of {message_id}\n{self.gateway.log}"
        return found

    def awaited(self, message_id: str) -> Kept:
        """Wait until a message that is decided late is on record, and return what is kept."""
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            with Entries(self.folder / "state" / "replygate.db") as entries:
                if entries.find(message_id) is not None:
                    return self.kept(message_id)
            select.select([], [], [], 0.05)
        raise AssertionError(f"{message_id} did not come on record\n{self.gateway.log}")

    def kept(self, message_id: str) -> Kept:
        """Return what is kept of it: the envelope with all octets."""
        with PeopleViews(self.folder / "state" / "replygate.db") as views:
            kept = views.kept(self.entry(message_id).entry_id)
        assert kept is not None
        return kept


def queued(reply: tuple[int, bytes]) -> str:
    """Return the queue id that Postfix tells its client."""
    assert reply[0] == 250, reply
    return reply[1].decode().rpartition(" ")[2]


@contextmanager
def line() -> Iterator[Line]:
    """Start Postfix and the gateway, set up by the very command of the snippet."""
    with ExitStack() as open_:
        *ports, milter = open_.enter_context(reserved(6))
        last_hop = open_.enter_context(LastHop())
        postfix = open_.enter_context(Postfix(Ports(*ports), last_hop.port))
        snippet = postfix.snippets / "milter.cf"
        snippet.write_text(re.sub(r"\b10029\b", str(milter), snippet.read_text()))
        postfix.run(manual(snippet)[0], cwd=postfix.snippets)
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="replygate-")))
        gateway = Replygate(folder, 0, 0, 0, say_decision=False)
        state = json.dumps(str(folder / "state"))
        gateway.config.write_text(CONFIG.format(state=state, port=milter))
        gateway.run("user", "add", ANNA)
        gateway.run("mailbox", "add", ANNA, "--user", ANNA, "--provider", "imap")
        gateway.run("contact", "add", JOE)
        yield Line(postfix, open_.enter_context(gateway), last_hop, folder)


def manual(snippet: Path) -> list[str]:
    """Return the commands that the head of the file gives: in, and out again."""
    return re.findall(r"^#   (\S.*postfix reload)$", snippet.read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def mta(postfix_to_start: str) -> Iterator[Line]:
    with line() as found:
        yield found


def without_trace(content: bytes) -> bytes:
    """Return the content without the Received fields that Postfix put on top."""
    return re.sub(rb"\A(Received:.*\r\n(?:[ \t].*\r\n)*)+", b"", content)


def octets_of(kept: Kept) -> bytes:
    return bytes(kept.envelope.content.octets[:])


def test_mail_is_delivered_and_on_record_with_its_queue_id(mta: Line) -> None:
    message_id, content = message()
    queue_id = mta.send(content)
    envelope = mta.kept(message_id).envelope
    assert envelope.queue_id == queue_id
    assert (envelope.mail_from, [r.addr_spec for r in envelope.recipients]) == (JOE, [ANNA])
    assert (envelope.client.address, envelope.client.helo) == ("127.0.0.1", "client.example")
    assert octets_of(mta.kept(message_id)) == content
    assert without_trace(mta.arrived(message_id).content) == content


def test_it_is_judged_by_the_rules_of_the_path(mta: Line) -> None:
    message_id, content = message(author=ANNA, to=JOE)
    mta.send(content, (JOE,), ANNA)
    entry = mta.entry(message_id)
    assert (entry.outcome, entry.reason) == (Outcome.LOGGED, Reason.SENT)
    assert (entry.route, entry.direction) == ("milter", Direction.OUTGOING)
    assert (entry.user, entry.contacts) == (ANNA, (JOE,))


def test_several_messages_of_one_client_are_told_apart(mta: Line) -> None:
    with mta.client() as client:
        client.ehlo()
        for _ in range(2):
            message_id, content = message()
            client.mail(JOE)
            client.rset()
            client.mail(JOE)
            client.rcpt(ANNA)
            queue_id = queued(client.data(content))
            kept = mta.kept(message_id)
            assert (kept.envelope.queue_id, octets_of(kept)) == (queue_id, content)


def test_a_large_message_comes_in_whole(mta: Line) -> None:
    message_id, content = message(b"".join(b"%078d\r\n" % i for i in range(60_000)))
    mta.send(content)
    assert octets_of(mta.kept(message_id)) == content


def test_the_entry_says_that_the_mta_delivers(mta: Line) -> None:
    message_id, content = message()
    mta.send(content)
    # How the relay ended rides in a later commit, at the latest when the gateway stops.
    mta.gateway.stop()
    mta.gateway.start()
    assert mta.entry(message_id).relayed.state is RelayState.BY_MTA


def test_mail_is_delivered_while_the_gateway_is_away(mta: Line) -> None:
    message_id, content = message()
    mta.gateway.stop()
    mta.send(content)
    mta.gateway.start()
    assert without_trace(mta.arrived(message_id).content) == content


def test_mail_passes_while_the_store_is_away_and_is_on_record_later(mta: Line) -> None:
    message_id, content = message()
    with closing(pysqlite3.connect(mta.folder / "state" / "replygate.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        mta.send(content)
        assert without_trace(mta.arrived(message_id).content) == content
        other.rollback()
    mta.gateway.stop()
    mta.gateway.start()
    assert octets_of(mta.awaited(message_id)) == content


def test_mail_arrives_when_the_gateway_dies_before_the_message_ends(mta: Line) -> None:
    message_id, content = message()
    with mta.client() as client:
        client.ehlo()
        client.mail(JOE)
        client.rcpt(ANNA)
        code, _ = client.docmd("DATA")
        assert code == 354
        client.send(content[:100])
        mta.gateway.stop(signal.SIGKILL)
        client.send(content[100:] + b".\r\n")
        queued(client.getreply())
    mta.gateway.start()
    assert without_trace(mta.arrived(message_id).content) == content


def test_mail_arrives_when_the_gateway_dies_before_it_answers(mta: Line) -> None:
    message_id, content = message()
    with mta.client() as client:
        client.ehlo()
        client.mail(JOE)
        client.rcpt(ANNA)
        client.docmd("DATA")
        assert mta.gateway.process is not None
        # It takes what comes and answers nothing, as one that hangs does.
        os.kill(mta.gateway.process.pid, signal.SIGSTOP)
        client.send(content + b".\r\n")
        mta.postfix.logged(rf"cleanup.*message-id=<{message_id}>")
        mta.gateway.stop(signal.SIGKILL)
        queued(client.getreply())
    mta.gateway.start()
    assert without_trace(mta.arrived(message_id).content) == content


def test_a_logging_address_is_a_mark_and_taken_out_of_the_envelope(mta: Line) -> None:
    message_id, content = message(author=ANNA, to=JOE)
    mta.send(content, (JOE, LOG), ANNA)
    assert mta.entry(message_id).reason is Reason.OPTED_IN
    assert mta.arrived(message_id).recipients == (JOE,)


def test_a_copy_for_the_log_alone_is_logged_and_goes_nowhere(mta: Line) -> None:
    message_id, content = message(author=ANNA, to=JOE)
    queue_id = mta.send(content, (LOG,), ANNA)
    assert mta.entry(message_id).reason is Reason.BCC_COPY
    mta.postfix.logged(rf"{queue_id}: milter-discard")


def test_mail_by_the_sendmail_command_is_on_record(mta: Line) -> None:
    message_id, content = message(author=ANNA, to=JOE)
    mta.sendmail(content, ANNA, JOE)
    mta.arrived(message_id)
    assert mta.entry(message_id).direction is Direction.OUTGOING
    assert octets_of(mta.kept(message_id)) == content


def test_delivery_reports_of_the_mta_are_on_record(mta: Line) -> None:
    message_id, content = message(author=ANNA, to=JOE)
    mta.postfix.run(f"postconf -e 'transport_maps = inline:{{{JOE}=error:5.1.1_unknown}}'")
    mta.postfix.run("postfix reload")
    mta.sendmail(content, ANNA, JOE)
    report = mta.arrived(message_id)
    mta.postfix.run("postconf -X transport_maps")
    mta.postfix.run("postfix reload")
    assert (report.mail.split(">")[0], report.recipients) == ("<", (ANNA,))
    found = re.search(rb"(?mi)^Message-Id: <(.+?)>", report.content)
    assert found is not None
    entry = mta.entry(found[1].decode())
    assert (entry.outcome, entry.reason) == (Outcome.LOGGED, Reason.BOUNCE)
    assert (entry.direction, entry.contacts) == (Direction.INCOMING, (JOE,))


def test_the_milter_is_taken_out_by_the_command_of_its_file(postfix_to_start: str) -> None:
    with line() as mta:
        mta.postfix.run(manual(mta.postfix.snippets / "milter.cf")[1], cwd=mta.postfix.snippets)
        names = "smtpd_milters non_smtpd_milters internal_mail_filter_classes"
        assert mta.postfix.run(f"postconf -h {names}").stdout.strip() == ""
