"""What a person who asks for what is kept of him may be told of whom else a message went to.

Whom a message went to blindly is its author's to know. Everybody else is told those whom the
message itself names, and his own addresses: in the record, and in the octets of the message.

Limits: what the author wrote is left as it is, though he named somebody in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from gateway.cli.rows import Row
from gateway.mail.decode import cut
from gateway.mail.heading import read_heading
from gateway.mail.journal import is_journal_report, read_journal_report
from gateway.mail.reading import read_message
from gateway.model.entry import Entry

UNTOLD = "(not told)"
_FIELD = re.compile(rb"[^\r\n]+\r?\n(?:[ \t][^\r\n]*\r?\n)*")


def letter_of(octets: bytes) -> bytes:
    """Return a message as its author sent it: of a journal report what is inside.

    Empty for a report without a readable message.
    """
    heading = read_heading(octets)
    if not is_journal_report(heading):
        return octets
    report = read_journal_report(octets, heading, read_message(octets, heading).parts)
    return b"".join(cut(octets, report.chain)) if report and report.chain else b""


def hidden_from(person: Iterable[str], entry: Entry, letter: bytes) -> frozenset[str]:
    """Return the address keys in an entry that this person, by address keys, is not told."""
    own = frozenset(person)
    if entry.author in own:
        return frozenset()
    heading = read_heading(letter)
    named = {one.key for one in (*heading.authors, *heading.to, *heading.cc)}
    reached = {one for seen in entry.sightings for one in seen.recipients}
    return frozenset(
        {*reached, *entry.contacts, *entry.mailboxes} - named - own - {entry.author, ""}
    )


def row_without(row: Row, hidden: frozenset[str]) -> Row:
    """Return an object of JSON that names none of these addresses, in any of its values."""
    if not hidden:
        return row
    found = re.compile(_any_of(hidden), re.IGNORECASE)

    def told(value: Any) -> Any:
        if isinstance(value, str):
            return found.sub(UNTOLD, value)
        if isinstance(value, dict):
            return {name: told(one) for name, one in value.items()}
        if isinstance(value, list):
            return [told(one) for one in value if not (isinstance(one, str) and one in hidden)]
        return value

    return {name: told(value) for name, value in row.items()}


def letter_without(letter: bytes, hidden: frozenset[str]) -> bytes:
    """Return a message without the header fields that name one of these addresses."""
    head, end, body = letter.partition(b"\r\n\r\n")
    names = re.compile(_any_of(hidden).encode("utf-8", "surrogateescape"), re.IGNORECASE)

    def kept(field: re.Match[bytes]) -> bytes:
        return b"" if names.search(field[0]) else field[0]

    return _FIELD.sub(kept, head + end[:2]) + end[2:] + body if hidden else letter


def _any_of(hidden: frozenset[str]) -> str:
    """Return a pattern of these addresses, each not as the end or the beginning of another one."""
    one = "|".join(map(re.escape, sorted(hidden)))
    return rf"(?<![\w.+@-])(?:{one})(?![\w@-]|\.\w)"
