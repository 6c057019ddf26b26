"""What follows from a decision: contacts, enrolments, reports, suggestions, what is judged anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_never

from gateway.model.decision import (
    AttachToEntry,
    Decision,
    EndEnrolment,
    JudgeAnew,
    MakeContact,
    SuggestAlias,
    TrackThread,
)
from gateway.model.handover import Kind
from gateway.store.contacts import contact_numbers, read_contacts
from gateway.store.database import Connection
from gateway.store.rows import clean, entry_name, entry_number, to_json


class Effects:
    """Applies effects, through the writer's connection."""

    def __init__(self, connection: Connection) -> None:
        self._run = connection.execute
        self._connection = connection

    def contacts(
        self, decision: Decision, entry: int, at: int, preferred: Sequence[int]
    ) -> tuple[int, ...]:
        """Make the contacts that are to be made; return those that the entry is tied to.

        Of several contacts with one address a preferred one is taken, then one that the user
        owns, then the oldest.
        """
        if not decision.effects and not decision.contacts:
            return ()
        made = [effect for effect in decision.effects if isinstance(effect, MakeContact)]
        asked = dict.fromkeys((*decision.contacts, *(effect.address for effect in made)))
        known = contact_numbers(self._connection, asked)
        for effect in made:
            if effect.address not in known:
                known[effect.address] = (self._make(effect, decision.user, entry, at),)
        return tuple(
            dict.fromkeys(
                self._choose(known[key], preferred, decision.user)
                for key in decision.contacts
                if key in known
            )
        )

    def apply(self, decision: Decision, entry: int, at: int, *, free: bool) -> None:
        """Apply all effects but contacts and threads; `free` releases what goes to the outbox."""
        for effect in decision.effects:
            match effect:
                case EndEnrolment():
                    self._end_enrolment(effect, entry, at, free=free)
                case AttachToEntry():
                    self._attach(effect, entry, at, free=free)
                case SuggestAlias():
                    self._suggest(effect, entry, at, free=free)
                case JudgeAnew():
                    self._judge_anew(effect, entry, at)
                case MakeContact() | TrackThread():
                    pass
                case _:
                    assert_never(effect)

    def announce(self, kind: str, entry: int, told: dict[str, Any], at: int, *, free: bool) -> None:
        """Put an event on the outbox; it waits there until the relay is settled."""
        self._run(
            "INSERT INTO outbox (kind, entry, told, made_at, freed_at) VALUES (?, ?, ?, ?, ?)",
            (kind, entry, to_json(told), at, at if free else None),
        )

    def tell(self, kind: Kind, entry: int, told: dict[str, Any], at: int, *, free: bool) -> None:
        """Announce an event that few want, where a sink does."""
        wanted = "SELECT 1 FROM sinks WHERE active AND wants LIKE '% ' || ? || ' %' LIMIT 1"
        if self._run(wanted, (str(kind),)).fetchone():
            self.announce(str(kind), entry, {"entry": entry_name(entry), **told}, at, free=free)

    def undo(self, entry: int, at: int) -> None:
        """Take back what a message did that was never delivered."""
        self._run(
            "UPDATE enrolments SET ended_at = NULL, ended_by = NULL WHERE ended_by = ?"
            # The contact may have been enrolled again meanwhile.
            " AND NOT EXISTS (SELECT 1 FROM enrolments o WHERE o.contact = enrolments.contact"
            " AND o.sequence = enrolments.sequence AND o.ended_at IS NULL)",
            (entry,),
        )
        self._run("UPDATE outbox SET void = 1, freed_at = ? WHERE entry = ?", (at, entry))
        self._run("DELETE FROM reports WHERE report = ?", (entry,))
        self._run("DELETE FROM suggested_aliases WHERE entry = ?", (entry,))
        self._run("DELETE FROM waiting WHERE entry = ?", (entry,))

    def _make(self, effect: MakeContact, owner: str, entry: int, at: int) -> int:
        address = clean(effect.address)
        number = self._run(
            "INSERT INTO contacts (address, name, owner, added_at, made_by) VALUES (?, ?, ?, ?, ?)",
            (address, clean(effect.name), owner, at, entry),
        ).lastrowid
        self._run("INSERT INTO contact_addresses VALUES (?, ?, ?, NULL)", (address, number, at))
        return int(number)

    def _choose(self, numbers: Sequence[int], preferred: Sequence[int], user: str) -> int:
        if len(numbers) == 1:
            return numbers[0]
        for contact in read_contacts(self._connection, preferred).values():
            if contact.contact_id in numbers:
                return contact.contact_id
        for number in numbers if user else ():
            owned = "SELECT 1 FROM contacts WHERE contact = ? AND owner = ?"
            if self._run(owned, (number, user)).fetchone():
                return number
        return numbers[0]

    def _end_enrolment(self, effect: EndEnrolment, entry: int, at: int, *, free: bool) -> None:
        ended = self._run(
            "UPDATE enrolments SET ended_at = ?, ended_by = ?"
            " WHERE enrolment = ? AND ended_at IS NULL",
            (at, entry, effect.enrolment_id),
        )
        if ended.rowcount != 1:
            return
        sequence, contact, mailbox = self._run(
            "SELECT e.sequence, c.address, e.mailbox FROM enrolments e JOIN contacts c"
            " USING (contact) WHERE e.enrolment = ?",
            (effect.enrolment_id,),
        ).fetchone()
        told = {
            "enrolment": effect.enrolment_id,
            "sequence": sequence,
            "contact": contact,
            "mailbox": mailbox,
            "entry": entry_name(entry),
        }
        self.announce("sequence.unenrolled", entry, told, at, free=free)

    def _suggest(self, effect: SuggestAlias, entry: int, at: int, *, free: bool) -> None:
        made = self._run(
            "INSERT OR IGNORE INTO suggested_aliases SELECT contact, ?, ?, ?"
            " FROM contacts WHERE contact = ?",
            (clean(effect.address), entry, at, effect.contact_id),
        )
        if made.rowcount == 1:
            row = self._run("SELECT address FROM contacts WHERE contact = ?", (effect.contact_id,))
            told = {"address": clean(effect.address), "contact": row.fetchone()[0]}
            self.tell(Kind.SUGGESTED, entry, told, at, free=free)

    def _attach(self, effect: AttachToEntry, entry: int, at: int, *, free: bool) -> None:
        if target := entry_number(effect.entry_id):
            self._run(
                "INSERT INTO reports VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (entry, report, recipient)"
                " DO UPDATE SET status = excluded.status, action = excluded.action",
                (
                    target,
                    entry,
                    clean(effect.recipient),
                    clean(effect.status),
                    clean(effect.action),
                    at,
                ),
            )
            if effect.action == "failed":
                told = {
                    "original": effect.entry_id,
                    "recipient": clean(effect.recipient),
                    "status": clean(effect.status),
                }
                self.tell(Kind.BOUNCE, entry, told, at, free=free)

    def _judge_anew(self, effect: JudgeAnew, entry: int, at: int) -> None:
        if target := entry_number(effect.entry_id):
            self._run(
                "INSERT OR IGNORE INTO waiting (entry, since, because_of)"
                " SELECT entry, ?, ? FROM entries WHERE entry = ? AND kept_until > ?",
                (at, entry, target, at),
            )
