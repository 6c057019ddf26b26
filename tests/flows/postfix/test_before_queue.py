"""Before the queue: the client hears every refusal, and nothing of our decisions."""

from __future__ import annotations

from tests.flows.postfix.line import ANNA, Line, Mail
from tests.flows.postfix.test_behind_queue import REFUSED, refuse_one


def test_client_is_not_told_the_decision(before: Line) -> None:
    mail = Mail()
    _, (code, said) = before.send(mail.content)
    assert code == 250
    assert b"replygate" not in said
    assert len(before.gateway.decisions(mail.message_id)) == 1


def test_refused_recipient_is_refused_to_the_client_alone(before: Line) -> None:
    refuse_one(before)
    mail = Mail()
    refused, (code, _) = before.send(mail.content, to=[ANNA, REFUSED])
    assert {address: reply[0] for address, reply in refused.items()} == {REFUSED: 554}
    assert code == 250
    assert before.arrived(mail.message_id).recipients == (ANNA,)


def test_client_hears_a_refusal_of_the_content(before: Line) -> None:
    checks = before.postfix.etc / "header_checks"
    checks.write_text("/^X-Forbidden:/ REJECT this is not wanted\n")
    before.postfix.run(f"postconf -e 'header_checks = regexp:{checks}' && postfix reload")
    mail = Mail(fields="X-Forbidden: yes\r\n")
    _, (code, _) = before.send(mail.content)
    assert code == 550


def test_client_is_asked_to_try_again_while_the_gateway_is_stopped(before: Line) -> None:
    before.gateway.stop()
    refused, _ = before.send(Mail().content)
    before.gateway.start()
    assert {address: reply[0] for address, reply in refused.items()} == {ANNA: 451}
