"""What must hold wherever the gateway stands: behind Postfix's queue or before it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

import pytest

from tests.flows.postfix.line import ANNA, JOE, WAYS, Line, Mail, Way, line
from tests.flows.postfix.signing import signed, verifies

LONG_LINE = b"".join(b"%d " % number for number in range(600))[:2500]


@pytest.fixture(scope="module", params=WAYS)
def either(request: pytest.FixtureRequest, postfix_to_start: str) -> Iterator[Line]:
    way: Way = request.param
    with line(way) as running:
        yield running


def trace(arrived: bytes, sent: bytes) -> bytes:
    """Return what stands before the message as it was sent; fail when anything else differs."""
    assert arrived.endswith(sent)
    return arrived[: len(arrived) - len(sent)]


def queue_ids(arrived: bytes) -> list[str]:
    """Return the names that Postfix gave the message, the newest first."""
    return re.findall(r"\(Postfix\) with E?SMTP id (\w+)", arrived.decode("latin-1"))


def test_arrives_octet_for_octet_beneath_the_received_fields_of_postfix(either: Line) -> None:
    mail = Mail(b"..dots\r\n.\r\n\r\n \t trailing \t \r\n=20 \x00 bare\r\n")
    either.send(mail.content)
    added = trace(either.arrived(mail.message_id).content, mail.content)
    assert re.sub(rb"(?m)^(Received: .*|[ \t].*)\r\n", b"", added) == b""


def test_eight_bit_body_arrives_as_it_was(either: Line) -> None:
    mail = Mail("Grüße, 見積もり\r\n".encode() + bytes(range(0x80, 0x100)) + b"\r\n")
    either.send(mail.content, mail_options=["BODY=8BITMIME"])
    trace(either.arrived(mail.message_id).content, mail.content)


def test_line_of_2500_octets_is_not_folded(either: Line) -> None:
    mail = Mail(LONG_LINE + b"\r\n")
    either.send(mail.content)
    trace(either.arrived(mail.message_id).content, mail.content)


def test_signature_verifies_at_the_end(either: Line) -> None:
    mail = Mail("Vertrag für 5 €\r\n".encode() + LONG_LINE + b"\r\n \r\n.\r\n")
    either.send(signed(mail.content), mail_options=["BODY=8BITMIME"])
    assert verifies(either.arrived(mail.message_id).content)


def test_broken_signature_does_not_verify_at_the_end(either: Line) -> None:
    mail = Mail()
    either.send(signed(mail.content) + b"One line more.\r\n")
    assert not verifies(either.arrived(mail.message_id).content)


@pytest.mark.parametrize(
    ("submission", "sender", "to", "door"),
    [
        (False, JOE, ANNA, ("inbound", "incoming")),
        (True, ANNA, JOE, ("submission", "outgoing")),
    ],
)
def test_decision_has_the_direction_of_its_door(
    either: Line, submission: bool, sender: str, to: str, door: tuple[str, str]
) -> None:
    mail = Mail(author=sender, to=to)
    either.send(mail.content, sender=sender, to=[to], submission=submission)
    either.arrived(mail.message_id)
    (decision,) = either.gateway.decisions(mail.message_id)
    assert (decision["route"], decision["direction"]) == door


def test_record_holds_the_digest_of_what_went_in_and_out(either: Line) -> None:
    mail = Mail()
    either.send(mail.content)
    either.arrived(mail.message_id)
    (decision,) = either.gateway.decisions(mail.message_id)
    assert decision["sha256_in"] == decision["sha256_out"]


def test_options_of_delivery_reports_arrive(either: Line) -> None:
    mail = Mail()
    either.send(
        mail.content,
        mail_options=["RET=HDRS", "ENVID=Case+2BQQ314"],
        rcpt_options=["NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;Anna+2BX@Corp.example"],
    )
    letter = either.arrived(mail.message_id)
    assert {"RET=HDRS", "ENVID=Case+2BQQ314"} <= set(letter.mail.split())
    assert {"NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;Anna+2BX@Corp.example"} <= set(
        letter.rcpts[0].split()
    )


def test_sixty_recipients_stay_one_message_with_one_decision(either: Line) -> None:
    mail = Mail()
    to = [f"user{number}@corp.example" for number in range(60)]
    either.send(mail.content, to=[ANNA, *to])
    reached: list[str] = []
    letters = either.last_hop.letters(lambda letter: mail.message_id.encode() in letter.content, 1)
    while len(reached := [r for letter in letters for r in letter.recipients]) < 61:
        letters = either.last_hop.letters(
            lambda letter: mail.message_id.encode() in letter.content, len(letters) + 1
        )
    assert sorted(reached) == sorted([ANNA, *to])
    assert len({queue_ids(letter.content)[0] for letter in letters}) == 1
    (decision,) = either.gateway.decisions(mail.message_id)
    assert decision["relayed"]["code"] == 250


def test_null_sender_passes(either: Line) -> None:
    mail = Mail()
    either.send(mail.content, sender="")
    assert either.arrived(mail.message_id).mail.startswith("<>")


def test_first_client_stays_in_the_log_of_postfix(either: Line) -> None:
    mail = Mail()
    either.send(mail.content)
    newest, *_ = queue_ids(either.arrived(mail.message_id).content)
    either.postfix.logged(rf"{newest}: client=.*orig_client=localhost\[127\.0\.0\.1\]")


def test_attachment_of_eleven_megabytes_passes(either: Line) -> None:
    mail = Mail((b"x" * 76 + b"\r\n") * 150_000)
    either.send(mail.content)
    arrived = either.arrived(mail.message_id).content[-len(mail.content) :]
    assert hashlib.sha256(arrived).digest() == hashlib.sha256(mail.content).digest()


def test_sender_is_kept(either: Line) -> None:
    mail = Mail()
    either.send(mail.content)
    assert either.arrived(mail.message_id).mail.startswith(f"<{JOE}>")


@pytest.mark.parametrize(
    ("submission", "author"), [(True, b"anna.arai@corp.example"), (False, b"aa@corp.example")]
)
def test_canonical_maps_rewrite_fields_of_own_users_only(
    either: Line, submission: bool, author: bytes
) -> None:
    table = "inline:{ { aa@corp.example = anna.arai@corp.example } }"
    stranger = f"127.0.0.1:{either.postfix.ports.smtp}/inet/local_header_rewrite_clients="
    either.postfix.run(
        f"postconf -e 'canonical_maps = {table}' && postconf -P '{stranger}' && postfix reload"
    )
    mail = Mail(fields="Reply-To: aa@corp.example\r\n")
    either.send(mail.content, submission=submission)
    assert b"\r\nReply-To: " + author + b"\r\n" in either.arrived(mail.message_id).content
