"""Mail through a real Postfix that shows it to our milter."""

from __future__ import annotations

import re
import smtplib
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import need
from tests.flows.milter.witness import LOG, Witness
from tests.flows.postfix.instance import Ports, Postfix
from tests.flows.postfix.last_hop import LastHop, Letter
from tests.flows.postfix.ports import reserved

pytestmark = pytest.mark.postfix
ANNA, JOE = "anna@corp.example", "joe@customer.example"


def message(body: bytes = b"Thank you.\r\n") -> tuple[str, bytes]:
    """Return a Message-ID and the message that has it."""
    message_id = f"{uuid.uuid4().hex}@customer.example"
    head = (
        f"From: Joe <{JOE}>\r\nTo: Anna <{ANNA}>\r\nSubject:  two spaces\r\n\tand a fold\r\n"
        f"Date: Mon, 23 Nov 2026 09:01:00 +0100\r\nMessage-ID: <{message_id}>\r\n\r\n"
    )
    return message_id, head.encode() + body


@dataclass(frozen=True)
class Line:
    """A Postfix with our milter, and where its mail ends up."""

    postfix: Postfix
    last_hop: LastHop
    port: int
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

    def witness(self, how: str = "log") -> Witness:
        return Witness(self.port, self.folder, how)


def queued(reply: tuple[int, bytes]) -> str:
    """Return the queue id that Postfix tells its client."""
    assert reply[0] == 250, reply
    return reply[1].decode().rpartition(" ")[2]


@contextmanager
def line(folder: Path) -> Iterator[Line]:
    with ExitStack() as open_:
        *ports, milter = open_.enter_context(reserved(6))
        last_hop = open_.enter_context(LastHop())
        postfix = open_.enter_context(Postfix(Ports(*ports), last_hop.port))
        snippet = postfix.snippets / "milter.cf"
        snippet.write_text(re.sub(r"\b10029\b", str(milter), snippet.read_text()))
        postfix.run(manual(snippet)[0], cwd=postfix.snippets)
        yield Line(postfix, last_hop, milter, folder)


def manual(snippet: Path) -> list[str]:
    """Return the commands that the head of the file gives: in, and out again."""
    return re.findall(r"^#   (\S.*postfix reload)$", snippet.read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def mta(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    need("postfix")
    with line(tmp_path_factory.mktemp("milter")) as found:
        yield found


def shown_octets(shown: object) -> bytes:
    assert isinstance(shown, str)
    return Path(shown).read_bytes()


def without_trace(content: bytes) -> bytes:
    """Return the content without the Received fields that Postfix put on top."""
    return re.sub(rb"\A(Received:.*\r\n(?:[ \t].*\r\n)*)+", b"", content)


def test_mail_is_delivered_and_shown_with_its_queue_id(mta: Line) -> None:
    message_id, content = message()
    with mta.witness() as witness:
        queue_id = mta.send(content)
        shown = witness.next()
    assert shown["queue_id"] == queue_id
    assert (shown["mail_from"], shown["recipients"]) == (JOE, [ANNA])
    assert (shown["client"], shown["helo"]) == ("127.0.0.1", "client.example")
    assert (shown["relay"], shown["direction"]) == ("by-mta", "outgoing")
    assert shown_octets(shown["content"]) == content
    assert without_trace(mta.arrived(message_id).content) == content


def test_several_messages_of_one_client_are_told_apart(mta: Line) -> None:
    with mta.witness() as witness, mta.client() as client:
        client.ehlo()
        for _ in range(2):
            _, content = message()
            client.mail(JOE)
            client.rset()
            client.mail(JOE)
            client.rcpt(ANNA)
            queue_id = queued(client.data(content))
            shown = witness.next()
            assert shown["queue_id"] == queue_id
            assert shown_octets(shown["content"]) == content


def test_a_large_message_comes_in_whole(mta: Line) -> None:
    _, content = message(b"".join(b"%078d\r\n" % i for i in range(60_000)))
    with mta.witness() as witness:
        mta.send(content)
        assert shown_octets(witness.next()["content"]) == content


def test_mail_is_delivered_while_the_gateway_is_away(mta: Line) -> None:
    message_id, content = message()
    mta.send(content)
    assert without_trace(mta.arrived(message_id).content) == content


def test_mail_arrives_when_the_gateway_dies_before_the_message_ends(mta: Line) -> None:
    message_id, content = message()
    with mta.witness() as witness, mta.client() as client:
        client.ehlo()
        client.mail(JOE)
        client.rcpt(ANNA)
        code, _ = client.docmd("DATA")
        assert code == 354
        client.send(content[:100])
        witness.kill()
        client.send(content[100:] + b".\r\n")
        queued(client.getreply())
    assert without_trace(mta.arrived(message_id).content) == content


def test_mail_arrives_when_the_gateway_dies_before_it_answers(mta: Line) -> None:
    message_id, content = message()
    with mta.witness("hang") as witness, mta.client() as client:
        client.ehlo()
        client.mail(JOE)
        client.rcpt(ANNA)
        client.docmd("DATA")
        client.send(content + b".\r\n")
        witness.next()
        witness.kill()
        queued(client.getreply())
    assert without_trace(mta.arrived(message_id).content) == content


def test_a_logging_address_is_taken_out_of_the_envelope(mta: Line) -> None:
    message_id, content = message()
    with mta.witness("delete") as witness:
        mta.send(content, to=(ANNA, LOG))
        assert witness.next()["recipients"] == [ANNA, LOG]
    assert mta.arrived(message_id).recipients == (ANNA,)


def test_a_copy_for_the_log_alone_goes_nowhere(mta: Line) -> None:
    with mta.witness("delete") as witness:
        queue_id = mta.send(message()[1], to=(LOG,))
        assert witness.next()["recipients"] == [LOG]
    mta.postfix.logged(rf"{queue_id}: milter-discard")


def test_mail_by_the_sendmail_command_is_shown(mta: Line) -> None:
    _, content = message()
    with mta.witness() as witness:
        mta.sendmail(content, JOE, ANNA)
        shown = witness.next()
    assert (shown["client"], shown["direction"]) == ("127.0.0.1", "outgoing")
    assert shown_octets(shown["content"]) == content


def test_delivery_reports_of_the_mta_are_seen(mta: Line) -> None:
    message_id, content = message()
    with mta.witness() as witness:
        mta.postfix.run(f"postconf -e 'transport_maps = inline:{{{JOE}=error:5.1.1_unknown}}'")
        mta.postfix.run("postfix reload")
        mta.sendmail(content, ANNA, JOE)
        assert witness.next()["mail_from"] == ANNA
        report = witness.next()
    assert (report["mail_from"], report["recipients"]) == ("", [ANNA])
    assert report["direction"] == "incoming"
    octets = shown_octets(report["content"])
    assert b"multipart/report" in octets
    assert message_id.encode() in octets


def test_the_milter_is_taken_out_by_the_command_of_its_file(tmp_path: Path) -> None:
    need("postfix")
    with line(tmp_path) as mta:
        mta.postfix.run(manual(mta.postfix.snippets / "milter.cf")[1], cwd=mta.postfix.snippets)
        names = "smtpd_milters non_smtpd_milters internal_mail_filter_classes"
        assert mta.postfix.run(f"postconf -h {names}").stdout.strip() == ""
