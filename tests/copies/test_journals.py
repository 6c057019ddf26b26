"""Journal reports and copies of an MTA."""

from __future__ import annotations

from gateway.model.decision import Outcome, Reason
from gateway.model.envelope import Direction
from gateway.store.registry import Registry
from tests.copies.office import (
    ANNA,
    BOB,
    CAROL,
    JOURNAL,
    LOG,
    RELAYED,
    STRANGE,
    Office,
    copy_of,
    in_path,
    sent,
)
from tests.letters import NOON, journal_report, letter


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


async def test_a_copy_of_google_reached_whom_its_field_names(office: Office) -> None:
    """The field tells whom the message reached that named a list, or nobody at all."""
    copy = letter(to="all@corp.example", X_Gm_Original_To=ANNA)
    entry = await office.takes(copy_of(copy, JOURNAL))
    assert entry.mailboxes == (ANNA,)
    (seen,) = entry.sightings
    assert ANNA in seen.recipients


async def test_a_copy_of_google_is_held_to_the_never_log_list(office: Office) -> None:
    with Registry(office.folder / "replygate.db", clock=lambda: NOON) as company:
        company.add_never_log("hidden.example")
    copy = sent(to=BOB, X_Gm_Original_To="carol@hidden.example")
    entry = await office.takes(copy_of(copy, JOURNAL))
    assert (entry.reason, entry.kept) == (Reason.NEVER_LOG_ACCOUNT, False)


async def test_copies_of_google_for_several_recipients_are_one_entry(office: Office) -> None:
    await office.takes(in_path(letter(), ANNA, outgoing=False), RELAYED)
    for reached in (ANNA, BOB):
        entry = await office.takes(copy_of(letter(X_Gm_Original_To=reached), JOURNAL))
    with office.entries() as entries:
        assert len(list(entries.search())) == 1
    assert set(entry.mailboxes) == {ANNA, BOB}
