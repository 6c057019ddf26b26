"""The index of words: what it finds, for whom, and what it forgets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.store.rows import FOREVER
from gateway.store.search_index import (
    FILE,
    Finders,
    SearchIndex,
    Spoken,
    document_at,
    of_contact,
    of_mailbox,
    of_user,
)
from gateway.store.terms import asked_of
from tests.letters import NOON

AT = int(NOON.timestamp()) * 1_000_000
ANNA, BOB = of_user("anna@corp.example"), of_user("bob@corp.example")


def spoken(
    entry: int, *said: str, known: str = "", may: str = ANNA, at: int = AT, kept: int = FOREVER
) -> Spoken:
    return Spoken(entry, 1, at, kept, said, (known,), (may,))


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SearchIndex]:
    with SearchIndex(tmp_path, clock=lambda: NOON) as index:
        yield index


def found(index: SearchIndex, text: str, finders: Finders | None = None) -> list[int]:
    return [entry for _, entry in index.find(asked_of(text), finders)]


@pytest.mark.parametrize("word", ["offer", "OFF", "見積", "積書", "offer 見積", "書"])
def test_words_and_beginnings_and_pairs_are_found(index: SearchIndex, word: str) -> None:
    index.put(lambda: [spoken(1, "Our offer", "御見積書です"), spoken(2, "Something else")])
    assert found(index, word) == [1]


@pytest.mark.parametrize("word", ["ffer", "見書", "offer zebra", "of"])
def test_what_is_not_there_is_not_found(index: SearchIndex, word: str) -> None:
    index.put(lambda: [spoken(1, "Our offer", "見積 書です")])
    assert found(index, word) == []


def test_newest_come_first_and_pages_go_by_document(index: SearchIndex) -> None:
    index.put(lambda: [spoken(n, "offer", at=AT + n % 3 * 10**6) for n in range(1, 10)])
    first = index.find(('"offer"',), None, count=4)
    rest = index.find(('"offer"',), None, after=first[-1][0])
    times = [document for document, _ in (*first, *rest)]
    assert times == sorted(times, reverse=True)
    assert {entry for _, entry in (*first, *rest)} == set(range(1, 10))


def test_a_stretch_of_time_is_a_stretch_of_documents(index: SearchIndex) -> None:
    index.put(lambda: [spoken(n, "offer", at=AT + n * 86_400_000_000) for n in range(5)])
    since, until = document_at(AT + 86_400_000_000), document_at(AT + 3 * 86_400_000_000)
    assert [e for _, e in index.find(('"offer"',), None, after=until, since=since)] == [2, 1]


def test_member_finds_his_own_mail_and_what_his_contacts_wrote(index: SearchIndex) -> None:
    index.put(
        lambda: [
            spoken(1, "offer", may=ANNA),
            spoken(2, "offer", may=BOB),
            spoken(3, "offer", may=of_contact(7)),
            spoken(4, "offer", may=of_mailbox("bob@corp.example")),
        ]
    )
    assert sorted(found(index, "offer", Finders(BOB, (of_contact(7),)))) == [2, 3]
    assert sorted(found(index, "offer")) == [1, 2, 3, 4]


def test_recipients_are_found_by_sender_and_admin_alone(index: SearchIndex) -> None:
    index.put(
        lambda: [spoken(1, "offer", known="eve@blind.example", may=f"{ANNA} {of_contact(7)}")]
    )
    assert found(index, "eve", Finders(ANNA)) == [1]
    assert found(index, "eve") == [1]
    assert found(index, "eve", Finders(BOB, (of_contact(7),))) == []


def test_what_is_put_again_is_found_by_its_new_words_alone(index: SearchIndex) -> None:
    index.put(lambda: [spoken(1, "offer")])
    index.put(lambda: [spoken(1, "invoice")])
    assert (found(index, "offer"), found(index, "invoice")) == ([], [1])


def test_what_is_forgotten_leaves_nothing_in_any_file(index: SearchIndex, tmp_path: Path) -> None:
    index.put(lambda: [spoken(n, f"quokka{n} zyzzyva") for n in range(300)])
    index.put(lambda: [spoken(999, "harmless")])
    octets = b"".join(file.read_bytes() for file in tmp_path.glob(f"{FILE}*"))
    assert b"quokka" in octets
    index.forget(range(300))
    assert found(index, "zyzzyva") == []
    octets = b"".join(file.read_bytes() for file in tmp_path.glob(f"{FILE}*"))
    assert b"quokka" not in octets
    assert b"zyzzyva" not in octets
    assert found(index, "harmless") == [999]


def test_what_is_kept_no_longer_goes(index: SearchIndex) -> None:
    later = AT + 1
    index.put(lambda: [spoken(1, "offer", kept=AT), spoken(2, "offer", kept=later)])
    assert index.expire() == 1
    assert found(index, "offer") == [2]


def test_a_reader_that_fails_changes_nothing(index: SearchIndex) -> None:
    index.put(lambda: [spoken(1, "offer")])

    def failing() -> Iterator[Spoken]:
        yield spoken(1, "invoice")
        raise LookupError

    with pytest.raises(LookupError):
        index.put(failing)
    assert found(index, "offer") == [1]


@given(text=st.text(min_size=1, max_size=80))
def test_any_text_is_found_by_all_of_its_words(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    clock = datetime(2026, 1, 1, tzinfo=UTC)
    folder = tmp_path_factory.mktemp("index")
    with SearchIndex(folder, clock=lambda: clock) as index:
        index.put(lambda: [spoken(1, text)])
        assert not asked_of(text) or found(index, text) == [1]


def test_index_of_other_marks_is_made_anew(tmp_path: Path) -> None:
    with SearchIndex(tmp_path) as index:
        index.put(lambda: [spoken(1, "offer")])
        index._connection.execute("PRAGMA user_version = 1")
    with SearchIndex(tmp_path) as index:
        assert index.reach() is None
        index.put(lambda: [spoken(1, "offer")])
    with SearchIndex(tmp_path) as index:
        assert found(index, "offer") == [1]
