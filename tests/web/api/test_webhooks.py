"""What a webhook is told: each event that it wants, signed, and nothing that it does not want."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from gateway.config.faults import ConfigError
from gateway.config.load import parse_config
from gateway.config.settings import Config, Event, Sink
from gateway.handover import kinds_of, manner_of
from gateway.outbox import Drain
from gateway.sinks.webhook import WebhookSink
from gateway.store.outbox import SqliteOutbox
from gateway.store.registry import Registry
from gateway.store.sqlite import SqliteStore
from tests.http_server import Answer, http_server
from tests.letters import letter
from tests.web.conftest import ANNA, BOB, CAROL, Mail, apart
from tests.web.correspondence import DEPUTY, OFFER, REPLY
from tests.web.test_acting import HOLDS

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
DEPUTYS = "deputy@customer.example"
BOUNCE = (
    b"From: Mail Delivery System <mailer-daemon@mx.customer.example>\r\nTo: anna@corp.example\r\n"
    b"Subject: Undelivered\r\nDate: Mon, 23 Nov 2026 12:30:00 +0000\r\n"
    b"Message-ID: <dsn@mx.customer.example>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/report; report-type=delivery-status; boundary="=_r"\r\n\r\n'
    b"--=_r\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
    b"--=_r\r\nContent-Type: message/delivery-status\r\n\r\n"
    b"Reporting-MTA: dns; mx.customer.example\r\n\r\n"
    b"Final-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
    b"--=_r\r\nContent-Type: text/rfc822-headers\r\n\r\n"
    b"Message-ID: <offer@corp.example>\r\nFrom: anna@corp.example\r\n\r\n--=_r--\r\n"
)
Told = Callable[[], list[dict[str, Any]]]
Hook = Callable[..., Told]


@pytest.fixture
def hook(config: Config, company: Registry) -> Hook:
    """Return what registers a webhook that wants these events; it then says what it was told."""

    def registered(*events: Event) -> Told:
        sink = Sink("hook", "webhook", events=events)
        outbox = SqliteOutbox(config.store_path)
        outbox.register({"hook": False}, {"hook": kinds_of(sink)})

        def told() -> list[dict[str, Any]]:
            return apart(lambda: drained(config, outbox, sink))

        return told

    return registered


async def drained(config: Config, outbox: SqliteOutbox, sink: Sink) -> list[dict[str, Any]]:
    store = SqliteStore.open(config.store_path, domains=frozenset(config.gateway.domains))
    async with http_server(lambda _: Answer(204)) as server:
        hook = WebhookSink("hook", f"{server.url}/in", SECRET, clock=now)
        drain = Drain(
            outbox, hook, manner_of(sink), clock=now, chance=lambda: 0.5,
            directory=lambda: store.directory, policy=lambda: config.policy,
        )  # fmt: skip
        done = await drain.drain()
        while done.taken + done.dropped:
            done = await drain.drain()
        await hook.close()
        store.close()
        return [Webhook(SECRET).verify(one.body, dict(one.headers)) for one in server.requests]


def now() -> datetime:
    return datetime.now(UTC)


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def test_email_logged_tells_its_words(hook: Hook, mail: Mail) -> None:
    told = hook("email.logged")
    (entry,) = mail(OFFER, sent=True, to=CAROL)
    (event,) = told()
    assert (event["type"], event["data"]["entry"]) == ("email.logged", entry)
    assert event["data"]["text"].strip() == "Here is our offer."


def test_email_not_logged_tells_why_and_no_words(hook: Hook, mail: Mail) -> None:
    told = hook("email.not_logged")
    mail(OFFER, sent=True, to=CAROL)
    (deputy,) = mail(DEPUTY, minutes=2)
    (event,) = told()
    assert (event["type"], event["data"]["entry"]) == ("email.not_logged", deputy)
    assert event["data"]["reason"] == "replier-not-contact"
    assert event["data"]["remedy"].startswith(f"{DEPUTYS} is not a contact.")
    assert "text" not in event["data"]


def test_what_the_privacy_gate_stopped_is_told_to_nobody(
    hook: Hook, mail: Mail, company: Registry
) -> None:
    told = hook("email.not_logged", "email.held", "email.logged")
    company.add_never_log("customer.example")
    mail(REPLY)
    assert told() == []


@HOLDS
def test_email_held_tells_what_waits(hook: Hook, mail: Mail, company: Registry) -> None:
    told = hook("email.held")
    company.add_contact(CAROL, "Carol Cruz")
    company.add_address(company.add_contact("office@customer.example").contact_id, CAROL)
    (entry,) = mail(letter(message_id="1@customer.example"))
    (event,) = told()
    assert (event["type"], event["data"]["entry"]) == ("email.held", entry)
    assert event["data"]["reason"] == "contact-ambiguous"


def test_reply_received_comes_beside_email_logged(hook: Hook, mail: Mail) -> None:
    told = hook("email.logged", "reply.received")
    mail(OFFER, sent=True, to=CAROL)
    (reply,) = mail(REPLY, minutes=1)
    events = told()
    assert types(events) == ["email.logged", "email.logged", "reply.received"]
    assert events[2]["data"]["entry"] == reply
    assert events[2]["data"]["text"].startswith("Looks good to me.")


def test_bounce_received_names_the_message_and_whom_it_did_not_reach(
    hook: Hook, mail: Mail
) -> None:
    told = hook("bounce.received")
    (offer,) = mail(OFFER, sent=True, to=CAROL)
    mail(BOUNCE % CAROL.encode(), minutes=5)
    (event,) = told()
    assert (event["type"], event["data"]["original"]) == ("bounce.received", offer)
    assert (event["data"]["recipient"], event["data"]["status"]) == (CAROL, "5.1.1")


def test_bounce_received_names_no_blind_recipient(
    hook: Hook, mail: Mail, company: Registry
) -> None:
    told = hook("bounce.received")
    blind = "blind@customer.example"
    company.add_contact(blind)
    mail(OFFER, sent=True, to=f"{CAROL} {blind}")
    mail(BOUNCE % blind.encode(), minutes=5)
    (event,) = told()
    assert (event["type"], "recipient" in event["data"]) == ("bounce.received", False)


def test_sequence_unenrolled_names_contact_and_sequence(
    hook: Hook, mail: Mail, company: Registry
) -> None:
    told = hook("sequence.unenrolled")
    mail(OFFER, sent=True, to=CAROL)
    company.enroll(CAROL, "spring", ANNA)
    mail(REPLY, minutes=1)
    (event,) = told()
    assert event["type"] == "sequence.unenrolled"
    assert (event["data"]["contact"], event["data"]["sequence"]) == (CAROL, "spring")


@HOLDS
def test_contact_suggested_names_address_and_contact(
    hook: Hook, mail: Mail, company: Registry
) -> None:
    told = hook("contact.suggested")
    company.add_contact(CAROL, "Carol Cruz", BOB)
    mail(OFFER, sent=True, to=CAROL)
    mail(DEPUTY, minutes=2)
    (event,) = told()
    assert event["type"] == "contact.suggested"
    assert (event["data"]["address"], event["data"]["contact"]) == (DEPUTYS, CAROL)


def test_webhook_that_names_no_events_is_told_what_changes_a_timeline(
    hook: Hook, mail: Mail
) -> None:
    told = hook()
    mail(OFFER, sent=True, to=CAROL)
    mail(REPLY, minutes=1)
    mail(DEPUTY, minutes=2)
    assert types(told()) == ["email.logged", "email.logged"]


def test_what_is_erased_is_told_whatever_is_wanted() -> None:
    kinds = kinds_of(Sink("hook", "webhook", events=("reply.received",)))
    assert sorted(kind.word for kind in kinds) == ["email.erased", "reply.received"]


def test_what_nobody_wants_is_not_written(hook: Hook, mail: Mail, company: Registry) -> None:
    hook()
    mail(OFFER, sent=True, to=CAROL)
    mail(DEPUTY, minutes=2)
    assert company._rows("SELECT DISTINCT kind FROM outbox") == [("entry.logged",)]


@pytest.mark.parametrize(
    ("sink", "said"),
    [
        ('kind = "jsonl"\npath = "x"\nevents = ["email.lost"]', "events"),
        ('kind = "hubspot"\nevents = ["email.held"]', "leave events out"),
    ],
)
def test_events_that_there_are_none_of_are_a_fault(config: Config, sink: str, said: str) -> None:
    text = f'{config.file.read_text()}[[sink]]\nname = "hook"\n{sink}\n'
    with pytest.raises(ConfigError, match=said):
        parse_config(text, config.file, {"REPLYGATE_SINK_HOOK": "token"})
