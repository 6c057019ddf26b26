from __future__ import annotations

import base64

import pytest

from gateway.mail.reading import read_heading, read_message
from gateway.mail.scanners import (
    Signature,
    SignatureBook,
    SignatureError,
    compile_signature,
)
from gateway.model.message import Message, ScannerTrace
from tests.mail.build import letter, multipart

HELD: dict[str, object] = {
    "id": "held",
    "product": "P",
    "state": "held",
    "any": [{"where": "filename", "re": "^scan in progress"}],
}
REPLACED: dict[str, object] = {
    "id": "replaced",
    "product": "P",
    "state": "replaced",
    "any": [{"where": "body", "re": r'attachment "(?P<name>[^"]+)" was removed'}],
}


def scan(octets: bytes, *records: dict[str, object]) -> Message:
    signatures = tuple(map(compile_signature, records))
    return read_message(octets, read_heading(octets), signatures)


def file(name: str, octets: bytes = b"x", media_type: str = "application/pdf") -> str:
    return (
        f"Content-Type: {media_type}\nContent-Disposition: attachment; filename={name!r}\n"
        f"Content-Transfer-Encoding: base64\n\n{base64.encodebytes(octets).decode()}"
    ).replace("'", '"')


def record(where: str, pattern: str, state: str = "tagged", **more: object) -> dict[str, object]:
    clue = {"where": where, "re": pattern}
    return {"id": "r", "product": "P", "state": state, "any": [clue], **more}


def test_a_placeholder_is_pending() -> None:
    message = scan(multipart("mixed", "\nHello", file("Scan in progress.eml")), HELD)
    assert message.scanner == (ScannerTrace("P", "held", "Scan in progress.eml"),)
    assert message.attachments[0].state == "pending"


def test_a_notice_in_a_small_text_names_what_was_removed() -> None:
    octets = multipart(
        "mixed", "\nHello", file("w.txt", b'The attachment "a.exe" was removed', "text/plain")
    )
    assert scan(octets, REPLACED).scanner == (ScannerTrace("P", "replaced", "a.exe"),)


@pytest.mark.parametrize(
    ("where", "pattern"),
    [
        ("subject", "hello"),
        ("header", "^x-scanned: yes"),
        ("type", "^text/plain$"),
        ("body", "new words"),
        ("filename", "^a.pdf$"),
    ],
)
def test_each_place_is_searched(where: str, pattern: str) -> None:
    octets = multipart("mixed", "\nNew words.", file("a.pdf"), X_Scanned="yes")
    assert len(scan(octets, record(where, pattern)).scanner) == 1


def test_a_notice_in_the_quotation_is_no_news() -> None:
    text = 'New.\n\nOn Mon, 9 Nov 2026 Ann <a@x> wrote:\n> The attachment "a" was removed\n'
    assert scan(letter(text), REPLACED).scanner == ()


def test_a_notice_at_the_end_of_a_long_text_is_found() -> None:
    text = "word " * 2000 + 'The attachment "a" was removed'
    assert len(scan(letter(text), REPLACED).scanner) == 1


def test_a_record_may_need_several_clues() -> None:
    clues = [{"where": "subject", "re": "hello"}, {"where": "body", "re": "removed"}]
    needy: dict[str, object] = {"id": "r", "state": "stripped", "any": clues, "need": 2}
    assert scan(letter("removed"), needy).scanner == (ScannerTrace("r", "stripped"),)
    assert scan(letter("nothing"), needy).scanner == ()


@pytest.mark.parametrize(
    ("parts", "fields", "found"),
    [
        ((file("a.pdf", b"x" * 100),), {}, True),
        ((file("a.pdf", b""),), {}, True),
        ((file("a.pdf", b"x" * 1000),), {}, False),
        ((), {"X_MS_Has_Attach": "yes"}, True),
        ((), {"X_MS_Has_Attach": ""}, False),
        (
            ("Content-Type: image/png\nContent-Disposition: attachment; size=9; filename=a\n\n",),
            {},
            True,
        ),
    ],
)
def test_structure_strengthens_a_doubtful_record(
    parts: tuple[str, ...], fields: dict[str, str], found: bool
) -> None:
    doubtful = record("subject", "hello", confidence=0.3)
    assert bool(scan(multipart("mixed", "\nx", *parts, **fields), doubtful).scanner) is found


def test_without_records_nothing_is_found() -> None:
    assert scan(letter("removed")).scanner == ()


def test_records_that_say_the_same_leave_one_trace() -> None:
    assert len(scan(letter("x"), record("subject", "hello"), record("body", "x")).scanner) == 1


def test_a_record_is_compiled_with_its_defaults() -> None:
    signature = compile_signature(
        {"id": "r", "state": "held", "any": [{"where": "body", "re": "x"}]}
    )
    assert (signature.product, signature.need, signature.confidence) == ("r", 1, 1.0)
    assert isinstance(signature, Signature)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"state": "gone"}, "state 'gone'"),
        ({"any": []}, "at least one clue"),
        ({"any": "x"}, "at least one clue"),
        ({"any": ["x"]}, "needs `where`"),
        ({"any": [{"where": "moon", "re": "x"}]}, "needs `where`"),
        ({"any": [{"where": "body", "re": "("}]}, "is no pattern"),
        ({"any": [{"where": "body", "re": "x*"}]}, "matches anything"),
        ({"need": 2}, "need must be"),
        ({"need": "1"}, "need must be"),
        ({"confidence": 2}, "confidence must be"),
        ({"confidence": "x"}, "confidence must be"),
    ],
)
def test_a_record_that_cannot_be_used_says_why(bad: dict[str, object], says: str) -> None:
    with pytest.raises(SignatureError, match=says):
        compile_signature({**record("body", "x"), **bad})


def test_a_record_without_id_is_still_named() -> None:
    with pytest.raises(SignatureError, match="a record without id"):
        compile_signature({"state": "gone"})


@pytest.mark.parametrize(
    ("clue", "found"),
    [
        ({"where": "header", "field": "x-scan"}, True),
        ({"where": "header", "field": "x-*can", "text": "FOUND"}, True),
        ({"where": "header", "field": "x-scan*", "text": "lost"}, False),
        ({"where": "header", "field": "x-other"}, False),
        ({"where": "header", "field": "y-*"}, False),
        ({"where": "header", "field": "x-scan", "re": "^found$"}, True),
        ({"where": "header", "field": "x-scan", "re": "^x-scan"}, False),
        ({"where": "header", "text": "x-scan: found"}, True),
        ({"where": "subject", "text": "HELLO"}, True),
        ({"where": "body", "text": "new words", "re": "^old"}, False),
    ],
)
def test_words_and_fields_are_clues_too(clue: dict[str, str], *, found: bool) -> None:
    wanted: dict[str, object] = {"id": "r", "state": "tagged", "any": [clue]}
    assert bool(scan(letter("New words.", X_Scan="Found"), wanted).scanner) is found


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"where": "body", "field": "x-scan"}, "goes with"),
        ({"where": "header", "field": "*"}, "one \\* beside"),
        ({"where": "header", "field": "x-*-*"}, "one \\* beside"),
        ({"where": "body", "text": " a "}, "at least 3"),
        ({"where": "body"}, "needs `text`"),
        ({"where": "body", "txt": "abc"}, "'txt' is no key of it; allowed are field, re"),
    ],
)
def test_a_clue_that_cannot_be_used_says_why(bad: dict[str, object], says: str) -> None:
    with pytest.raises(SignatureError, match=says):
        compile_signature({"id": "r", "state": "held", "any": [bad]})


def test_a_record_with_an_unknown_key_is_refused() -> None:
    with pytest.raises(SignatureError, match="'stat' is no key of it"):
        compile_signature(record("body", "x", stat="held"))


def test_a_book_holds_its_signatures_in_order() -> None:
    book = SignatureBook(map(compile_signature, (HELD, REPLACED)))
    assert [one.ident for one in book] == ["held", "replaced"]
    assert [one.ident for one in book[1:]] == ["replaced"]
    assert len(book) == 2


def test_one_of_several_fields_is_enough_where_one_is_needed() -> None:
    clues = [{"where": "header", "field": "x-other"}, {"where": "header", "field": "x-scan"}]
    either: dict[str, object] = {"id": "r", "state": "scanned", "any": clues}
    octets = letter("New words.", X_Scan="Found")
    assert len(scan(octets, either).scanner) == 1
    assert scan(octets, {**either, "need": 2}).scanner == ()


def test_a_book_goes_on_finding_fields_after_it_met_ever_so_many() -> None:
    clue = {"where": "header", "field": "x-scan*"}
    book = SignatureBook([compile_signature({"id": "r", "state": "scanned", "any": [clue]})])
    for start in range(0, 6000, 1500):
        octets = letter("x", **{f"Y{number}": "1" for number in range(start, start + 1500)})
        assert read_message(octets, read_heading(octets), book).scanner == ()
    for _ in range(2):
        octets = letter("x", X_Scanned="yes")
        assert len(read_message(octets, read_heading(octets), book).scanner) == 1
