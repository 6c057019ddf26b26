"""History comes in: messages out of mbox files, Maildirs and .eml files.

What was stored by a mail program has the line ends of its system; they are made CRLF, as they
were on the way. Nothing else is changed.

Standards: RFC 4155 (mbox; the quoting of mboxrd is undone), the Maildir of qmail, Maildir++.
Limits: a `From ` line that no program quoted splits a message of an mbox only when it has an
empty line before it, and a time and a year in it. Mail marked as a draft or as trashed is left out.
"""

from __future__ import annotations

import hashlib
import mmap
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gateway.intake.folders import is_inbox, is_sent, maildir_folder
from gateway.mail.addresses import key_of, parse_addresses
from gateway.mail.dates import parse_date
from gateway.mail.reading import read_heading
from gateway.model.envelope import Content, Direction, Envelope, Recipient
from gateway.model.message import Heading

ROUTE = "import"
SUFFIXES = frozenset({".eml", ".mbox", ".mbx"})
_SEPARATOR = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\n]*\d\d:\d\d[^\n]*\d{4}[^\n]*\n")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_LONE_LF = re.compile(rb"(?<!\r)\n")
_DELIVERED = ("x-original-to", "envelope-to", "x-envelope-to", "delivered-to")
_LEFT_OUT = frozenset("DT")
"""Maildir flags: draft, trashed."""


@dataclass(frozen=True, slots=True)
class Found:
    """A stored message, not yet read."""

    place: str
    """Where it stands, for people: a path, for an mbox with the octet at which it begins."""
    folder: str
    """The path of its folder; empty is the inbox, or no folder at all."""
    read: Callable[[], bytes] = field(repr=False)
    """Gives its octets, with CRLF. Raises OSError."""
    stored_at: datetime | None = None
    """When it was put there, as far as the store tells."""


def find_messages(path: Path) -> Iterator[Found]:
    """Yield the messages of an mbox file, an .eml file, a Maildir, or a folder of these.

    Raises OSError when a file cannot be opened.
    """
    if path.is_file():
        yield from _in_file(path, path.stem)
    elif _is_maildir(path):
        yield from _in_maildir(path)
    else:
        for inner in sorted(path.rglob("*")):
            if inner.is_dir() and _is_maildir(inner):
                yield from _in_maildir(inner)
            elif inner.is_file() and inner.suffix.lower() in SUFFIXES:
                is_mbox = inner.suffix.lower() != ".eml"
                place = inner.with_suffix("") if is_mbox else inner.parent
                folder = place.relative_to(path).as_posix()
                yield from _in_file(inner, "" if folder == "." else folder)


def direction_of(found: Found, heading: Heading, is_company: Callable[[str], bool]) -> Direction:
    """Return the way a stored message went: by its folder, else by its author."""
    if is_sent(found.folder):
        return Direction.OUTGOING
    by_company = heading.author is not None and is_company(heading.author.key)
    return Direction.OUTGOING if by_company else Direction.INCOMING


def historic_envelope(
    found: Found, octets: bytes, direction: Direction, mailbox: str, now: datetime
) -> Envelope:
    """Return the envelope that a stored message once had, as far as its fields tell.

    `mailbox` is the address in whose mailbox it lay; empty when nobody said.
    """
    heading = read_heading(octets)
    content = Content(octets, len(octets), hashlib.sha256(octets).digest())
    return_path = heading.first("return-path")
    author = heading.author.addr_spec if heading.author else ""
    inbox = is_inbox(found.folder) or direction is Direction.OUTGOING
    return Envelope(
        route=ROUTE,
        direction=direction,
        mail_from=author if return_path is None else _bare(return_path),
        recipients=_recipients(heading, direction, mailbox),
        content=content,
        received_at=_received_at(heading, found, now),
        folder="" if inbox else found.folder,
    )


def _recipients(heading: Heading, direction: Direction, mailbox: str) -> tuple[Recipient, ...]:
    """Return whom it went to: delivery fields for what came in, address fields for what left."""
    named = [a.addr_spec for a in (*heading.to, *heading.cc, *heading.bcc)]
    if direction is Direction.INCOMING:
        delivered = [_bare(f.value) for f in heading.fields if f.name in _DELIVERED]
        named = [mailbox] if mailbox else delivered[:1] or named
    once: dict[str, str] = {}
    for addr_spec in filter(None, named):
        once.setdefault(key_of(addr_spec), addr_spec)
    return tuple(Recipient(addr_spec) for addr_spec in once.values())


def _received_at(heading: Heading, found: Found, now: datetime) -> datetime:
    """Return when it came: by its newest Received field, its store, its Date; never later."""
    received = heading.first("received")
    told = parse_date(received.rpartition(b";")[2].strip()) if received else None
    return min(told or found.stored_at or heading.date or now, now)


def _bare(value: bytes) -> str:
    addresses, _ = parse_addresses(value)
    return addresses[0].addr_spec if addresses else ""


def _in_file(path: Path, folder: str) -> Iterator[Found]:
    with path.open("rb") as file:
        is_mbox = file.read(5) == b"From "
    if is_mbox:
        yield from _in_mbox(path, folder)
    else:
        named = path.suffix.lower() == ".eml" and folder == path.stem
        yield Found(str(path), "" if named else folder, lambda: _with_crlf(path.read_bytes()))


def _in_mbox(path: Path, folder: str) -> Iterator[Found]:
    """Yield the messages of an mbox; the file is mapped, never read whole."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as octets:
        begin: tuple[int, int, bytes] | None = None
        for separator in _SEPARATOR.finditer(octets):
            if begin is not None:
                yield _mbox_message(path, folder, octets, begin, separator.start())
            begin = (separator.start(), separator.end(), separator.group())
        if begin is not None:
            yield _mbox_message(path, folder, octets, begin, len(octets))


def _mbox_message(
    path: Path, folder: str, octets: mmap.mmap, begin: tuple[int, int, bytes], stop: int
) -> Found:
    start, body, separator = begin
    raw = octets[body:stop]
    # "The message is terminated by an empty line" (RFC 4155), which is no part of it.
    raw = re.sub(rb"\r?\n\r?\n\Z", b"\n", raw) if stop > body else raw
    message = _with_crlf(_QUOTED_FROM.sub(rb"\1", raw))
    stored_at = parse_date(separator.split(b" ", 2)[-1].strip())
    return Found(f"{path}:{start}", folder, lambda: message, stored_at)


def _is_maildir(path: Path) -> bool:
    return (path / "cur").is_dir() and (path / "new").is_dir()


def _in_maildir(root: Path) -> Iterator[Found]:
    """Yield the messages of a Maildir and of the Maildir++ folders within it."""
    inner = sorted(p for p in root.iterdir() if p.name.startswith(".") and _is_maildir(p))
    for place, folder in [(root, ""), *((path, maildir_folder(path.name)) for path in inner)]:
        for part in ("cur", "new"):
            for path in sorted((place / part).iterdir()):
                flags = path.name.rpartition(":2,")[2] if ":2," in path.name else ""
                if path.is_file() and not _LEFT_OUT & set(flags):
                    yield Found(str(path), folder, _reader(path), _delivered_at(path))


def _reader(path: Path) -> Callable[[], bytes]:
    return lambda: _with_crlf(path.read_bytes())


def _delivered_at(path: Path) -> datetime | None:
    """Return the time of delivery, with which a Maildir name begins."""
    seconds = path.name.partition(".")[0]
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 10):
        return None
    return datetime.fromtimestamp(int(seconds), UTC)


def _with_crlf(octets: bytes) -> bytes:
    """Return the octets with CRLF at each line end, the last one too."""
    octets = _LONE_LF.sub(b"\r\n", octets)
    return octets if octets.endswith(b"\r\n") or not octets else octets + b"\r\n"
