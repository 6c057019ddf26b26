"""What commands print: for people on a terminal, for people elsewhere, for programs."""

from __future__ import annotations

import json
import os
import pty
from collections.abc import Callable

import pytest

from gateway.cli.output import console, one_line, print_rows, safe
from gateway.cli.reading_page import size
from gateway.cli.trouble import CommandError

ROWS = [
    {"received_at": "2026-11-23T14:00:00Z", "direction": "incoming", "outcome": "logged", "n": 1}
]


def on_terminal(print_it: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what is printed where stdout is a terminal."""
    ours, theirs = pty.openpty()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with os.fdopen(theirs, "w") as terminal, monkeypatch.context() as patched:
        patched.setattr("sys.stdout", terminal)
        print_it()
        terminal.flush()
        said = os.read(ours, 65_536).decode()
    os.close(ours)
    return said


def table() -> None:
    print_rows(ROWS, ("received_at", "direction", "outcome", "n"), as_json=False, empty="")


def test_a_terminal_sees_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[1;32mlogged" in on_terminal(table, monkeypatch)


def test_a_terminal_sees_short_times_and_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    said = on_terminal(table, monkeypatch)
    assert "2026-11-23 14:00 " in said
    assert "incoming" not in said


def test_elsewhere_a_table_is_plain(capsys: pytest.CaptureFixture[str]) -> None:
    table()
    assert capsys.readouterr().out.splitlines()[1] == "2026-11-23T14:00:00Z  incoming   logged   1"


def test_a_number_is_no_truth(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"n": 1, "yes": True}], ("n", "yes"), as_json=False, empty="")
    assert capsys.readouterr().out.split() == ["n", "yes", "1", "yes"]


def test_half_a_character_does_not_stop_a_listing(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"subject": "a\udc80"}], (), as_json=True, empty="")
    assert json.loads(capsys.readouterr().out) == {"subject": "a?"}


def test_an_empty_listing_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([], ("n",), as_json=False, empty="Add one.")
    assert capsys.readouterr().out == "Add one.\n"


def test_an_empty_listing_says_nothing_to_programs(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([], ("n",), as_json=True, empty="Add one.")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("steering", ["\x1b", "\x07", "\x9b", "\r", "\u202e", "\u2066", "\udc80"])
def test_what_steers_a_terminal_is_made_visible(steering: str) -> None:
    assert safe(f"a{steering}b") == "a\ufffdb"


def test_a_line_stays_one_line() -> None:
    assert one_line(" a\r\n b\tc ") == "a b c"


def test_a_long_line_is_not_broken_where_nothing_limits_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console().print("x" * 500)
    assert capsys.readouterr().out == "x" * 500 + "\n"


@pytest.mark.parametrize(
    ("octets", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (50_000_000, "50 MB"), (1_550_000_000, "1.6 GB")],
)
def test_a_size_is_told_in_the_unit_that_reads_best(octets: int, words: str) -> None:
    assert size(octets) == words


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(2, "No such file or directory", "/x"), "/x: No such file or directory."),
        (KeyError("x"), "This should not happen (KeyError: 'x')."),
    ],
)
def test_trouble_is_one_sentence_that_says_what_to_do(error: Exception, said: str) -> None:
    assert CommandError.of(error).message.startswith(said)
