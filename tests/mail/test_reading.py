"""The promises of the whole package: any octets, their ranges, their time."""

from __future__ import annotations

import hashlib
import mmap
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.mail import limits
from gateway.mail.decode import cut
from gateway.mail.reading import read_heading, read_message
from gateway.model.message import Message
from tests.mail.build import letter, multipart, read
from tests.mail.hostile import HOSTILE

PIECES = st.sampled_from(
    [
        b"\r\n",
        b"\n\n",
        b"--b\r\n",
        b"--b--\r\n",
        b"--c\n",
        b"From: a@x\n",
        b"Subject: =?utf-8?Q?=C3?= ",
        b"Content-Type: multipart/mixed; boundary=b\n",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=c\n",
        b"Content-Type: message/rfc822\n",
        b"Content-Type: message/delivery-status\n",
        b"Content-Type: text/html; charset=utf-16\n",
        b"Content-Type: application/ms-tnef\n",
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Disposition: attachment; filename*0*=utf-7''+2AA-\n",
        b"Final-Recipient: rfc822;a@x\nAction: failed\n",
        b"Auto-Submitted: auto-replied\n",
        b"X-Failed-Recipients: a@x\n",
        b"Date: Mon, 1 Jan 2026 0:0 +9999\n",
        b"From: Ann <a@x>\nTo: b\nDate: c\n",
        b"-----Original Message-----\n",
        b"On 1.1.2026 a@x wrote:\n",
        b"> ",
        b"begin 644 a\n#86)C\nend\n",
        b"<div><blockquote type=cite>",
        b"\x78\x9f\x3e\x22\x01\x00",
        b"\x1b$B",
        b"\xff\xfe",
        b"xn--\xc3",
        b"YWJj=",
        b"until 5 May",
        b'"',
        b"<",
        b"(",
        b"\0",
    ]
)
OCTETS = st.lists(st.one_of(PIECES, st.binary(max_size=20)), max_size=40).map(b"".join)
OWN = multipart(
    "mixed",
    "Content-Type: text/plain; charset=iso-2022-jp\n\nHello\n\nOn 1.1.2026 a <a@x> wrote:\n> x\n",
    "Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\nYWJjZGVmZ2g=\n",
    'Content-Type: multipart/alternative; boundary="c"\n\n--c\n\nx\n--c\n'
    "Content-Type: text/html\n\n<p>x<img src=cid:a>\n--c--\n",
    "Content-Type: message/rfc822\n\nFrom: in@x\nSubject: s\n\nbody",
    Cc='"Lee, Ann" <a@x>, Team: b@x, c@x;',
    References="<a@x> <b@x>",
)


def check(octets: bytes) -> Message:
    message = read(octets)
    assert 0 <= message.new_text_stop <= len(message.text)
    for file in message.attachments:
        whole = b"".join(cut(octets, file.chain))
        assert (len(whole), hashlib.sha256(whole).digest()) == (file.size, file.sha256)
    for part in message.parts:
        for span in part.chain[:1]:
            assert 0 <= span.start <= span.stop <= len(octets)
    addresses = (*message.heading.authors, *message.heading.to, *message.heading.cc)
    shown = [
        message.text,
        message.heading.subject,
        *(a.name + a.addr_spec + a.key for a in addresses),
    ]
    shown += [file.name for file in message.attachments]
    shown += [f.body + f.subject + f.date for f in message.forwards]
    "".join(shown).encode("utf-8")
    return message


@given(OCTETS)
@settings(max_examples=300, deadline=None)
def test_any_octets_give_a_message(octets: bytes) -> None:
    check(octets)


@given(st.lists(st.tuples(st.integers(0, len(OWN)), st.integers(0, 60), OCTETS), max_size=4))
@settings(max_examples=200, deadline=None)
def test_a_damaged_message_gives_a_message(edits: list[tuple[int, int, bytes]]) -> None:
    octets = OWN
    for at, size, piece in edits:
        octets = octets[:at] + piece + octets[at + size :]
    check(octets)


def test_octets_in_a_map_read_like_octets_in_memory() -> None:
    with mmap.mmap(-1, len(OWN)) as window:
        window[:] = OWN
        assert read_message(window, read_heading(window)) == check(OWN)


def test_a_view_of_memory_reads_like_memory() -> None:
    view = memoryview(OWN)
    assert read_message(view, read_heading(view)) == check(OWN)


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (letter("x"), ""),
        (b"Subject: x\r\n\r\nx", "no usable author"),
        (letter("x", From="root"), "no usable author"),
        (b"", "no usable author"),
    ],
)
def test_a_message_without_a_usable_author_says_so(octets: bytes, why: str) -> None:
    assert read(octets).unparseable == why


@pytest.mark.parametrize("octets", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_octets_are_read_within_a_second(octets: bytes) -> None:
    began = time.process_time()
    read(octets)
    assert time.process_time() - began < 1


def test_a_hostile_message_of_twice_the_size_takes_no_more_than_thrice_the_time() -> None:
    def took(count: int) -> float:
        octets = letter("From: x\nOn 1.1.2026 a@x wrote:\n> " * count, subject="Fwd: x")
        began = time.process_time()
        read(octets)
        return time.process_time() - began

    small, large = (min(took(count) for _ in range(3)) for count in (20_000, 40_000))
    assert large < 3 * small + 0.02


@pytest.mark.parametrize("line", ["On 1 May 2026 Joe wrote:\n", "Date : x\n", "1 May 写道：\n"])
def test_more_lines_that_could_begin_an_older_message_than_are_looked_at_are_noted(
    line: str,
) -> None:
    many = read(letter(line * (limits.SEAMS + 1), Content_Type="text/plain; charset=utf-8"))
    assert [defect.code for defect in many.defects] == ["too-many-seams"]


@pytest.mark.parametrize("line", ["On 1 May 2026 Joe wrote:\n", "Date : x\n", "1 May 写道：\n"])
def test_as_many_lines_that_could_begin_an_older_message_as_are_looked_at_are_no_defect(
    line: str,
) -> None:
    assert not read(letter(line * limits.SEAMS, Content_Type="text/plain; charset=utf-8")).defects
