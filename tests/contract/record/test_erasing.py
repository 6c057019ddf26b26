"""Erasing people: what goes, what stays, and that nothing is left in any file."""

from __future__ import annotations

import base64
import hashlib
import quopri
from pathlib import Path

import pytest

from gateway.model.decision import MakeContact, Outcome, Reason
from gateway.model.envelope import RelayState
from gateway.store.entries import Entries
from gateway.store.erasing import Erased, Eraser
from gateway.store.faults import AlreadyKnownError
from gateway.store.searching import files_with
from gateway.store.spool import FolderSpool, unreadable
from tests.store.office import ANN, BOB, DAN, PASSED, Clock, Office, letter

MAKE_DAN = MakeContact(DAN, "Dan")


def erase(office: Office, person: str = ANN, spool: Path | None = None) -> Erased:
    with Eraser(office.path, clock=office.clock, timeout_s=1.0) as eraser:
        return eraser.erase(person, "admin", spool)


def entries(office: Office) -> Entries:
    return Entries(office.path, clock=office.clock)


def naming(office: Office, word: str = ANN) -> list[Path]:
    office.store.close()  # type: ignore[attr-defined]
    return files_with(office.path.parent.rglob("*"), [word.encode()])


async def test_no_file_names_the_person_any_more(office: Office) -> None:
    await office.log(letter(1))
    await office.record(letter(2, cites=[1], text="x" * 300_000))
    assert naming(office) != []
    erase(office)
    assert naming(office) == []


@pytest.mark.parametrize(
    "text",
    [
        f"Ask {ANN.title()} instead.",
        base64.encodebytes(f"Ask {ANN} instead.".encode() * 99).decode(),
        quopri.encodestring(f"Ask {ANN} instead, dear M\u00fcller.".encode() * 9).decode(),
        f"Ask {ANN.replace('@', '&#64;')} instead.",
        f"=?utf-8?B?{base64.b64encode(ANN.encode()).decode()}?=",
    ],
)
async def test_what_others_wrote_of_the_person_goes_too(office: Office, text: str) -> None:
    entry = await office.log(letter(1, author=DAN, text=text), MAKE_DAN, contacts=(DAN,))
    assert erase(office).messages == 1
    with entries(office) as record:
        found = record.find(entry)
    assert found is not None
    assert found.reason is Reason.ERASED


async def test_a_tombstone_stands_in_the_place_of_each_message(office: Office) -> None:
    entry = await office.log(letter(1))
    erase(office)
    with entries(office) as record:
        found = record.find(entry)
    assert found is not None
    assert (found.outcome, found.reason) == (Outcome.NOT_LOGGED, Reason.ERASED)
    assert (found.author, found.subject, found.message_id, found.kept) == ("", "", "", False)
    assert [(d.reason, d.by) for d in found.decisions][-1] == (Reason.ERASED, "admin")


async def test_mail_that_has_nothing_to_do_with_it_stays(office: Office) -> None:
    await office.log(letter(1))
    other = await office.log(
        letter(2, author=DAN), MAKE_DAN, by={"mail_from": DAN},
        contacts=(DAN,), evidence={}, remedy="", trace=(),
    )  # fmt: skip
    assert erase(office).messages == 1
    kept = await office.store.kept(other)
    assert kept is not None
    assert bytes(kept.envelope.content.octets) == letter(2, author=DAN)


async def test_the_contact_goes_with_all_addresses_and_enrolments(office: Office) -> None:
    with office.registry() as registry:
        registry.add_user(BOB, "Bob")
        registry.add_mailbox(BOB, BOB, "google")
        registry.add_contact(ANN, "Ann")
        registry.add_address(ANN, "ann@home.example")
        registry.enroll(ANN, "welcome", BOB)
        registry.add_contact(DAN, "Dan")
        registry.merge(ANN, DAN)
    assert set(erase(office, "ann@home.example").addresses) == {ANN, DAN, "ann@home.example"}
    with office.registry() as registry:
        assert registry.list_contacts() == ()
        assert registry.list_enrolments() == ()


async def test_further_mail_of_the_person_is_known_to_stay_out(office: Office) -> None:
    await office.log(letter(1))
    assert not office.store.directory.is_erased(ANN)
    erase(office)
    assert office.store.directory.is_erased(ANN)


async def test_a_gateway_that_runs_goes_on(office: Office) -> None:
    await office.log(letter(1))
    erase(office)
    entry = await office.log(letter(3, author=DAN), MAKE_DAN, contacts=(DAN,))
    assert await office.store.kept(entry) is not None


async def test_what_waits_in_the_spool_goes_too(office: Office, tmp_path: Path) -> None:
    spool = FolderSpool(tmp_path / "spool")
    await spool.put(office.envelope(letter(1)), "store-unavailable")
    mine = await spool.put(
        office.envelope(letter(2, author=DAN), mail_from=DAN), "store-unavailable"
    )
    erase(office, spool=tmp_path / "spool")
    assert await spool.waiting() == (mine,)


async def test_what_was_set_aside_goes_too(office: Office, tmp_path: Path) -> None:
    spool = FolderSpool(tmp_path / "spool")
    name = await spool.put(office.envelope(letter(1)), "store-unavailable")
    (tmp_path / "spool" / f"{name}.json").write_bytes(b"{}")
    await spool.take(name)
    assert unreadable(tmp_path / "spool") == 1
    erase(office, spool=tmp_path / "spool")
    assert [path for path in (tmp_path / "spool").rglob("*") if path.is_file()] == []


async def test_a_second_time_finds_nothing_more(office: Office) -> None:
    await office.log(letter(1))
    erase(office)
    again = erase(office)
    assert (again.messages, again.octets, again.left) == (0, 0, ())


async def test_a_user_of_the_company_is_not_erased(office: Office, clock: Clock) -> None:
    with office.registry() as registry:
        registry.add_user(BOB, "Bob")
    with pytest.raises(AlreadyKnownError, match="user forbid"):
        erase(office, BOB)


async def test_how_it_was_relayed_is_still_settled(office: Office) -> None:
    octets = letter(1)
    entry = await office.log(octets, relayed=None)
    erase(office)
    office.store.settle(entry, hashlib.sha256(octets).digest(), PASSED)
    office.store.close()  # type: ignore[attr-defined]
    with entries(office) as record:
        found = record.find(entry)
    assert found is not None
    assert found.relayed.state is RelayState.RELAYED
