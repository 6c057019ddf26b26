"""What is measured of a large message before all of it is there: as by who reads all of it."""

from __future__ import annotations

import base64
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.mail.ahead import Ahead, Foreseen
from gateway.mail.reading import read_heading, read_message
from gateway.model.message import Message, Span
from tests.mail.build import letter, multipart
from tests.mail.fuzz import originals_of
from tests.mail.test_reading import PIECES

FILE = bytes(range(256)) * 300


def encoded(octets: bytes = FILE) -> str:
    return base64.encodebytes(octets).decode()


def part(body: str, media_type: str = "application/pdf") -> str:
    return f"Content-Type: {media_type}\nContent-Transfer-Encoding: base64\n\n{body}"


def fed(octets: bytes, pieces: list[int]) -> Ahead:
    """Return what is known of octets that came in pieces which end there."""
    ahead = Ahead()
    ends = sorted({stop for stop in pieces if stop < len(octets)})
    for start, stop in zip([0, *ends], [*ends, len(octets)], strict=True):
        ahead.feed(octets[start:stop])
    return ahead


def foreseen(octets: bytes, ahead: Ahead | None) -> Foreseen:
    with tempfile.TemporaryFile() as file:
        file.write(octets)
        file.flush()
        held = Foreseen(file.fileno(), 0)
    held.ahead = ahead
    return held


def read_with(octets: bytes, ahead: Ahead | None) -> Message:
    held = foreseen(octets, ahead)
    return read_message(held, read_heading(held))


def files_of(octets: bytes) -> list[Span]:
    message = read_with(octets, None)
    return [found.chain[0] for found in message.attachments]


def measured(octets: bytes, pieces: list[int] | None = None) -> list[bool]:
    """Return of each file whether it was measured before."""
    ahead = fed(octets, pieces or [])
    return [ahead.measured((span,)) is not None for span in files_of(octets)]


@pytest.mark.parametrize("ends", [[], [10], list(range(0, 200_000, 7)), [60_000, 60_001]])
def test_a_file_in_base64_is_measured(ends: list[int]) -> None:
    assert measured(multipart("mixed", "\ntext", part(encoded())), ends) == [True]


def test_each_of_several_files_is_measured() -> None:
    octets = multipart("mixed", part(encoded()), part(encoded(b"x" * 100_000)), part(encoded(b"")))
    assert measured(octets) == [True] * 3


def test_a_file_within_a_forwarded_message_is_measured() -> None:
    inner = f"Content-Type: multipart/mixed; boundary=in\n\n--in\n{part(encoded())}--in--\n"
    octets = multipart("mixed", f"Content-Type: message/rfc822\n\n{inner}")
    start = octets.index(encoded().encode()[:40])
    stop = octets.index(b"\r\n--in--")
    assert fed(octets, []).measured((Span(start, stop, "base64"),)) is not None


def test_what_is_known_is_not_measured_again() -> None:
    class Sure(Ahead):
        def measured(self, chain: tuple[Span, ...]) -> tuple[int, bytes]:
            return 7, b"digest"

    (found,) = read_with(multipart("mixed", part(encoded())), Sure()).attachments
    assert (found.size, found.sha256) == (7, b"digest")


@pytest.mark.parametrize(
    "body",
    [
        encoded()[:-5],
        encoded() + "words behind it\n",
        encoded().replace("\n", "", 1)[1:],
        "====\n" + encoded(),
    ],
)
def test_a_file_that_is_not_sound_is_left_to_the_reader(body: str) -> None:
    octets = multipart("mixed", part(body), "\ntext")
    assert read_with(octets, fed(octets, [])) == read_with(octets, None)


def test_a_file_without_line_ends_is_left_to_the_reader_once_it_is_large() -> None:
    octets = multipart("mixed", part("QUJD" * 400_000))
    assert measured(octets, list(range(0, 2_000_000, 65_536))) == [False]


def test_a_message_of_nothing_but_dashes_is_given_up() -> None:
    ahead = fed(b"\n--\n" * 5_000, [])
    assert not ahead.knows_lines


def test_a_file_whose_end_has_not_come_is_not_measured() -> None:
    octets = multipart("mixed", part(encoded()))
    assert measured(octets[: len(octets) // 2]) == [False]


@settings(deadline=None)
@given(st.lists(PIECES, max_size=40), st.lists(st.integers(1, 500), max_size=8), st.booleans())
def test_any_octets_are_read_the_same_with_it(
    pieces: list[bytes], ends: list[int], crlf: bool
) -> None:
    octets = b"".join(pieces) + b"x"
    octets = octets.replace(b"\n", b"\r\n") if crlf else octets
    assert read_with(octets, fed(octets, ends)) == read_with(octets, None)


@pytest.mark.parametrize("seed", range(20))
def test_a_tree_of_files_is_read_the_same_with_it(seed: int) -> None:
    rng = random.Random(seed)
    bodies = [part(encoded(rng.randbytes(rng.randrange(5_000)))) for _ in range(rng.randrange(9))]
    octets = multipart("mixed", letter("x", subject="first").decode(), *bodies, "\n--b-\n--\n-")
    ends = [rng.randrange(len(octets)) for _ in range(rng.randrange(30))]
    assert read_with(octets, fed(octets, ends)) == read_with(octets, None)


def test_real_mail_is_read_the_same_with_it(real_mail: Path) -> None:
    rng = random.Random(1)
    for octets in originals_of(real_mail):
        ends = [rng.randrange(len(octets) + 1) for _ in range(rng.randrange(20))]
        if octets:
            assert read_with(octets, fed(octets, ends)) == read_with(octets, None)
