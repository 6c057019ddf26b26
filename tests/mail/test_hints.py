from __future__ import annotations

from gateway.mail.hints import read_hints, told_lines
from tests.mail.build import letter, read

QUOTING = """\
Yes, gladly.

On Mon, 9 Nov 2026 at 10:00, Ann <ann@out.example> wrote:
> Would you come to the fair in Osaka?
>> What a long week that was, was it not?
> Yours
"""
FORWARDED = """\
See below.

-----Original Message-----
From: Ann <ann@out.example>
Message-ID: <first@out.example>
Subject: fair

Would you come to the fair in Osaka?
"""


def test_lines_quoted_at_the_first_level_are_told() -> None:
    assert read_hints(read(letter(QUOTING))).lines == {"would you come to the fair in osaka?"}


def test_what_stands_in_brackets_behind_the_new_words_may_be_an_id() -> None:
    assert "first@out.example" in read_hints(read(letter(FORWARDED))).ids


def test_without_marks_all_that_follows_the_new_words_is_quoted() -> None:
    lines = read_hints(read(letter(FORWARDED))).lines
    assert "would you come to the fair in osaka?" in lines


def test_ids_in_the_new_words_are_no_hint() -> None:
    assert read_hints(read(letter("Write to <ann@out.example>, please."))).ids == ()


def test_new_lines_are_told_as_those_who_quote_them_have_them() -> None:
    written = read(letter("Hello,\n\nWould  you come\tto the fair in Osaka?\n> an old line of it"))
    assert told_lines(written.new_text) == {"would you come to the fair in osaka?"}


def test_a_message_without_text_tells_nothing() -> None:
    hints = read_hints(read(letter("")))
    assert (hints.ids, hints.lines) == ((), frozenset())
