"""How nouns are written in rows: times, ids, digests, JSON, and many rows in one statement.

Each step of a statement gives the interpreter's lock away, which a busy event loop is slow to give
back. So rows that no later statement of a batch reads are gathered, and go in together.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Protocol, TypeVar

import msgspec

FOREVER = 2**63 - 1
"""The time at which content is freed that is kept until it is erased."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_KNOWN = 20_000
_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_encoder = msgspec.json.Encoder()
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
_T = TypeVar("_T")


def micros(moment: datetime) -> int:
    """Return the moment in microseconds since 1970, UTC."""
    passed = moment - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def moment(count: int) -> datetime:
    """Return the moment that is this many microseconds after 1970, UTC."""
    return _EPOCH + timedelta(microseconds=count)


def moment_or_none(count: int | None) -> datetime | None:
    """Return the moment, or None for None."""
    return None if count is None else moment(count)


def clean(text: str) -> str:
    """Return text that can be stored: lone surrogates, which odd mail may give, are escaped."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def without_nul(text: str) -> str:
    """Return text without NUL, plain or within JSON, which not every engine can hold."""
    if "\x00" in text:
        text = text.replace("\x00", "�")
    return _ESCAPED_NUL.sub(r"\1\\ufffd", text) if "\\u0000" in text else text


def stored(value: Any) -> Any:
    """Return a value as every engine gives it back."""
    if isinstance(value, str):
        return without_nul(value)
    return bytes(value) if isinstance(value, memoryview) else value


def to_json(value: Any) -> str:
    """Return the value as compact JSON, whatever strings odd mail put into it."""
    try:
        return _encoder.encode(value).decode()
    except UnicodeEncodeError:
        return _encoder.encode(_clean_within(msgspec.to_builtins(value))).decode()


def from_json(text: str | bytes, kind: type[_T]) -> _T:
    """Return the value that `to_json` wrote, as this type."""
    # To make a decoder costs more than what it decodes here.
    if (decoder := _decoders.get(kind)) is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    found: _T = decoder.decode(text)
    return found


def keys_of(text: str) -> tuple[str, ...]:
    """Return the strings of a JSON array."""
    return tuple(msgspec.json.decode(text)) if text != "[]" else ()


def _clean_within(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): _clean_within(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_clean_within(item) for item in value]
    return value


def entry_name(entry: int) -> str:
    """Return the public id of an entry; sorts by time like the number."""
    return f"{entry:016x}"


def entry_number(name: str) -> int | None:
    """Return the number behind a public id, or None when it is no such id."""
    if len(name) != 16 or not set(name) <= set("0123456789abcdef"):
        return None
    number = int(name, 16)
    return number if number <= FOREVER else None


class Digester:
    """Makes the keyed 64-bit digests by which ids and addresses are looked up.

    The key keeps anyone outside from making two ids that collide, and keeps what a never-log
    list names from being told by trying addresses.
    """

    def __init__(self, key: bytes) -> None:
        self._known: dict[str, int] = {}
        self._ids = blake2b(key=key, digest_size=8, person=b"message-id")
        self._addresses = blake2b(key=key, digest_size=8, person=b"address")
        self._sealed = blake2b(key=key, digest_size=32, person=b"sealed")

    def message_id(self, message_id: str) -> int:
        """Return the digest of a message id or a conversation."""
        # Each is asked for several times: by recall, by record, and by the replies to it.
        if (known := self._known.get(message_id)) is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[message_id] = _number(self._ids, message_id)
        return known

    def address(self, key: str) -> int:
        """Return the digest of an address key."""
        return _number(self._addresses, key)

    def sealed(self, digest: bytes) -> bytes:
        """Return a keyed digest of a digest, for what may not be recognised by others."""
        made = self._sealed.copy()
        made.update(digest)
        return made.digest()


def _number(keyed: Any, text: str) -> int:
    made = keyed.copy()
    made.update(text.encode("utf-8", "backslashreplace"))
    return int.from_bytes(made.digest(), signed=True)


class EntryNumbers:
    """Gives out numbers of entries: milliseconds, then random bits of ours; always increasing."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._own = secrets.randbits(20)
        self._last = 0

    def take(self) -> int:
        """Return a number that no entry of this store has."""
        now = (micros(self._clock()) // 1000) << 20
        self._last = max(self._last + 1, now | self._own)
        return self._last

    def follow(self, number: int) -> None:
        """Give out numbers after this one only, which another node gave out by its own clock."""
        self._last = max(self._last, number)


class Executes(Protocol):
    """What the statements need of a connection."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Any:
        """Run one statement."""
        ...


_WIDTHS = {
    "sightings": 16,
    "decisions": 16,
    "attachments": 5,
    "identities": 3,
    "message_ids": 5,
    "conversations": 2,
    "parties": 2,
    "tied": 2,
    "words": 2,
}


class Rows:
    """Rows that wait for the end of a batch; each table's go in together."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Sequence[Any]]] = {table: [] for table in _WIDTHS}
        self._some = False

    def add(self, table: str, row: Sequence[Any]) -> None:
        """Let a row wait."""
        self._waiting[table].append(row)
        self._some = True

    def flush(self, connection: Executes) -> None:
        """Insert what waits."""
        if not self._some:
            return
        self._some = False
        for table, rows in self._waiting.items():
            if rows:
                insert(connection, table, rows)
                rows.clear()

    def forget(self) -> None:
        """Drop what waits: its transaction was rolled back."""
        for rows in self._waiting.values():
            rows.clear()


def insert(connection: Executes, table: str, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows in as few statements as the sizes 64, 32 … 1 allow; those stay prepared."""
    at = 0
    while at < len(rows):
        count = min(64, 1 << (len(rows) - at).bit_length() - 1)
        some = rows[at : at + count]
        values = [value for row in some for value in row]
        connection.execute(_insertion(table, count), values)
        at += count


_insertions: dict[tuple[str, int], str] = {}


def _insertion(table: str, count: int) -> str:
    known = _insertions.get((table, count))
    if known is None:
        row = f"({','.join('?' * _WIDTHS[table])})"
        # What is keyed by digest may be told twice; all other tables have numbers of their own.
        ignore = " OR IGNORE" if table in _ONCE else ""
        known = f"INSERT{ignore} INTO {table} VALUES {','.join([row] * count)}"
        _insertions[table, count] = known
    return known


_ONCE = frozenset({"identities", "message_ids", "conversations", "parties", "tied"})


def listed(count: int) -> tuple[str, int]:
    """Return `(?,?…)` for at least this many values, and how many: few sizes stay prepared."""
    return _LISTS[count] if count < len(_LISTS) else _list_of(count)


def _list_of(size: int) -> tuple[str, int]:
    return f"({','.join('?' * size)})", size


_LISTS = tuple(
    _list_of(next(size for size in (1, 2, 3, 4, 6, 8, 12, 16, 24, 40) if size >= count))
    for count in range(41)
)


def padded(values: Iterable[Any], size: int) -> list[Any]:
    """Return the values, with the last one repeated up to the size; at least one is needed."""
    found = list(values)
    return found + [found[-1]] * (size - len(found))
