"""Finds what an entry may answer that cites nothing, when somebody asks; nothing is stored."""

from __future__ import annotations

from gateway.mail.hints import read_hints, told_lines
from gateway.mail.reading import read_heading, read_message
from gateway.model.suggestion import Candidate, Suggestion
from gateway.rules.suggestions import WITHIN, suggest
from gateway.store import database
from gateway.store.entries import Entries
from gateway.store.kept import read_kept
from gateway.store.octets import blobs_of
from gateway.store.rows import (
    entry_name,
    entry_number,
    keys_of,
    listed,
    micros,
    moment,
    padded,
)


class Suggesting(Entries):
    """The record, asked for what belongs together without any id that says so."""

    def suggestion(self, entry_id: str) -> Suggestion | None:
        """Return what the entry may answer; None when it cites something, or nothing tells."""
        number = entry_number(entry_id)
        rows = self._rows(_ALONE, number) if number is not None else []
        blobs = blobs_of(self._path)
        if not rows:
            return None
        with database.told(self._path):
            kept = read_kept(self._connection, blobs, entry_id, micros(self._clock()))
        if kept is None:
            return None
        people, (received_at,) = keys_of(rows[0][0]), rows[0][1:]
        heading = read_heading(kept.envelope.content.octets)
        if not people or heading.cited or heading.message_id != kept.message_id:
            # Of what came inside a forward the octets are those of the forward.
            return None
        return suggest(
            heading,
            read_hints(read_message(kept.envelope.content.octets, heading)),
            people=frozenset(people),
            received_at=moment(received_at),
            candidates=self._candidates(number or 0, people, received_at),
        )

    def _candidates(
        self, number: int, people: tuple[str, ...], received_at: int
    ) -> list[Candidate]:
        """Return what these people wrote or got within the time before."""
        places, size = listed(len(people))
        digests = padded(map(self._digester.address, people), size)
        since = micros(moment(received_at) - WITHIN)
        rows = self._rows(_BEFORE.format(places=places), *digests, number, since, received_at)
        return [
            Candidate(
                entry_name(entry),
                message_id,
                base_subject,
                frozenset(keys_of(outside)),
                moment(at),
                told_lines(words or ""),
            )
            for entry, message_id, base_subject, outside, at, words in rows
        ]


_ALONE = (
    "SELECT e.outside, e.received_at FROM entries e WHERE e.entry = ? AND e.answers IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM entries o WHERE o.thread = e.thread AND o.entry != e.entry)"
)
_BEFORE = (
    "SELECT DISTINCT e.entry, e.message_id, e.base_subject, e.outside, e.received_at, w.new_text"
    " FROM parties p JOIN entries e ON e.entry = p.entry LEFT JOIN words w ON w.entry = e.entry"
    " WHERE p.id64 IN {places} AND e.entry != ? AND e.received_at BETWEEN ? AND ?"
    " ORDER BY e.received_at DESC LIMIT 200"
)
