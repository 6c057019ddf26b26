from __future__ import annotations

import base64
import time

import pytest

from gateway.mail import limits
from gateway.mail.decode import cut
from gateway.mail.heading import read_heading
from gateway.mail.mime import Tree
from gateway.model.message import Part
from tests.mail.build import letter, multipart, read, wire


def tree(octets: bytes) -> Tree:
    found = Tree(octets)
    found.read(read_heading(octets))
    return found


def shape(octets: bytes) -> list[tuple[str, str]]:
    return [(part.number, part.media_type) for part in tree(octets).parts]


def codes(octets: bytes) -> list[str]:
    return [defect.code for defect in tree(octets).defects]


def body(octets: bytes, part: Part) -> bytes:
    return b"".join(cut(octets, part.chain))


def test_a_plain_letter_is_one_part() -> None:
    octets = letter("Hello\n")
    (part,) = tree(octets).parts
    assert (part.number, part.media_type, part.charset) == ("1", "text/plain", "utf-8")
    assert body(octets, part) == b"Hello\r\n"


def test_a_multipart_is_taken_apart_and_its_line_ends_belong_to_the_boundary() -> None:
    octets = multipart("mixed", "\none\n", "Content-Type: text/html\n\ntwo")
    parts = tree(octets).parts
    assert shape(octets) == [("1", "multipart/mixed"), ("1.1", "text/plain"), ("1.2", "text/html")]
    assert [body(octets, part) for part in parts[1:]] == [b"one\r\n", b"two"]


def test_parts_are_numbered_by_depth() -> None:
    inner = 'Content-Type: multipart/alternative; boundary="c"\n\n--c\n\nx\n--c\n\ny\n--c--\n'
    assert [number for number, _ in shape(multipart("mixed", inner, "\nz"))] == [
        "1", "1.1", "1.1.1", "1.1.2", "1.2",
    ]  # fmt: skip


def test_an_outer_boundary_ends_an_inner_multipart() -> None:
    inner = 'Content-Type: multipart/alternative; boundary="c"\n\n--c\n\nx'
    octets = multipart("mixed", inner, "\nz")
    assert body(octets, tree(octets).parts[2]) == b"x"
    assert "multipart-without-end" in codes(octets)


def test_a_boundary_that_begins_like_another_is_another() -> None:
    inner = 'Content-Type: multipart/alternative; boundary="bb"\n\n--bb\n\nx\n--bb--\n'
    assert [number for number, _ in shape(multipart("mixed", inner))] == ["1", "1.1", "1.1.1"]


def test_a_boundary_inside_a_line_is_text() -> None:
    octets = multipart("mixed", "\nsee --b here\n--bx\n")
    assert body(octets, tree(octets).parts[1]) == b"see --b here\r\n--bx\r\n"


def test_white_space_behind_a_boundary_is_allowed() -> None:
    octets = letter("--b \n\nx\n--b-- \n", Content_Type="multipart/mixed; boundary=b")
    assert body(octets, tree(octets).parts[1]) == b"x"


def test_what_follows_the_last_boundary_is_no_part() -> None:
    octets = multipart("mixed", "\nx") + b"--b\r\n\r\nghost\r\n"
    assert len(tree(octets).parts) == 2


@pytest.mark.parametrize(
    ("content_type", "text", "code"),
    [
        ("multipart/mixed", "--b\n\nx\n", "multipart-without-boundary"),
        ("multipart/mixed; boundary=b", "no parts\n", "multipart-without-parts"),
        ("multipart/mixed; boundary=b", "--b--\n", "multipart-without-parts"),
    ],
)
def test_a_multipart_that_is_none_is_a_text(content_type: str, text: str, code: str) -> None:
    octets = letter(text, Content_Type=content_type)
    assert shape(octets) == [("1", "text/plain")]
    assert codes(octets) == [code]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Words.\n--b--\nghost\n", "Words."),
        ("Words --b-- more.\n", "Words --b-- more."),
        ("--b--\nghost\n", ""),
    ],
)
def test_of_a_multipart_without_parts_what_stands_before_its_end_is_shown(
    text: str, shown: str
) -> None:
    assert read(letter(text, Content_Type="multipart/mixed; boundary=b")).text.strip() == shown


def test_words_behind_a_delimiter_are_noted_for_others_see_a_part_there() -> None:
    octets = letter(
        "--b\n\nx\n--b ghost\nContent-Type: text/html\n\ny\n--bc\n--b--\n",
        Content_Type="multipart/mixed; boundary=b",
    )
    assert (len(tree(octets).parts), codes(octets)) == (2, ["words-behind-delimiter"])


def test_a_long_boundary_still_cuts_and_is_noted() -> None:
    boundary = "x" * 300
    octets = letter(
        f"--{boundary}\n\nx\n--{boundary}--\n",
        Content_Type=f"multipart/mixed; boundary={boundary}",
    )
    assert (len(tree(octets).parts), codes(octets)) == (2, ["boundary-too-long"])


@pytest.mark.parametrize(
    ("field", "encoding"),
    [
        ("base64", "base64"),
        ("BASE64 ", "base64"),
        ("Quoted-Printable (comment)", "quoted-printable"),
        ("x-uuencode", "uuencode"),
        ("8bit", "identity"),
        ("", "identity"),
    ],
)
def test_transfer_encodings_as_clients_write_them(field: str, encoding: str) -> None:
    (part,) = tree(letter("x", Content_Transfer_Encoding=field)).parts
    assert part.chain[0].encoding == encoding


def test_an_unknown_transfer_encoding_is_none_and_noted() -> None:
    assert codes(letter("x", Content_Transfer_Encoding="rot13")) == ["unknown-transfer-encoding"]


def test_an_encoded_multipart_is_not_and_noted() -> None:
    octets = multipart("mixed", "\nx", Content_Transfer_Encoding="base64")
    assert (len(tree(octets).parts), codes(octets)) == (2, ["encoded-multipart"])


@pytest.mark.parametrize(
    ("content_type", "media_type"),
    [
        ("text", "text/plain"),
        ("", "text/plain"),
        ("text/html", "text/html"),
        ("a/b/c", "text/plain"),
    ],
)
def test_what_is_no_media_type_is_text(content_type: str, media_type: str) -> None:
    assert shape(letter("x", Content_Type=content_type)) == [("1", media_type)]


@pytest.mark.parametrize(
    ("field", "disposition", "name"),
    [
        ('attachment; filename="a.txt"', "attachment", "a.txt"),
        ("INLINE", "inline", ""),
        ("something", "attachment", ""),
        ('filename="a.txt"', "attachment", "a.txt"),
        ("", "", ""),
    ],
)
def test_dispositions_as_clients_write_them(field: str, disposition: str, name: str) -> None:
    (part,) = tree(letter("x", Content_Disposition=field)).parts
    assert (part.disposition, part.filename) == (disposition, name)


def test_two_file_names_are_noted_and_that_of_the_disposition_counts() -> None:
    octets = letter(
        "x", Content_Type="image/png; name=a.png", Content_Disposition="inline; filename=b.png"
    )
    assert tree(octets).parts[0].filename == "b.png"
    assert codes(octets) == ["two-filenames"]


@pytest.mark.parametrize(("value", "size"), [("12", 12), ("x", None), ("9" * 20, None)])
def test_a_declared_size_is_kept(value: str, size: int | None) -> None:
    octets = letter("x", Content_Disposition=f"attachment; size={value}")
    assert tree(octets).parts[0].declared_size == size


def test_a_content_id_loses_its_brackets() -> None:
    assert tree(letter("x", Content_ID="<logo@x>")).parts[0].content_id == "logo@x"


def test_two_content_types_in_one_part_are_noted() -> None:
    octets = multipart("mixed", "Content-Type: text/plain\nContent-Type: text/html\n\nx")
    assert shape(octets)[1] == ("1.1", "text/plain")
    assert codes(octets) == ["duplicate-field"]


def test_the_same_content_type_twice_in_one_part_is_no_doubt() -> None:
    octets = multipart("mixed", "Content-Type: text/plain\nContent-Type: text/plain\n\nx")
    assert codes(octets) == []


INNER = "From: in@x\nSubject: inner\nContent-Type: text/html\n\ninside"


def test_an_attached_message_is_read() -> None:
    octets = multipart("mixed", f"Content-Type: message/rfc822\n\n{INNER}")
    part = tree(octets).parts[-1]
    assert (part.number, part.media_type, body(octets, part)) == ("1.1.1", "text/html", b"inside")


def test_an_attached_message_in_base64_is_read_through_its_chain() -> None:
    encoded = base64.encodebytes(wire(INNER)).decode()
    head = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64"
    octets = multipart("mixed", f"{head}\n\n{encoded}")
    part = tree(octets).parts[-1]
    assert len(part.chain) == 2
    assert body(octets, part) == b"inside"


def test_the_parts_of_a_digest_are_messages() -> None:
    octets = multipart("digest", f"\n{INNER}")
    assert shape(octets)[1:] == [("1.1", "message/rfc822"), ("1.1.1", "text/html")]


def test_a_large_encoded_message_is_cut_and_noted() -> None:
    encoded = base64.encodebytes(b"From: a@x\n\n" + b"x" * limits.NESTED_OCTETS).decode()
    head = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64"
    assert "nested-message-cut" in codes(letter(f"{encoded}", Content_Type="message/rfc822",
                                                Content_Transfer_Encoding="base64"))  # fmt: skip
    assert head


def test_messages_in_messages_are_followed_to_a_depth() -> None:
    octets = b"Content-Type: message/rfc822\r\n\r\n" * 20 + b"\r\nx"
    assert len(tree(octets).parts) == limits.NESTED_MESSAGES + 1
    assert codes(octets) == ["nested-too-deep"]


def test_multiparts_in_multiparts_are_followed_to_a_depth() -> None:
    octets = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(80)
    )
    found = tree(octets)
    assert max(part.depth for part in found.parts) == limits.DEPTH
    assert "too-deep" in [defect.code for defect in found.defects]


def test_a_multipart_of_ten_thousand_parts_is_cut_and_noted() -> None:
    octets = multipart("mixed", *["\nx"] * 10_000)
    began = time.perf_counter()
    found = tree(octets)
    assert time.perf_counter() - began < 1
    assert len(found.parts) == limits.PARTS
    assert [defect.code for defect in found.defects] == ["too-many-parts"]


def test_defects_have_an_end() -> None:
    part = "Content-Transfer-Encoding: x\nContent-Disposition: a; filename=a; filename=b\n\nx"
    assert len(tree(multipart("mixed", *[part] * 500)).defects) == limits.DEFECTS


def test_delimiters_behind_each_other_hold_no_part() -> None:
    octets = letter("--b\n--b\n\nx\n--b\n--b--\n", Content_Type="multipart/mixed; boundary=b")
    assert shape(octets) == [("1", "multipart/mixed"), ("1.1", "text/plain")]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("These are words, not base64 at all.\n", "identity"),
        ("<p>html</p>\n", "identity"),
        ("VGhlc2UgYXJlIHdvcmRz\n", "base64"),
        ("VGhl c2Ug YXJl\n", "base64"),
    ],
)
def test_a_text_that_only_says_it_is_base64_is_shown(text: str, encoding: str) -> None:
    octets = letter(text, Content_Transfer_Encoding="base64")
    assert tree(octets).parts[0].chain[0].encoding == encoding
    assert ("false-base64" in codes(octets)) is (encoding == "identity")
