"""What commands print: tables for people, one object a line for programs.

Whatever comes out of mail is shown without control characters: a subject must not steer the
terminal of whoever reads it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from io import StringIO
from typing import IO, Any, Literal

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

Row = Mapping[str, Any]

OUTCOME_STYLES = {
    "logged": "bold green",
    "partial": "bold yellow",
    "held": "bold magenta",
    "duplicate": "cyan",
    "not_logged": "bold red",
    "failed": "bold white on red",
}
CODES = frozenset({"entry", "outcome", "reason", "received_at", "direction", "before", "after"})
"""Columns that are copied, and never broken."""
BRIEF = {"direction": "way", "received_at": "received"}
"""Names of columns where there is little room."""
WIDE = 100_000
"""Columns where no terminal sets a limit: programs read whole lines."""
_INVISIBLE = frozenset(range(0x202A, 0x202F)) | frozenset(range(0x2066, 0x206A)) | {0x200E, 0x200F}
_UNSAFE = {
    code: "\N{REPLACEMENT CHARACTER}"
    for code in (*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000), *_INVISIBLE)
    if code not in {0x09, 0x0A}
}

json_option: Callable[[Any], Any] = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object a line."
)


def console(file: IO[str] | None = None) -> Console:
    """Return the console of stdout: colours on a terminal, plain text elsewhere."""
    stream = sys.stdout if file is None else file
    on_terminal = stream.isatty()
    return Console(
        file=stream if on_terminal else _Trimmed(stream),
        markup=False,
        highlight=False,
        emoji=False,
        width=None if on_terminal else WIDE,
        soft_wrap=not on_terminal,
    )


class _Trimmed(StringIO):
    """Passes lines on without the blanks at their ends, with which rich fills a line."""

    def __init__(self, stream: IO[str]) -> None:
        super().__init__()
        self._stream = stream

    def write(self, text: str) -> int:
        """Write whole lines, trimmed."""
        self._stream.write(re.sub(r" +(?=\n)", "", text))
        return len(text)

    def flush(self) -> None:
        """Pass it on."""
        self._stream.flush()


def safe(text: str) -> str:
    """Return the text with control and bidi characters made visible."""
    return text.translate(_UNSAFE)


def one_line(text: str) -> str:
    """Return the text on one line, safe to show."""
    return safe(" ".join(text.split()))


def moment(when: datetime | None) -> str:
    """Return a time as people and programs read it: ISO 8601, seconds, UTC."""
    return "" if when is None else when.strftime("%Y-%m-%dT%H:%M:%SZ")


def say(text: str, style: str = "") -> None:
    """Print a sentence."""
    console().print(Text(safe(text), style=style))


def print_json(row: Row) -> None:
    """Print one object on one line."""
    text = json.dumps(row, ensure_ascii=False, separators=(", ", ": "))
    # Half a character, as mail may hold it, has no place in UTF-8.
    click.echo(text.encode("utf-8", "replace").decode())


def print_rows(rows: Iterable[Row], columns: Sequence[str], *, as_json: bool, empty: str) -> None:
    """Print a listing: as objects with all they have, or as a table of these columns."""
    if as_json:
        for row in rows:
            print_json(row)
        return
    out = console()
    table = Table(box=None, pad_edge=False, header_style="bold underline")
    for column in columns:
        codes = column in CODES
        overflow: Literal["fold", "ellipsis"] = "ellipsis" if column == "subject" else "fold"
        label = BRIEF.get(column, column) if out.is_terminal else column
        table.add_column(label.replace("_", " "), no_wrap=codes, overflow=overflow)
    for row in rows:
        cells = (_words(column, row.get(column), brief=out.is_terminal) for column in columns)
        table.add_row(*(_styled(column, text) for column, text in zip(columns, cells, strict=True)))
    if table.row_count:
        out.print(table)
    else:
        out.print(Text(empty, style="dim"))


def _words(column: str, value: Any, *, brief: bool) -> str:
    """Return what a cell says; on a terminal, which is narrow, times and ways are short."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    text = one_line("" if value is None else str(value))
    if brief and column == "direction":
        return text.removesuffix("going").removesuffix("coming")
    if brief and column.endswith("_at"):
        return text[:16].replace("T", " ")
    return text


def _styled(column: str, text: str) -> Text:
    is_outcome = column in {"outcome", "before", "after"}
    return Text(text, style=OUTCOME_STYLES.get(text, "") if is_outcome else "")


@contextmanager
def progress(title: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal while the work is done; call what it yields per step."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(title, total=total)
        yield lambda steps: bar.advance(task, steps)
