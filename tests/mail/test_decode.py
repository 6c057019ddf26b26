from __future__ import annotations

import base64
import binascii
import hashlib
import mmap
import quopri
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail import limits
from gateway.mail.decode import cut, cut_noting, cut_whole, find
from gateway.model.message import Span


def whole(octets: bytes, *encodings: str) -> bytes:
    span = Span(0, len(octets), encodings[0])
    chain = (span, *(Span(0, 10**9, encoding) for encoding in encodings[1:]))
    return b"".join(cut(octets, chain))


def damage(octets: bytes, encoding: str) -> list[str]:
    noted: list[str] = []
    list(cut_noting(octets, (Span(0, len(octets), encoding),), noted))
    return noted


@given(st.binary(max_size=5000), st.sampled_from([b"\n", b"\r\n"]))
def test_base64_gives_back_what_was_encoded(octets: bytes, end: bytes) -> None:
    assert whole(base64.encodebytes(octets).replace(b"\n", end), "base64") == octets


@given(st.binary(max_size=2000))
def test_quoted_printable_gives_back_what_was_encoded(octets: bytes) -> None:
    encoded = quopri.encodestring(octets)
    assert whole(encoded, "quoted-printable") == binascii.a2b_qp(encoded)


def test_large_parts_come_in_windows() -> None:
    octets = bytes(range(256)) * 2000
    encoded = base64.encodebytes(octets)
    windows = list(cut(encoded, (Span(0, len(encoded), "base64"),)))
    assert max(map(len, windows)) <= limits.WINDOW_OCTETS
    assert b"".join(windows) == octets


@pytest.mark.parametrize(
    ("encoded", "decoded", "noted"),
    [
        (b"YWJj\nZGVm\n", b"abcdef", []),
        (b"YWJjZA==\n", b"abcd", []),
        (b"YWJjZA==\n\n", b"abcd", []),
        (b"YWJjZA==\nxxxx\n", b"abcd", ["base64-after-padding"]),
        (b"YWJj\nZGV\n", b"abcde", ["base64-without-padding"]),
        (b"YWJj\nZ\n", b"abc", ["base64-cut"]),
        (b"YW!Jj\n", b"abc", []),
        (b"Y WJj ZA = =\n", b"abcd", []),
        (b"=YWJj\n", b"abc", []),
        (b"YWJjZA=ZGVm\n", b"abcd\x06FV", ["base64-without-padding"]),
        (b"YWJjZA==ZGVm\n", b"abcd", ["base64-after-padding"]),
        (b"", b"", []),
        (b"====\n", b"", []),
        (b"YWJjZ\nGVm", b"abcdef", []),
        (b"YWJjZA", b"abcd", ["base64-without-padding"]),
        (b"YWJj\nZGVm", b"abcdef", []),
    ],
)
def test_base64_in_all_states_of_damage(encoded: bytes, decoded: bytes, noted: list[str]) -> None:
    assert whole(encoded, "base64") == decoded
    assert damage(encoded, "base64") == noted


def test_padding_split_between_windows_ends_base64() -> None:
    encoded = b"!" * (limits.WINDOW_OCTETS - 3) + b"YQ=" + b"=\nYWJjx"
    noted: list[str] = []
    windows = cut_noting(encoded, (Span(0, len(encoded), "base64"),), noted)
    assert b"".join(windows) == b"a"


def test_octets_behind_the_padding_of_a_former_window_are_damage() -> None:
    encoded = b"Y!Q==" + b"\n" * limits.WINDOW_OCTETS + b"rest"
    assert "base64-after-padding" in damage(encoded, "base64")


def test_long_lines_without_end_are_decoded() -> None:
    octets = b"ab=c\xff" * 30_000
    assert whole(base64.b64encode(octets), "base64") == octets
    encoded = b"".join(b"=%02X" % octet for octet in octets)
    assert whole(encoded, "quoted-printable") == octets


def test_long_quoted_printable_without_escapes_at_the_window_end_is_decoded() -> None:
    assert whole(b"a" * 100_000, "quoted-printable") == b"a" * 100_000


def uuencoded(octets: bytes) -> bytes:
    rows = [binascii.b2a_uu(octets[at : at + 45]) for at in range(0, len(octets), 45)]
    return b"begin 644 a.bin\n" + b"".join(rows) + b"`\nend\n"


@given(st.binary(max_size=3000))
def test_uuencode_gives_back_what_was_encoded(octets: bytes) -> None:
    assert whole(uuencoded(octets), "uuencode") == octets


@pytest.mark.parametrize(
    ("encoded", "decoded", "noted"),
    [
        (b"begin 644 a\r\n#86)C\r\n`\r\nend\r\nrest", b"abc", []),
        (b"begin 644 a\n#86)C\nend", b"abc", []),
        (b"begin 644 a\n#86)C", b"abc", []),
        (b"begin 644 a\n#86)C!!!\nend", b"abc", []),
        (b"begin 644 a\n\xff\xff\nend\n", b"", ["uuencode-damaged"]),
        (b"no begin\n#86)C\n", b"", []),
        (b"begin 644 a\n\n#86)C\n", b"abc", []),
    ],
)
def test_uuencode_in_all_states_of_damage(encoded: bytes, decoded: bytes, noted: list[str]) -> None:
    assert whole(encoded, "uuencode") == decoded
    assert damage(encoded, "uuencode") == noted


def test_a_uuencoded_line_without_end_is_dropped() -> None:
    assert "uuencode-damaged" in damage(b"begin 644 a\n" + b"M" * 200_000, "uuencode")


def test_a_chain_leads_into_what_a_span_decodes_to() -> None:
    inner = b"head\n" + base64.encodebytes(b"secret")
    octets = b"xx" + base64.encodebytes(inner)
    chain = (Span(2, len(octets), "base64"), Span(5, len(inner), "base64"))
    assert b"".join(cut(octets, chain)) == b"secret"


def test_a_span_within_decoded_windows_is_cut_out() -> None:
    inner = bytes(range(256)) * 1000
    octets = base64.encodebytes(inner)
    chain = (Span(0, len(octets), "base64"), Span(100_000, 100_010))
    assert b"".join(cut(octets, chain)) == inner[100_000:100_010]


def test_no_chain_leads_to_nothing() -> None:
    assert list(cut(b"abc", ())) == []


def test_ranges_outside_the_octets_give_what_is_there() -> None:
    assert b"".join(cut(b"abc", (Span(-5, 99),))) == b"abc"


def test_an_unknown_encoding_is_none() -> None:
    assert b"".join(cut(b"YWJj", (Span(0, 4, "yenc"), Span(1, 3, "yenc")))) == b"WJ"


@pytest.mark.parametrize("encoding", ["identity", "quoted-printable", "base64"])
def test_a_whole_part_is_cut_at_its_limit(encoding: str) -> None:
    octets = base64.encodebytes(b"x" * 1000)
    assert len(cut_whole(octets, (Span(0, len(octets), encoding),), 100)) == 100


@pytest.mark.parametrize("encoding", ["identity", "quoted-printable", "base64"])
def test_a_small_part_comes_whole(encoding: str) -> None:
    octets = base64.encodebytes(b"x" * 1000)
    span = (Span(0, len(octets), encoding),)
    assert cut_whole(octets, span, 10**6) == b"".join(cut(octets, span))


@pytest.mark.parametrize("size", [10, 50_000, 400_000])
def test_a_needle_is_found_in_memory_and_map(size: int) -> None:
    octets = b"-" * size + b"--needle" + b"-" * 10
    with mmap.mmap(-1, len(octets)) as window:
        window[:] = octets
        for where in (octets, window):
            assert find(where, b"--needle", 5, len(octets)) == size
            assert find(where, b"--needle", 5, size + 7) == -1
            assert find(where, b"nothing", 0, len(octets)) == -1


def test_a_large_file_takes_a_few_windows_of_memory() -> None:
    import tracemalloc

    octets = base64.encodebytes(b"x" * 5_000_000)
    digest = hashlib.sha256()
    tracemalloc.start()
    for window in cut(octets, (Span(0, len(octets), "base64"),)):
        digest.update(window)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
    assert digest.digest() == hashlib.sha256(b"x" * 5_000_000).digest()


def test_a_span_longer_than_what_is_there_ends_with_it() -> None:
    octets = base64.encodebytes(b"abc")
    assert b"".join(cut(octets, (Span(0, len(octets), "base64"), Span(1, 99)))) == b"bc"


def test_a_large_part_comes_whole() -> None:
    octets = b"x" * 100_000
    assert cut_whole(octets, (Span(0, len(octets)),), 10**6) == octets


def test_what_a_longer_chain_leads_to_comes_whole() -> None:
    octets = base64.encodebytes(b"abc")
    assert cut_whole(octets, (Span(0, len(octets), "base64"), Span(1, 2)), 10**6) == b"b"


def resident_kib(octets: mmap.mmap) -> int:
    """Return what the kernel counts as ours of the only mapping of this size."""
    lines = iter(Path("/proc/self/smaps").read_text().splitlines())
    size = f"{len(octets) // 1024} kB"
    for line in lines:
        if line.startswith("Size:") and line.endswith(size):
            found = {k: v for k, _, v in (next(lines).partition(":") for _ in range(4))}
            return int(found["Rss"].split()[0])
    raise AssertionError("no such mapping")


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux tells")
@pytest.mark.parametrize("start", [0, 4097])
def test_pages_of_a_file_are_given_back_behind_the_cursor(start: int) -> None:
    with tempfile.TemporaryFile() as file:
        file.truncate(8_404_992)
        octets = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    assert find(octets, b"\0-", start, len(octets)) == -1
    assert resident_kib(octets) <= 2100
    assert sum(map(len, cut(octets, (Span(start, len(octets)),)))) == len(octets) - start
    assert resident_kib(octets) <= 2100
