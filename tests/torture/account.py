"""Accounts for every letter: what client, next hop and record say of it."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import psycopg
import pysqlite3

from gateway.model.place import ServedPath
from gateway.store.rows import from_json
from tests.next_hop import Taken
from tests.torture.post import Letter

ENVID = re.compile(r"ENVID=(\S+)")


@dataclass
class Account:
    """Figures, and every claim that does not hold."""

    letters: int = 0
    delivered: int = 0
    doubled: int = 0
    """Taken twice: the 250 of the first time was on its way when the gateway was killed."""
    copies: int = 0
    entries: int = 0
    lost: int = 0
    unrecorded: int = 0
    """Passed on without an entry while there was no room for one, which the log says (D-3)."""
    faults: list[str] = field(default_factory=list)

    def add(self, other: Account) -> None:
        """Count another run in."""
        for name in ("letters", "delivered", "doubled", "copies", "entries", "lost", "unrecorded"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.faults += other.faults


class Full(NamedTuple):
    """A time when letters over this size could be written nowhere, by the clock of durations."""

    began: float
    ended: float
    over: int = 0


@dataclass(frozen=True)
class Seen:
    """A sighting of a letter in the record."""

    sha256_in: bytes
    state: str
    sha256_out: bytes


def look(database: Path) -> tuple[list[str], dict[str, list[int]], dict[int, list[Seen]]]:
    """Return what an integrity check found, entries by Message-ID, and sightings by entry.

    A copy is looked at: who opens the record itself would recover what the gateway has to.
    """
    if isinstance(database, ServedPath):
        with psycopg.connect(database.url) as served:
            # Another node goes on meanwhile.
            served.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            return _looked_at(served, Path(database.blobs), [])
    with TemporaryDirectory() as folder:
        copy = Path(folder) / database.name
        for suffix in ("", "-wal"):
            source = database.with_name(database.name + suffix)
            if source.exists():
                shutil.copyfile(source, copy.with_name(copy.name + suffix))
        connection: Any = pysqlite3.connect(copy)
        try:
            ill = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            ill += [f"foreign key {row}" for row in connection.execute("PRAGMA foreign_key_check")]
            return _looked_at(connection, database.with_name(f"{database.name}-blobs"), ill)
        finally:
            connection.close()


def _looked_at(
    connection: Any, blobs: Path, ill: list[str]
) -> tuple[list[str], dict[str, list[int]], dict[int, list[Seen]]]:
    entries: dict[str, list[int]] = {}
    for number, message_id in connection.execute("SELECT entry, message_id FROM entries"):
        entries.setdefault(message_id, []).append(number)
    sightings: dict[int, list[Seen]] = {}
    for number, *told in connection.execute(
        "SELECT entry, sha256_in, state, sha256_out FROM sightings"
    ):
        sightings.setdefault(number, []).append(Seen(*told))
    known = {number for numbers in entries.values() for number in numbers}
    ill += _blobs(connection, blobs, known)
    return [said for said in ill if said != "ok"], entries, sightings


def _blobs(connection: Any, folder: Path, entries: Collection[int]) -> Iterable[str]:
    """Yield what the record names as kept, and is not there or is not that."""
    rows = connection.execute("SELECT sha256_kept, file, start, size, entries FROM blobs")
    for digest, file, start, size, named in rows.fetchall():
        octets = _octets(folder / file, start or 0, size)
        if sha256(octets).digest() != digest:
            yield f"the octets of {named} are not at {file}:{start}"
        for number in from_json(named, tuple[int, ...]):
            if number not in entries:
                yield f"octets are kept for entry {number}, which there is not"


def _octets(path: Path, start: int, size: int) -> bytes:
    """Return what lies there; a segment may be large, and is not read whole for each letter."""
    if not path.exists():
        return b""
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size)


def account(
    letters: Iterable[Letter],
    taken: Iterable[Taken],
    database: Path,
    full: Sequence[Full] = (),
) -> Account:
    """Hold all three against each other; `full` are the times when nothing could be written."""
    ill, entries, sightings = look(database)
    result = Account(faults=[f"store: {said}" for said in ill])
    by_letter: dict[str, list[Taken]] = {}
    for each in taken:
        envid = ENVID.search(each.mail)
        name = envid[1] if envid else "?/?"
        by_letter.setdefault(name.rpartition("/")[0], []).append(each)
    for letter in letters:
        _one(
            letter,
            by_letter.pop(letter.message_id, []),
            [(number, sightings.get(number, [])) for number in entries.pop(letter.message_id, [])],
            result,
            full,
        )
    result.faults += [f"the next hop took {name}, which nobody sent" for name in by_letter]
    result.faults += [f"an entry for {name}, which nobody sent" for name in entries]
    return result


def _one(
    letter: Letter,
    taken: list[Taken],
    found: list[tuple[int, list[Seen]]],
    result: Account,
    full: Sequence[Full],
) -> None:
    name, faults = letter.message_id, result.faults
    result.letters += 1
    result.copies += letter.is_copy
    result.delivered += bool(taken)
    result.doubled += len(taken) > 1
    result.entries += bool(found)
    said = {attempt.name: attempt.said for attempt in letter.attempts}
    if letter.refused:
        faults.append(f"{name} was refused: {letter.refused}")
    if letter.taken and not taken and not letter.is_copy:
        result.lost += 1
        faults.append(f"{name} was acknowledged and never delivered")
    if letter.is_copy and taken:
        faults.append(f"{name} is a copy and was passed on")
    tries = Counter(match[1] for each in taken if (match := ENVID.search(each.mail)))
    faults += [f"{attempt} was delivered {n} times" for attempt, n in tries.items() if n > 1]
    # Of all tries that the next hop took, the client heard of one at most: it stops there.
    unheard = sum(not said[attempt].startswith("250") for attempt in tries)
    if len(tries) - unheard > 1:
        faults.append(f"{name} was delivered again after its 250")
    for attempt in tries:
        if said[attempt] and not said[attempt].startswith("250"):
            faults.append(f"{attempt} was answered {said[attempt]} after it was taken")
    if any(each.sha256 != letter.sha256 for each in taken):
        faults.append(f"{name} was altered on its way")
    if taken and not found and _without_room(letter, full):
        result.unrecorded += 1
        return
    _entry(letter, taken, found, result)


def _without_room(letter: Letter, full: Sequence[Full]) -> bool:
    """Whether a try of a letter that goes onward fell into a time when nothing could be written."""
    return not letter.is_copy and any(
        attempt.began <= each.ended and each.began <= attempt.ended and letter.size > each.over
        for attempt in letter.attempts
        for each in full
    )


def _entry(
    letter: Letter, taken: list[Taken], found: list[tuple[int, list[Seen]]], result: Account
) -> None:
    name, faults = letter.message_id, result.faults
    if (taken or letter.taken) and not found:
        result.lost += letter.is_copy
        faults.append(f"{name} ({letter.size} octets) was taken and has no entry")
    if len(found) > 1:
        faults.append(f"{name} has {len(found)} entries")
    for _, sightings in found:
        states = Counter(seen.state for seen in sightings)
        if any(seen.sha256_in != letter.sha256 for seen in sightings):
            faults.append(f"{name} has another digest in the record")
        if any(seen.state == "relayed" and seen.sha256_out != letter.sha256 for seen in sightings):
            faults.append(f"{name} left with another digest, says the record")
        if states["relayed"] > len(taken):
            faults.append(f"{name}: {states['relayed']} sightings say relayed, {len(taken)} were")
        if states["relaying"]:
            faults.append(f"{name} is still being relayed, says the record")
