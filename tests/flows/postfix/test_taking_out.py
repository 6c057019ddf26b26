"""Taking the gateway out again, by the commands of the manual."""

from __future__ import annotations

from tests.flows.postfix.instance import Ports, Postfix
from tests.flows.postfix.last_hop import LastHop
from tests.flows.postfix.line import COPIES, WAYS, Mail, commands, line
from tests.flows.postfix.ports import reserved
from tests.flows.postfix.test_both_ways import queue_ids


def test_what_waits_in_the_queue_is_delivered_without_the_gateway(postfix_to_start: str) -> None:
    with line("Behind the queue") as running:
        running.gateway.stop()
        # Nobody on the way back either: mail has to wait.
        running.postfix.run(
            f"postconf -MX 127.0.0.1:{running.postfix.ports.back}/inet && postfix reload"
        )
        mail = Mail()
        running.send(mail.content)
        running.postfix.logged(r"status=deferred")
        running.postfix.run(
            commands(running.postfix, "Behind the queue")[1], running.postfix.snippets
        )
        arrived = running.arrived(mail.message_id)
    assert arrived.content.endswith(mail.content)


def test_new_mail_passes_postfix_once_after_it(postfix_to_start: str) -> None:
    with line("Behind the queue") as running:
        for block in commands(running.postfix, "Behind the queue")[1:]:
            running.postfix.run(block, running.postfix.snippets)
        mail = Mail()
        running.send(mail.content)
        assert len(queue_ids(running.arrived(mail.message_id).content)) == 1


def test_nothing_but_the_size_limit_stays(postfix_to_start: str) -> None:
    with reserved(5) as ports, LastHop() as hop, Postfix(Ports(*ports), hop.port) as postfix:
        show = "postconf -n; postconf -M"
        before = postfix.run(show).stdout.splitlines()
        for way in (*WAYS, COPIES):
            for block in commands(postfix, way):
                postfix.run(block, postfix.snippets)
        after = postfix.run(show).stdout.splitlines()
    assert [text for text in after if text not in before] == ["message_size_limit = 83886080"]
    assert [text for text in before if text not in after] == []
