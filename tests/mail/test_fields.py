from __future__ import annotations

import mmap

import pytest

from gateway.mail import limits
from gateway.mail.fields import split_fields, unfold


def codes(octets: bytes) -> list[str]:
    return [defect.code for defect in split_fields(octets)[2]]


def test_names_are_lower_case_and_values_keep_their_folds() -> None:
    fields, size, _ = split_fields(b"Subject: a\r\n b\r\nTO: c\r\n\r\nbody")
    assert [(f.name, f.value) for f in fields] == [("subject", b"a\r\n b"), ("to", b"c")]
    assert size == 25


def test_white_space_before_the_colon_is_allowed() -> None:
    assert split_fields(b"Subject : a\n\n")[0][0].value == b"a"


def test_a_lone_carriage_return_ends_no_field() -> None:
    fields, _, _ = split_fields(b"Subject: a\rBcc: e@x\r\n\r\n")
    assert [f.name for f in fields] == ["subject"]


def test_a_line_that_is_no_field_ends_the_section() -> None:
    fields, size, defects = split_fields(b"A: 1\nno field here\nB: 2\n\n")
    assert ([f.name for f in fields], size) == (["a"], 5)
    assert [d.code for d in defects] == ["header-without-end"]


def test_fields_without_a_body_need_no_empty_line() -> None:
    assert codes(b"A: 1\nB: 2") == []


@pytest.mark.parametrize("line", [b"From a@b Mon Jan  1 00:00:00 2026\n", b">From a@b\n"])
def test_an_mbox_line_is_passed_over(line: bytes) -> None:
    fields, _, defects = split_fields(line + b"A: 1\n\nx")
    assert [f.name for f in fields] == ["a"]
    assert [d.code for d in defects] == ["mbox-line"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_the_empty_line_behind_an_mbox_line_counts(end: bytes) -> None:
    octets = b"From a@b\nA: 1\n" + end + b"x"
    assert octets[split_fields(octets)[1] :] == b"x"


def test_a_from_field_with_a_space_is_no_mbox_line() -> None:
    fields, _, _ = split_fields(b"From : a@b\nno field\n\n")
    assert fields[0].value == b"a@b"


def test_no_octets_are_no_fields() -> None:
    assert split_fields(b"") == ((), 0, [])


def test_an_empty_section_ends_at_once() -> None:
    assert split_fields(b"\r\nbody")[:2] == ((), 2)


def test_a_folded_line_at_the_start_makes_no_field() -> None:
    fields, _, _ = split_fields(b" foo: bar\nA: 1\n\n")
    assert [f.name for f in fields] == ["a"]


def test_a_huge_field_is_cut_and_noted() -> None:
    fields, _, defects = split_fields(b"A: " + b"x" * 100_000 + b"\n\n")
    assert len(fields[0].value) == limits.FIELD_OCTETS
    assert defects[0].code == "field-too-long"


def test_too_many_fields_are_cut_and_noted() -> None:
    fields, _, defects = split_fields(b"A: 1\n" * 2500 + b"\n")
    assert (len(fields), defects[0].code) == (limits.FIELDS, "too-many-fields")


def test_a_huge_section_is_read_up_to_its_limit() -> None:
    octets = (b"A: " + b"x" * 900 + b"\n") * 1500 + b"\nbody"
    fields, size, defects = split_fields(octets)
    assert octets[size:] == b"body"
    assert len(fields) < 1500
    assert defects[0].code == "header-too-long"


def test_a_map_is_read_like_memory() -> None:
    octets = b"A: 1\r\n\r\nbody"
    with mmap.mmap(-1, len(octets)) as window:
        window[:] = octets
        assert split_fields(window)[:2] == split_fields(octets)[:2]


@pytest.mark.parametrize("value", [b"a\r\n b", b"a\n b", b"a b"])
def test_unfolding_takes_out_the_line_ends_only(value: bytes) -> None:
    assert unfold(value) == b"a b"


def test_a_name_of_any_size_is_read_again_alike() -> None:
    octets = b"X" * 5000 + b": 1\r\n\r\n"
    assert split_fields(octets)[0] == split_fields(octets)[0]
    assert split_fields(octets)[0][0].name == "x" * 5000
