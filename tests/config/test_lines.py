"""Where each key of a TOML text stands."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.lines import Path, line_numbers, line_of

TEXT = '''\
# a comment with a "quote and [brackets
first = 1
[store]   # the record
path = "a # b"
"quoted key" = 'x'

[[listener]]
name = """
[not_a_table]
still = "text"
"""
clients = [
  "10.0.0.0/8",  # [ here
  "::1",
]
after = 2
[[listener]]
name = \'\'\'
x
\'\'\'
next_hop = { address = "a", deep = { er = 1 } }
[listener.limits]
size = 3
[a.b]
c.d = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("first",), 2),
        (("store",), 3),
        (("store", "path"), 4),
        (("store", "quoted key"), 5),
        (("listener", 0), 7),
        (("listener", 0, "name"), 8),
        (("listener", 0, "clients"), 12),
        (("listener", 0, "after"), 16),
        (("listener", 1), 17),
        (("listener", 1, "name"), 18),
        (("listener", 1, "limits", "size"), 23),
        (("a", "b", "c", "d"), 25),
        (("a", "b", "c"), 25),
    ],
)
def test_a_key_is_found_on_its_line(path: Path, line: int) -> None:
    assert line_numbers(TEXT)[path] == line


def test_a_key_of_an_inline_table_stands_on_the_line_of_its_holder() -> None:
    assert line_of(("listener", 1, "next_hop", "address"), line_numbers(TEXT)) == 21


def test_what_is_absent_stands_where_its_table_begins() -> None:
    assert line_of(("store", "nowhere"), line_numbers(TEXT)) == 3


def test_text_within_a_string_is_no_key() -> None:
    assert ("listener", 0, "still") not in line_numbers(TEXT)


def toml_of(document: dict[str, dict[str, Any]]) -> str:
    parts: list[str] = []
    for name, table in document.items():
        parts.append(f"[{name}]")
        parts += [f"{key} = {value}" for key, value in table.items()]
    return "\n".join(parts)


_NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,6}", fullmatch=True)
_VALUES = st.sampled_from(
    ["1", '"x"', '"[y]"', "[1,\n2]", '"""\n[z]\nq = 1\n"""', "{ a = [1] }", "'#'", "true # no = 1"]
)


@given(st.dictionaries(_NAMES, st.dictionaries(_NAMES, _VALUES, max_size=4), max_size=4))
def test_every_key_that_toml_reads_has_the_line_that_it_was_written_on(
    document: dict[str, dict[str, Any]],
) -> None:
    text = toml_of(document)
    numbers = line_numbers(text)
    for table, content in tomllib.loads(text).items():
        for key in content:
            written = text.split("\n")[numbers[(table, key)] - 1]
            assert written.startswith(f"{key} = ")
