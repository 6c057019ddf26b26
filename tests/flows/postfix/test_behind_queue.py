"""Behind the queue: Postfix hears our decision, and goes past us when we are away."""

from __future__ import annotations

import json
import socket

from tests.flows.postfix.line import ANNA, JOE, Line, Mail
from tests.flows.postfix.test_both_ways import queue_ids

REFUSED = "refused@corp.example"


def refuse_one(line: Line) -> None:
    """Let the door on the way back refuse one recipient; kept connections would not know it."""
    table = f"inline:{{ {{ {REFUSED} = REJECT not here }} }}"
    back = f"127.0.0.1:{line.postfix.ports.back}/inet"
    line.postfix.run(
        f"postconf -e 'on_the_way_back = check_recipient_access {table}, permit_mynetworks, reject'"
        f" && postconf -P '{back}/smtpd_recipient_restrictions=$on_the_way_back'"
        " && postfix reload"
    )
    line.gateway.stop()
    line.gateway.start()


def test_mail_log_tells_the_decision(behind: Line) -> None:
    mail = Mail()
    behind.send(mail.content)
    _, first = queue_ids(behind.arrived(mail.message_id).content)
    told = behind.postfix.logged(rf"replygate-in/smtp.* {first}: .*status=sent \((.*)\)$")[1]
    assert "[replygate: " in told


def test_submission_goes_by_its_own_transport(behind: Line) -> None:
    mail = Mail()
    behind.send(mail.content, submission=True)
    _, first = queue_ids(behind.arrived(mail.message_id).content)
    behind.postfix.logged(rf"replygate-out/smtp.* {first}: .*status=sent")


def test_gateway_logs_the_queue_id(behind: Line) -> None:
    mail = Mail()
    behind.send(mail.content)
    _, first = queue_ids(behind.arrived(mail.message_id).content)
    (entry,) = behind.gateway.decisions(mail.message_id)
    lines = [json.loads(text) for text in behind.gateway.log.splitlines() if text[:1] == "{"]
    assert first in [said.get("queue_id") for said in lines if said.get("entry") == entry["entry"]]


def test_refused_recipient_is_refused_alone(behind: Line) -> None:
    refuse_one(behind)
    mail = Mail()
    behind.send(mail.content, to=[ANNA, REFUSED])
    both = behind.last_hop.letters(lambda letter: mail.message_id.encode() in letter.content, 2)
    delivered, bounce = sorted(both, key=lambda letter: letter.recipients)
    assert (delivered.recipients, bounce.recipients) == ((ANNA,), (JOE,))
    assert b"Final-Recipient: rfc822; refused@corp.example\r\n" in bounce.content


def test_bcc_map_makes_one_copy(behind: Line) -> None:
    behind.postfix.run("postconf -e always_bcc=archive@corp.example && postfix reload")
    mail = Mail()
    behind.send(mail.content)
    behind.arrived(mail.message_id)
    second = Mail()
    behind.send(second.content)
    letters = behind.last_hop.letters(
        lambda letter: any(m.message_id.encode() in letter.content for m in (mail, second)), 2
    )
    behind.postfix.run("postconf -X always_bcc && postfix reload")
    assert [sorted(letter.recipients) for letter in letters] == [
        [ANNA, "archive@corp.example"],
        [ANNA, "archive@corp.example"],
    ]


def test_mail_is_delivered_while_the_gateway_is_stopped(behind: Line) -> None:
    behind.gateway.stop()
    mail = Mail()
    behind.send(mail.content)
    arrived = behind.arrived(mail.message_id)
    behind.gateway.start()
    assert arrived.content.endswith(mail.content)
    assert behind.gateway.decisions(mail.message_id) == []


def test_mail_is_delivered_while_the_gateway_refuses_for_now(behind: Line) -> None:
    behind.gateway.stop()
    with socket.create_server(("127.0.0.1", behind.postfix.ports.inbound)) as busy:
        mail = Mail()
        behind.send(mail.content)
        client, _ = busy.accept()
        with client:
            client.sendall(b"421 4.3.2 Too many sessions\r\n")
        arrived = behind.arrived(mail.message_id)
    behind.gateway.start()
    assert arrived.content.endswith(mail.content)


def test_mail_is_delivered_while_the_gateway_is_silent(behind: Line) -> None:
    patience = "replygate-in/unix/smtp_helo_timeout"
    behind.postfix.run(f"postconf -P {patience}=1s && postfix reload")
    behind.gateway.stop()
    with socket.create_server(("127.0.0.1", behind.postfix.ports.inbound)):
        mail = Mail()
        behind.send(mail.content)
        arrived = behind.arrived(mail.message_id)
    behind.gateway.start()
    behind.postfix.run(f"postconf -P {patience}=30s && postfix reload")
    assert arrived.content.endswith(mail.content)
