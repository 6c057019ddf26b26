"""Copies through the flow and a real store: what they become, by whatever path they come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.duties import unanswered
from gateway.model.arrival import Arrival
from gateway.model.case import Proof
from gateway.model.decision import Outcome, Reason
from gateway.model.directory import LoggingAddress
from gateway.model.entry import Entry
from gateway.model.envelope import Client, Direction, Envelope, Relayed, RelayState
from gateway.model.policy import Policy
from gateway.model.trust import Trust, TrustedServer
from gateway.pipeline import Pipeline, Settings
from gateway.replay import Replayer
from gateway.rules.presets import preset
from gateway.store.entries import Entries
from gateway.store.registry import Registry
from gateway.store.spool import FolderSpool
from gateway.store.sqlite import SqliteStore
from gateway.trust.keys import Keys
from gateway.trust.verifier import KeysUnavailableError, Verifier
from tests.letters import NOON, envelope_of, forward_of, journal_report, letter

ANNA, BOB, CAROL = "anna@corp.example", "bob@corp.example", "carol@customer.example"
LOG, SECRET, JOURNAL = "log@gate.example", "log+s3cret@gate.example", "journal@gate.example"
TRUSTED, STRANGE = "192.0.2.10", "203.0.113.9"
CONSUMED, RELAYED = Relayed(RelayState.CONSUMED), Relayed(RelayState.RELAYED)


@dataclass
class Office:
    """A gateway without doors: its flow, its record."""

    folder: Path
    store: SqliteStore
    flow: Pipeline

    async def takes(self, envelope: Envelope, relayed: Relayed = CONSUMED) -> Entry:
        """Put a message through, judge what it set waiting, and return its first entry."""
        entry_id, *_ = await self.flow.take_in(envelope, relayed)
        policy = self.flow.settings.policy
        replayer = Replayer(self.store, self.flow.verifier, policy)
        await replayer.settle_waiting(NOON + timedelta(minutes=5))
        with self.entries() as entries:
            found = entries.find(entry_id)
        assert found is not None
        return found

    def entries(self) -> Entries:
        return Entries(self.folder / "replygate.db", clock=lambda: NOON)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    store = SqliteStore.open(
        tmp_path / "replygate.db",
        domains=frozenset({"corp.example"}),
        logging_addresses=[
            LoggingAddress(LOG),
            LoggingAddress(SECRET, user=ANNA),
            LoggingAddress(JOURNAL, "journal"),
        ],
        clock=lambda: NOON,
    )
    with Registry(tmp_path / "replygate.db", clock=lambda: NOON) as company:
        for address in (ANNA, BOB):
            company.add_user(address)
            company.add_mailbox(address, address, "google", at=NOON - timedelta(days=9))
            company.connect(address, at=NOON - timedelta(days=9))
    verifier = Verifier(Trust(networks=(f"{TRUSTED}/32",)), Keys(None))
    settings = Settings(preset("gateway"))
    yield Office(
        tmp_path, store, Pipeline(store, FolderSpool(tmp_path / "spool"), verifier, settings)
    )
    store.close()


def sent(**fields: str) -> bytes:
    given = {"author": ANNA, "to": CAROL, "message_id": "out@corp.example"} | fields
    return letter(**given)


def copy_of(octets: bytes, to: str = LOG, client: str = TRUSTED, route: str = "copies") -> Envelope:
    envelope = envelope_of(octets, mail_from=ANNA, rcpt_to=to, route=route, trusted=False)
    return replace(envelope, client=Client(address=client))


def in_path(octets: bytes, to: str, *, outgoing: bool) -> Envelope:
    direction = Direction.OUTGOING if outgoing else Direction.INCOMING
    route = "submission" if outgoing else "inbound"
    return envelope_of(octets, direction=direction, rcpt_to=to, route=route)


# ---- BCC


async def test_a_proven_bcc_copy_is_logged_as_outgoing(office: Office) -> None:
    entry = await office.takes(copy_of(sent()))
    assert (entry.reason, entry.direction) == (Reason.BCC_COPY, Direction.OUTGOING)
    assert entry.contacts == (CAROL,)


async def test_a_bcc_copy_that_nothing_proves_is_held(office: Office) -> None:
    entry = await office.takes(copy_of(sent(), client=STRANGE))
    assert (entry.outcome, entry.reason) == (Outcome.HELD, Reason.COPY_SENDER_UNVERIFIED)


async def test_a_copy_from_a_stranger_is_forgotten(office: Office) -> None:
    entry = await office.takes(copy_of(letter(author="eve@evil.example"), client=STRANGE))
    assert entry.reason is Reason.COPY_SENDER_UNKNOWN
    assert (entry.kept, entry.subject) == (False, "")


async def test_the_secret_address_proves_its_user(office: Office) -> None:
    entry = await office.takes(copy_of(sent(), SECRET, STRANGE))
    assert entry.reason is Reason.BCC_COPY
    assert entry.sightings[0].proof == "secret-address"


async def test_the_secret_address_proves_nobody_else(office: Office) -> None:
    entry = await office.takes(copy_of(sent(author=BOB), SECRET, STRANGE))
    assert entry.reason is Reason.COPY_SENDER_UNVERIFIED


async def test_a_sighting_by_login_proves_a_later_copy(office: Office) -> None:
    path = in_path(sent(), CAROL, outgoing=True)
    await office.takes(replace(path, client=Client(login=ANNA)), RELAYED)
    entry = await office.takes(copy_of(sent(), client=STRANGE))
    assert (entry.reason, len(entry.sightings)) == (Reason.BCC_COPY, 2)


async def test_a_held_copy_is_logged_when_the_message_comes_by_login(office: Office) -> None:
    await office.takes(copy_of(sent(), client=STRANGE))
    path = in_path(sent(), CAROL, outgoing=True)
    entry = await office.takes(replace(path, client=Client(login=ANNA)), RELAYED)
    assert (entry.reason, len(entry.sightings)) == (Reason.BCC_COPY, 2)


class SilentKeys(Verifier):
    """A verifier for whose keys no server answers, until it does."""

    silent = True

    async def verify(self, arrival: Arrival) -> Proof | None:
        if self.silent:
            raise KeysUnavailableError(("s1._domainkey.corp.example",))
        return Proof("dkim", "corp.example (s1)")


async def test_a_copy_without_an_answer_of_key_servers_is_held_and_tried_again(
    office: Office,
) -> None:
    verifier = SilentKeys(Trust(), Keys(None))
    office.flow.verifier = verifier
    held = await office.takes(copy_of(sent(), client=STRANGE))
    assert held.reason is Reason.COPY_SENDER_UNVERIFIED
    path = office.folder / "replygate.db"
    assert unanswered(path, NOON) == [held.entry_id]
    verifier.silent = False
    replayer = Replayer(office.store, verifier, office.flow.settings.policy)
    await replayer.replay(held.entry_id, NOON + timedelta(minutes=5))
    with office.entries() as entries:
        entry = entries.find(held.entry_id)
    assert entry is not None
    assert entry.reason is Reason.BCC_COPY
    assert unanswered(path, NOON) == []


async def test_a_copy_that_is_simply_unsigned_is_not_tried_again(office: Office) -> None:
    await office.takes(copy_of(sent(), client=STRANGE))
    assert unanswered(office.folder / "replygate.db", NOON) == []


# ---- forwards


async def test_a_forward_finds_the_true_message(office: Office) -> None:
    await office.takes(in_path(letter(), ANNA, outgoing=False), RELAYED)
    await office.takes(copy_of(forward_of(letter())))
    with office.entries() as entries:
        (entry,) = entries.search()
    assert (entry.reason, entry.route) == (Reason.LOGGED_BY_FORWARD, "inbound")
    assert (entry.user, entry.contacts) == (ANNA, (CAROL,))


async def test_the_true_message_joins_a_forward_that_came_first(office: Office) -> None:
    await office.takes(copy_of(forward_of(letter())))
    await office.takes(in_path(letter(), ANNA, outgoing=False), RELAYED)
    with office.entries() as entries:
        (entry,) = entries.search()
    assert (entry.reason, len(entry.sightings)) == (Reason.LOGGED_BY_FORWARD, 2)


INLINE = letter(
    author=ANNA,
    to=LOG,
    message_id="fwd@corp.example",
    subject="Fwd: Our offer",
    text="---------- Forwarded message ---------\r\nFrom: Carol Cruz <carol@customer.example>"
    "\r\nDate: Mon, 23 Nov 2026 at 12:59\r\nSubject: Our offer\r\nTo: Anna <anna@corp.example>"
    "\r\n\r\nLooks good.",
    In_Reply_To="<one@customer.example>",
    References="<one@customer.example>",
)


@pytest.mark.parametrize("forward_first", [True, False])
async def test_an_inline_forward_and_the_true_message_are_one(
    office: Office, *, forward_first: bool
) -> None:
    true = (in_path(letter(), ANNA, outgoing=False), RELAYED)
    both = [(copy_of(INLINE), CONSUMED), true]
    for envelope, relayed in both if forward_first else both[::-1]:
        await office.takes(envelope, relayed)
    with office.entries() as entries:
        (entry,) = entries.search()
    assert entry.reason is Reason.LOGGED_BY_FORWARD


async def test_a_redirected_message_is_logged_by_forward(office: Office) -> None:
    octets = letter(Resent_From=ANNA, Resent_To=LOG)
    entry = await office.takes(copy_of(octets))
    assert (entry.reason, entry.author, entry.user) == (Reason.LOGGED_BY_FORWARD, CAROL, ANNA)


# ---- journals


async def test_a_journal_report_is_judged_as_the_message_inside(office: Office) -> None:
    entry = await office.takes(copy_of(journal_report(sent(), f"To: {CAROL}\n"), JOURNAL))
    assert (entry.message_id, entry.direction) == ("out@corp.example", Direction.OUTGOING)
    assert entry.author == ANNA


async def test_several_reports_of_a_message_are_one_entry(office: Office) -> None:
    first = journal_report(letter(), f"To: {ANNA}\n")
    second = journal_report(letter(), f"Bcc: {BOB}\n").replace(b"<report@", b"<report2@")
    await office.takes(copy_of(first, JOURNAL))
    entry = await office.takes(copy_of(second, JOURNAL))
    assert [set(seen.recipients) for seen in entry.sightings] == [{ANNA}, {BOB}]
    assert set(entry.mailboxes) == {ANNA, BOB}
    with office.entries() as entries:
        assert len(list(entries.search())) == 1


async def test_a_report_by_nobody_whom_the_admin_trusts_is_held(office: Office) -> None:
    entry = await office.takes(copy_of(journal_report(sent()), JOURNAL, STRANGE))
    assert (entry.outcome, entry.reason) == (Outcome.HELD, Reason.COPY_SENDER_UNVERIFIED)


async def test_an_unreadable_report_is_held(office: Office) -> None:
    octets = journal_report(sent()).replace(b"message/rfc822", b"application/x-odd")
    entry = await office.takes(copy_of(octets, JOURNAL))
    assert (entry.outcome, entry.reason) == (Outcome.HELD, Reason.JOURNAL_UNREADABLE)


async def test_a_bcc_to_the_log_that_a_report_tells_is_a_mark(office: Office) -> None:
    lines = f"To: {CAROL}\nBcc: {LOG}\n"
    entry = await office.takes(copy_of(journal_report(sent(), lines), JOURNAL))
    assert entry.reason is Reason.OPTED_IN


async def test_never_log_holds_inside_a_report(office: Office) -> None:
    with Registry(office.folder / "replygate.db", clock=lambda: NOON) as company:
        company.add_never_log("customer.example")
    entry = await office.takes(copy_of(journal_report(letter()), JOURNAL))
    assert (entry.reason, entry.kept) == (Reason.NEVER_LOG_ACCOUNT, False)


async def test_an_mtas_copy_and_the_message_in_path_are_one(office: Office) -> None:
    await office.takes(in_path(letter(), ANNA, outgoing=False), RELAYED)
    await office.takes(copy_of(letter(), JOURNAL))
    with office.entries() as entries:
        (entry,) = entries.search()
    assert len(entry.sightings) == 2


# ---- under the older presets too


async def test_a_forward_of_seen_mail_is_one_entry_under_the_older_preset(office: Office) -> None:
    office.flow.settings = replace(office.flow.settings, policy=Policy())
    await office.takes(in_path(letter(), ANNA, outgoing=False), RELAYED)
    await office.takes(copy_of(forward_of(letter())))
    with office.entries() as entries:
        (entry,) = entries.search()
    assert entry.reason is Reason.LOGGED_BY_FORWARD


# ---- identity over paths


async def test_a_strangers_message_is_adopted_when_a_user_answers_it_with_a_mark(
    office: Office,
) -> None:
    first = await office.takes(in_path(letter(), ANNA, outgoing=False), RELAYED)
    assert first.reason is Reason.SENDER_NOT_CONTACT
    answer = sent(In_Reply_To="<one@customer.example>")
    await office.takes(copy_of(answer))
    with office.entries() as entries:
        adopted = entries.find("one@customer.example")
    assert adopted is not None
    assert adopted.reason is Reason.ADOPTED_ORIGINAL


async def test_a_copy_completes_what_a_scanner_took_out(office: Office) -> None:
    whole = with_file(b"The whole offer.")
    stripped = letter(author=ANNA, to=CAROL, message_id="out@corp.example").replace(
        b"Content-Type: text/plain; charset=utf-8\r\n\r\n",
        b'Content-Type: multipart/mixed; boundary="=_b"\r\n\r\n--=_b\r\n\r\n',
    )
    stripped += (
        b'--=_b\r\nContent-Disposition: attachment; filename="offer.pdf"; size=16\r\n\r\n'
        b"\r\n--=_b--\r\n"
    )
    first = await office.takes(copy_of(stripped))
    assert first.outcome is Outcome.PARTIAL
    entry = await office.takes(copy_of(whole, route="other"))
    assert (entry.outcome, entry.reason) == (Outcome.LOGGED, Reason.COMPLETED)
    (file,) = entry.attachments
    assert (file.attachment.name, file.reason) == ("offer.pdf", None)


def with_file(octets: bytes) -> bytes:
    head = letter(author=ANNA, to=CAROL, message_id="out@corp.example").replace(
        b"Content-Type: text/plain; charset=utf-8\r\n\r\n",
        b'Content-Type: multipart/mixed; boundary="=_b"\r\n\r\n--=_b\r\n\r\n',
    )
    part = b'--=_b\r\nContent-Disposition: attachment; filename="offer.pdf"\r\n\r\n'
    return head + part + octets + b"\r\n--=_b--\r\n"


async def test_a_mark_that_comes_later_counts(office: Office) -> None:
    path = replace(in_path(sent(), CAROL, outgoing=True), client=Client(login=ANNA))
    first = await office.takes(path, RELAYED)
    assert not first.outcome.on_timeline
    entry = await office.takes(copy_of(sent()))
    assert (entry.reason, entry.tracked) == (Reason.BCC_COPY, True)


@pytest.mark.parametrize("state", [RelayState.DEFERRED, RelayState.REFUSED])
async def test_a_first_sighting_that_was_not_taken_loses_nothing(
    office: Office, state: RelayState
) -> None:
    path = replace(in_path(sent(), CAROL, outgoing=True), client=Client(login=ANNA))
    await office.takes(path, Relayed(state))
    entry = await office.takes(copy_of(sent()))
    assert (entry.outcome, entry.reason) == (Outcome.LOGGED, Reason.BCC_COPY)


async def test_the_address_of_a_thread_ties_what_cites_nothing(office: Office) -> None:
    await office.takes(copy_of(sent()))
    address = "log+thread@gate.example"
    with Registry(office.folder / "replygate.db", clock=lambda: NOON) as company:
        company.add_thread_address(address, "any", "out@corp.example")
    alone = letter(message_id="alone@customer.example", subject="Something else")
    await office.takes(copy_of(forward_of(alone), address))
    with office.entries() as entries:
        threads = {entry.thread_id for entry in entries.search()}
    assert len(threads) == 1


# ---- forged answers


async def test_a_forged_citation_puts_no_words_on_a_customers_timeline(office: Office) -> None:
    await office.takes(copy_of(sent()))
    forged = letter(
        author="eve@evil.example", message_id="eve@evil.example", In_Reply_To="<out@corp.example>"
    )
    entry = await office.takes(in_path(forged, ANNA, outgoing=False), RELAYED)
    assert (entry.outcome, entry.reason) == (Outcome.HELD, Reason.STRANGER_IN_THREAD)


async def test_a_spoofed_answer_is_held_by_what_a_trusted_server_found(office: Office) -> None:
    servers = (TrustedServer("mx.corp.example"),)
    office.flow.verifier = Verifier(Trust(servers=servers), Keys(None))
    await office.takes(copy_of(sent(), SECRET))
    results = "mx.corp.example; dmarc=fail header.from=customer.example"
    forged = letter(
        message_id="forged@customer.example",
        In_Reply_To="<out@corp.example>",
        Authentication_Results=results,
        Received="from evil.example by mx.corp.example; Mon, 23 Nov 2026 12:00:00 +0000",
    )
    # What a trusted server says stands above the Received field that it added.
    entry = await office.takes(in_path(forged, ANNA, outgoing=False), RELAYED)
    assert (entry.outcome, entry.reason) == (Outcome.HELD, Reason.SENDER_SPOOFED)


async def test_an_attachment_of_several_messages_is_a_message_each(office: Office) -> None:
    nested = forward_of(
        letter(message_id="two@customer.example"),
        author=CAROL,
        to=ANNA,
    ).replace(b"=_b", b"=_i")
    await office.takes(copy_of(forward_of(letter(), nested.replace(b"<fwd@", b"<three@"))))
    with office.entries() as entries:
        found = {entry.message_id: str(entry.reason) for entry in entries.search()}
    assert set(found.values()) == {"logged-by-forward"}
    assert {"one@customer.example", "two@customer.example"} <= found.keys()
