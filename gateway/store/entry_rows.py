"""Writes the rows of an entry: itself, sightings, decisions, files, and where its octets lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from gateway.model.arrival import Arrival
from gateway.model.case import SESSION_PROOFS, Case, Proof
from gateway.model.decision import Decision
from gateway.model.envelope import RelayState
from gateway.store.blobs import Blobs, Place
from gateway.store.database import Connection
from gateway.store.described import (
    WITH_CONTENT,
    attachment_rows,
    envelope_text,
    is_marked_itself,
    is_sealed,
    kept_until,
    matches_text,
    notes_text,
    rulebook_text,
    unnamed,
)
from gateway.store.faults import UnknownEntryError
from gateway.store.rows import Digester, Rows, clean, entry_name, from_json, micros, to_json


@dataclass(frozen=True, slots=True)
class Judged:
    """What is to be recorded: the case, its decision, and where a large content lies already."""

    case: Arrival | Case
    decision: Decision
    large: Place | None = None

    @property
    def content_kept(self) -> bool:
        """Whether policy keeps the octets."""
        return self.decision.keep in WITH_CONTENT and isinstance(self.case, Case)

    def kept_until(self, now: int) -> int:
        """Return until when the content is kept; 0 when it is not."""
        return kept_until(self.decision.keep, self.case.policy.retention, now) * self.content_kept


class EntryRows:
    """The rows of entries, through the writer's connection.

    What no later statement of a batch reads is gathered, and goes in by `flush`.
    """

    def __init__(self, connection: Connection, digester: Digester, blobs: Blobs) -> None:
        self._connection = connection
        self._run = connection.execute
        self._digester = digester
        self._blobs = blobs
        self._rows = Rows()
        self._rulebooks: dict[tuple[str, ...], int] = {}

    def flush(self) -> None:
        """Write what was gathered."""
        self._rows.flush(self._connection)

    def forget(self) -> None:
        """Drop what was gathered and remembered: the transaction was rolled back."""
        self._rows.forget()
        self._rulebooks.clear()

    def insert(self, told: Mapping[str, Any]) -> None:
        """Write a new entry."""
        self._run(_INSERT_ENTRY, [told[name] for name in _ENTRY_COLUMNS])

    def update(self, entry: int, told: Mapping[str, Any]) -> None:
        """Change these columns of an entry."""
        columns = ", ".join(f"{name} = ?" for name in told)
        self._run(f"UPDATE entries SET {columns} WHERE entry = ?", (*told.values(), entry))

    def read(self, entry: int, *columns: str) -> tuple[Any, ...] | None:
        """Return these columns of an entry, or None when there is no such entry."""
        row = self._run(
            f"SELECT {', '.join(columns)} FROM entries WHERE entry = ?", (entry,)
        ).fetchone()
        return None if row is None else tuple(row)

    def known(self, entry: int, *columns: str) -> tuple[Any, ...]:
        """Return these columns of an entry that is there. Raises UnknownEntryError."""
        if (row := self.read(entry, *columns)) is None:
            raise UnknownEntryError(entry_name(entry))
        return row

    def next(self, table: str, entry: int) -> int:
        """Return the next number within an entry."""
        highest = f"SELECT coalesce(max(number), 0) + 1 FROM {table} WHERE entry = ?"
        return int(self._run(highest, (entry,)).fetchone()[0])

    def fill(
        self, entry: int, judged: Judged, conversation: str, contacts: tuple[int, ...]
    ) -> None:
        """Write what hangs on an entry, as far as it may be kept."""
        case, decision, add = judged.case, judged.decision, self._rows.add
        if conversation:
            add("conversations", (self._digester.message_id(conversation), entry))
        for contact in contacts:
            add("tied", (contact, entry))
        if judged.content_kept and isinstance(case, Case):
            for key in case.parties:
                add("parties", (self._digester.address(key), entry))
            for row in attachment_rows(entry, case.message.attachments, decision.notes):
                add("attachments", row)
            if decision.outcome.on_timeline:
                words = case.message.new_text[: case.policy.body_limit]
                add("words", (entry, clean(words)))

    def sight(
        self, entry: int, number: int, judged: Judged, until: int, *, aside: bool = False
    ) -> None:
        """Write one arrival, and its octets when they are kept."""
        case, decision, envelope = judged.case, judged.decision, judged.case.envelope
        past_gate = isinstance(case, Case)
        if until:
            self._keep(entry, judged, until)
        self._rows.add(
            "sightings",
            (
                entry, number, envelope.route, case.direction,
                to_json(case.recipient_keys) if past_gate else "[]",
                self.sha256(case, decision), micros(envelope.received_at), RelayState.RELAYING,
                int(past_gate and is_marked_itself(case)),
                case.proven if isinstance(case, Case) and case.proven in SESSION_PROOFS
                else case.proof.kind if isinstance(case, Case) and case.proof else "",
                _brought_by(case) if past_gate else "",
                decision.reason if aside else "",
                envelope_text(envelope, _proof_of(case)) if until else None,
                b"", None, None,
            ),
        )  # fmt: skip

    def sha256(self, case: Arrival, decision: Decision) -> bytes:
        """Return the digest of the octets, sealed where they may not be recognised."""
        sha256 = case.envelope.content.sha256
        return self._digester.sealed(sha256) if is_sealed(decision) else sha256

    def append(
        self,
        entry: int,
        number: int,
        judged: Judged,
        now: int,
        *,
        by: str = "gateway",
        sighting: int | None = None,
        aside: bool = False,
    ) -> None:
        """Append a decision; what may not be named is not named in it."""
        decision, sealed = judged.decision, is_sealed(judged.decision)
        remedy = unnamed(decision.remedy, decision.evidence) if sealed else decision.remedy
        self._rows.add(
            "decisions",
            (
                entry, number, sighting, int(aside), now, by, judged.case.policy.preset,
                decision.outcome, decision.reason, clean(remedy),
                "" if sealed else clean(decision.command),
                "{}" if sealed else to_json(decision.evidence),
                self._rulebook(decision),
                matches_text(decision.trace, sealed=sealed),
                "[]" if sealed or not decision.notes else notes_text(decision.notes),
                decision.keep,
            ),
        )  # fmt: skip

    def clear(self, entry: int, until: int, contacts: tuple[int, ...]) -> None:
        """Drop what hung on an entry by its last decision."""
        self._run("DELETE FROM attachments WHERE entry = ?", (entry,))
        self._run("DELETE FROM words WHERE entry = ?", (entry,))
        for contact in contacts:
            self._run("DELETE FROM tied WHERE contact = ? AND entry = ?", (contact, entry))
        self.keep_as_long(entry)
        if not until:
            self._run("UPDATE sightings SET envelope = NULL WHERE entry = ?", (entry,))
            self._run("DELETE FROM waiting WHERE entry = ?", (entry,))

    def seal(self, entry: int) -> None:
        """Keep of the ids of an entry no more than their digests."""
        (message_id,) = self.known(entry, "message_id")
        self._run(
            "UPDATE message_ids SET full = '' WHERE id64 = ? AND entry = ?",
            (self._digester.message_id(message_id), entry),
        )
        self._run("UPDATE entries SET message_id = '' WHERE entry = ?", (entry,))

    def keep_as_long(self, entry: int) -> None:
        """Keep the octets of an entry as long as the entries that share them say."""
        self._run(_KEEP_AS_LONG, (entry,))

    def _keep(self, entry: int, judged: Judged, until: int) -> None:
        """Keep the octets once, by their digest."""
        content = judged.case.envelope.content
        place = judged.large or self._blobs.put_small(content.octets)
        kept = self._run(
            "INSERT INTO blobs (sha256, sha256_kept, size, file, start, entries, kept_until)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                content.sha256, content.sha256, place.size, place.file, place.start,
                f"[{entry}]", until,
            ),
        )  # fmt: skip
        if kept.rowcount != 1:
            self._share(entry, content.sha256, place, until)

    def _share(self, entry: int, sha256: bytes, place: Place, until: int) -> None:
        """Note one more entry whose octets are kept already; what was put anew goes."""
        if place.start is None:
            self._run("INSERT INTO freed (file, size) VALUES (?, ?)", (place.file, place.size))
        else:
            self._blobs.take_back(place)
        find = "SELECT entries FROM blobs WHERE sha256 = ?"
        (entries,) = self._run(find, (sha256,)).fetchone()
        shared = dict.fromkeys((*from_json(entries, tuple[int, ...]), entry))
        self._run(
            "UPDATE blobs SET kept_until = max(kept_until, ?), entries = ? WHERE sha256 = ?",
            (until, to_json(tuple(shared)), sha256),
        )

    def _rulebook(self, decision: Decision) -> int:
        """Return the number of the ordered list of rules that were asked."""
        asked = tuple(map(_RULE_OF, decision.trace))
        if (known := self._rulebooks.get(asked)) is None:
            text = rulebook_text(decision.trace)
            self._run("INSERT OR IGNORE INTO rulebooks (rules) VALUES (?)", (text,))
            find = "SELECT rulebook FROM rulebooks WHERE rules = ?"
            known = self._rulebooks[asked] = int(self._run(find, (text,)).fetchone()[0])
        return known


def _proof_of(case: Arrival | Case) -> Proof | None:
    return case.proof if isinstance(case, Case) else None


def _brought_by(case: Arrival) -> str:
    """Return the key of the user who wrote or forwarded it."""
    user = case.user
    if case.wrapping is not None:
        user = case.directory.user_of(case.brought_by.key) if case.brought_by else None
    return user.key if user else ""


_RULE_OF = attrgetter("rule")
_ENTRY_COLUMNS = (
    "entry", "thread", "message_id", "received_at", "direction", "route", "outcome", "reason",
    "holds", "gate", "answers", "marked", "date", "author", "author_name", "subject",
    "base_subject", "recipients", "outside", "user", "mailbox", "mailboxes", "contacts",
    "missing", "kept_until",
)  # fmt: skip
_INSERT_ENTRY = (
    f"INSERT INTO entries ({', '.join(_ENTRY_COLUMNS)})"
    f" VALUES ({', '.join('?' * len(_ENTRY_COLUMNS))})"
)
_KEEP_AS_LONG = (
    # Octets that several entries share are kept for the one that needs them longest.
    "UPDATE blobs SET kept_until = (SELECT max(e.kept_until) FROM json_each(blobs.entries) j"
    " JOIN entries e ON e.entry = j.value)"
    " WHERE sha256 IN (SELECT sha256_in FROM sightings WHERE entry = ?)"
)
