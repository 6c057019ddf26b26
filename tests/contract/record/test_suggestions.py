"""What an entry may answer that cites nothing."""

from __future__ import annotations

from gateway.model.decision import Keep
from gateway.model.suggestion import Hint, Suggestion
from gateway.store.suggestions import Suggesting
from tests.store.office import ANN, BOB, DAN, Office, letter


def asked(office: Office, entry: str) -> Suggestion | None:
    with Suggesting(office.path, clock=office.clock) as record:
        return record.suggestion(entry)


async def offer(office: Office) -> str:
    entry = await office.log(
        letter(1, author=BOB, to=ANN, text="Would you come to the fair in Osaka?", Subject="Fair"),
        by={"mail_from": BOB},
    )
    office.clock.pass_by(hours=1)
    return entry


async def test_a_reply_without_ids_finds_what_it_answers(office: Office) -> None:
    first = await offer(office)
    found = asked(office, await office.record(letter(2, Subject="Re: Fair")))
    assert found is not None
    assert (found.entry_id, found.hint) == (first, Hint.SUBJECT)


async def test_lines_that_it_quotes_are_seen(office: Office) -> None:
    await offer(office)
    text = "Yes!\r\n> Would you come to the fair in Osaka?"
    found = asked(office, await office.record(letter(2, Subject="Re: Fair", text=text)))
    assert found is not None
    assert found.hint is Hint.QUOTED_LINES


async def test_what_cites_something_needs_no_suggestion(office: Office) -> None:
    await offer(office)
    assert asked(office, await office.record(letter(2, cites=[9], Subject="Re: Fair"))) is None


async def test_what_is_in_a_thread_with_others_needs_none(office: Office) -> None:
    first = await offer(office)
    await office.record(letter(2, cites=[1]))
    assert asked(office, first) is None


async def test_mail_of_other_people_is_not_suggested(office: Office) -> None:
    await offer(office)
    by = {"mail_from": DAN}
    entry = await office.record(letter(2, author=DAN, Subject="Re: Fair"), by=by)
    assert asked(office, entry) is None


async def test_after_a_month_nothing_is_suggested(office: Office) -> None:
    await offer(office)
    office.clock.pass_by(days=30)
    assert asked(office, await office.record(letter(2, Subject="Re: Fair"))) is None


async def test_of_what_is_not_kept_nothing_is_known(office: Office) -> None:
    await offer(office)
    entry = await office.record(letter(2, Subject="Re: Fair"), keep=Keep.IDS)
    assert asked(office, entry) is None


async def test_an_entry_that_is_not_there_answers_nothing(office: Office) -> None:
    assert asked(office, "no-entry") is None
