"""What is kept of a message, for how long, and how it comes back (D-10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.model.case import Proof
from gateway.model.decision import Keep, Note, Outcome, Reason
from gateway.model.entry import AttachmentNote, Revision
from gateway.model.envelope import Client, Recipient, Traits
from gateway.store.entries import Entries
from gateway.store.faults import UnknownEntryError
from tests.store.office import BOB, LOGGED, Office, decision, letter

LARGE = letter(1, text="x" * 78 + "\r\n") + b"Long line, again and again.\r\n" * 20_000


async def test_octets_and_envelope_come_back_as_they_were(office: Office) -> None:
    told = {
        "mail_options": ("BODY=8BITMIME", "ENVID=a+3Db"),
        "client": Client("192.0.2.1", "mx.example", "helo", BOB, True, {"NAME": "mx"}),
        "queue_id": "4Xy",
        "folder": "Archive",
        "by_crm": True,
    }
    case = await office.case(letter(1), **told)
    traits = Traits(1, 2, 3, True, 998, "'\\n.\\n'")
    content = replace(case.envelope.content, traits=traits)
    case = replace(case, envelope=replace(case.envelope, content=content))
    entry = await office.store.record(case, decision())
    kept = await office.store.kept(entry)
    assert kept is not None
    assert kept.envelope == case.envelope
    assert (kept.message_id, kept.decision_reason) == (
        "1@client.example",
        Reason.REPLIER_NOT_CONTACT,
    )


async def test_large_content_comes_back(office: Office) -> None:
    entry = await office.record(LARGE)
    kept = await office.store.kept(entry)
    assert kept is not None
    assert bytes(kept.envelope.content.octets) == LARGE


async def test_the_other_sightings_come_with_it(office: Office) -> None:
    entry = await office.record(letter(1), by={"proof": Proof("dkim", "acme.example (s1)")})
    copies = {"recipients": (Recipient("log@crm.example"),), "route": "copies"}
    again = {"outcome": Outcome.DUPLICATE, "reason": Reason.SEEN_AGAIN, "joins": entry}
    await office.record(letter(1), by=copies, **again)
    kept = await office.store.kept(entry)
    assert kept is not None
    assert kept.envelope.route == "inbound"
    assert kept.proof == Proof("dkim", "acme.example (s1)")
    assert [seen.route for seen in kept.earlier] == ["copies"]
    facts = await office.facts(letter(1), entry_id=entry)
    assert [seen.route for seen in facts.earlier] == ["copies"]
    assert facts.judged_before is Reason.REPLIER_NOT_CONTACT


@pytest.mark.parametrize("keep", [Keep.IDS, Keep.DIGESTS])
async def test_without_content_nothing_comes_back(office: Office, keep: Keep) -> None:
    entry = await office.record(letter(1), keep=keep)
    assert await office.store.kept(entry) is None


async def test_an_unknown_entry_is_not_kept(office: Office) -> None:
    assert await office.store.kept("no such entry") is None


@pytest.mark.parametrize(("keep", "days"), [(Keep.FIXABLE, 14), (Keep.HELD, 30)])
async def test_content_goes_when_its_time_is_over(office: Office, keep: Keep, days: int) -> None:
    entry = await office.record(letter(1), keep=keep)
    large = await office.record(LARGE.replace(b"<1@", b"<2@"), keep=keep)
    assert await office.store.purge(office.clock() + timedelta(days=days, seconds=-1)) == 0
    assert await office.store.kept(entry) is not None
    assert await office.store.purge(office.clock() + timedelta(days=days)) == 2
    assert await office.store.kept(entry) is None
    assert await office.store.kept(large) is None


async def test_what_is_over_is_not_given_out_before_the_purge(office: Office) -> None:
    entry = await office.record(letter(1))
    office.clock.pass_by(days=14)
    assert await office.store.kept(entry) is None


async def test_logged_content_stays(office: Office) -> None:
    entry = await office.log(letter(1))
    assert await office.store.purge(office.clock() + timedelta(days=9999)) == 0
    assert await office.store.kept(entry) is not None


async def test_a_purge_takes_names_and_subject_too(office: Office) -> None:
    entry = await office.record(letter(1, author="Ann Arbor <ann@client.example>"))
    await office.store.purge(office.clock() + timedelta(days=14))
    with Entries(office.path, clock=office.clock) as entries:
        found = entries.find(entry)
    assert found is not None
    assert (found.subject, found.author_name, found.kept) == ("", "", False)


async def test_a_revision_that_logs_keeps_the_content(office: Office) -> None:
    entry = await office.record(letter(1))
    await office.revise(entry, **LOGGED)
    assert await office.store.purge(office.clock() + timedelta(days=9999)) == 0
    assert await office.store.kept(entry) is not None


async def test_a_revision_that_discards_frees_the_content(office: Office) -> None:
    entry = await office.record(letter(1), keep=Keep.HELD, outcome=Outcome.HELD)
    await office.revise(entry, reason=Reason.DISCARDED, keep=Keep.IDS)
    assert await office.store.kept(entry) is None
    with Entries(office.path, clock=office.clock) as entries:
        found = entries.find(entry)
    assert found is not None
    assert [past.reason for past in found.decisions] == ["replier-not-contact", "discarded"]
    assert found.subject == ""


async def test_a_revision_to_never_log_seals_the_ids(office: Office) -> None:
    entry = await office.record(letter(1))
    await office.revise(entry, reason=Reason.NEVER_LOG_ACCOUNT, keep=Keep.DIGESTS)
    with Entries(office.path, clock=office.clock) as entries:
        found = entries.find("1@client.example")
    assert found is not None
    assert (found.entry_id, found.message_id) == (entry, "")


async def test_two_messages_of_one_forward_share_the_octets(office: Office) -> None:
    first = await office.case(letter(1))
    second = await office.case(letter(2))
    content = first.envelope.content
    second = replace(second, envelope=replace(second.envelope, content=content))
    ids = [
        await office.store.record(first, decision()),
        await office.store.record(second, decision(**LOGGED)),
    ]
    await office.store.purge(office.clock() + timedelta(days=14))
    assert await office.store.kept(ids[0]) is None
    kept = await office.store.kept(ids[1])
    assert kept is not None
    assert kept.envelope.content.octets == content.octets


async def test_large_octets_are_kept_once(office: Office) -> None:
    entry = await office.record(LARGE)
    again = {"outcome": Outcome.DUPLICATE, "reason": Reason.REDELIVERED, "joins": entry}
    await office.record(LARGE, **again)
    await office.store.purge(office.clock())
    kept = await office.store.kept(entry)
    assert kept is not None
    assert bytes(kept.envelope.content.octets) == LARGE


async def test_revising_an_unknown_entry_is_refused(office: Office) -> None:
    case = await office.case(letter(1))
    with pytest.raises(UnknownEntryError, match="There is no entry"):
        await office.store.revise(case, Revision("00000000000000ff", decision(), "replay"))


async def test_notes_and_attachments_come_with_the_entry(office: Office) -> None:
    raw = (
        b"From: ann@client.example\r\nTo: bob@acme.example\r\nMessage-ID: <1@client.example>\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\nDate: Mon, 23 Nov 2026 11:59:00 +0000\r\n'
        b"\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello.\r\n--b\r\nContent-Type: image/png\r\n"
        b'Content-Disposition: attachment; filename="plan.png"\r\n\r\nPNG\r\n--b--\r\n'
    )
    (file,) = (await office.case(raw)).message.attachments
    note = Note(
        Reason.ATTACHMENT_TOO_LARGE, file.part, "plan.png is over.", {"name": "plan.png"}, True
    )
    entry = await office.log(raw, outcome=Outcome.PARTIAL, notes=(note,))
    (seen,) = (await office.facts(raw)).seen
    assert seen.incomplete == {"plan.png"}
    with Entries(office.path, clock=office.clock) as entries:
        found = entries.find(entry)
    assert found is not None
    assert found.attachments == (AttachmentNote(file, Reason.ATTACHMENT_TOO_LARGE),)
    assert found.notes == (note,)
    assert found.text.strip() == "Hello."


async def test_decisions_of_long_ago_that_no_longer_hold_are_forgotten(office: Office) -> None:
    entry = await office.record(letter(1))
    for _ in range(2):
        office.clock.pass_by(days=1)
        await office.revise(entry, **LOGGED)
    assert await office.store.prune(office.clock(), office.clock()) == 2
    with Entries(office.path, clock=office.clock) as entries:
        found = entries.find(entry)
    assert found is not None
    assert [one.outcome for one in found.decisions] == [Outcome.LOGGED]


async def test_younger_decisions_stay(office: Office) -> None:
    entry = await office.record(letter(1))
    before = office.clock()
    office.clock.pass_by(days=1)
    await office.revise(entry, **LOGGED)
    assert await office.store.prune(before, before) == 0
