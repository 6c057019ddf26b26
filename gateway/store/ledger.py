"""Writes messages, sightings and decisions; each public method is part of one transaction.

Identity (message id, content digest) is unique and goes in first (rules.md section 4): of two
sightings that are recorded at the same moment one makes the entry, the other joins it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.model.case import Arrival, Case
from gateway.model.decision import Decision, Keep, Outcome, Reason, TrackThread
from gateway.model.entry import Revision
from gateway.model.envelope import Relayed, RelayState
from gateway.model.policy import Retention
from gateway.store.blobs import Blobs, Place
from gateway.store.database import Connection
from gateway.store.described import (
    WITH_CONTENT,
    attachment_rows,
    described,
    envelope_text,
    is_marked_itself,
    is_sealed,
    kept_until,
    matches_text,
    notes_text,
    rulebook_text,
    unnamed,
)
from gateway.store.effects import Effects
from gateway.store.recall import IdHit, hits_of, read_entries
from gateway.store.rows import (
    Digester,
    EntryNumbers,
    Rows,
    clean,
    entry_name,
    entry_number,
    from_json,
    keys_of,
    micros,
    to_json,
)
from gateway.store.threads import Ids, Threads, Tied


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


class Ledger:
    """All writing, through the writer's connection."""

    def __init__(
        self, connection: Connection, digester: Digester, blobs: Blobs,
        clock: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._connection = connection
        self._run = connection.execute
        self._digester = digester
        self._blobs = blobs
        self._clock = clock
        self._numbers = EntryNumbers(clock)
        self._rows = Rows()
        self._threads = Threads(connection, digester)
        self._effects = Effects(connection)
        self._rulebooks: dict[tuple[tuple[str, str], ...], int] = {}
        self._retention = Retention()

    def begin(self) -> None:
        """Get ready for the jobs of a transaction."""
        self._threads.begin()

    def flush(self) -> None:
        """Write what was gathered."""
        self._rows.flush(self._connection)

    def forget(self) -> None:
        """Drop what was gathered and remembered: the transaction was rolled back."""
        self._rows.forget()
        self._rulebooks.clear()

    def record(self, judged: Judged) -> str:
        """Write one sighting; return the id of the entry that it made or joined."""
        case, decision = judged.case, judged.decision
        self._retention = case.policy.retention
        ids = self._ids(case, decision)
        joined = entry_number(decision.joins) if decision.joins else self._same(case, ids)
        if joined is None:
            entry = self._numbers.take()
            joined = self._claim(entry, case, decision)
            if joined is None:
                self._begin(entry, judged, ids)
                return entry_name(entry)
        self._join(joined, judged, ids)
        return entry_name(joined)

    def revise(self, case: Arrival | Case, revision: Revision) -> None:
        """Append a decision to an entry, with its effects."""
        self.flush()
        entry = entry_number(revision.entry_id) or 0
        self._decide(entry, Judged(case, revision.decision), revision.by, None)
        self.dismiss(revision.entry_id)

    def dismiss(self, entry_id: str) -> None:
        """Take an entry off the list of those to be judged anew."""
        self._run("DELETE FROM waiting WHERE entry = ?", (entry_number(entry_id),))

    def settle(self, entry_id: str, sha256_in: bytes, relayed: Relayed) -> None:
        """Note how the relay of a sighting ended, and what follows from it."""
        self.flush()
        entry, now = entry_number(entry_id) or 0, micros(self._clock())
        reply = relayed.reply
        self._run(
            "UPDATE sightings SET state = ?, sha256_out = ?, reply_code = ?, reply_text = ?"
            " WHERE entry = ? AND number = (SELECT min(number) FROM sightings WHERE entry = ?"
            " AND sha256_in IN (?, ?) AND state = 'relaying')",
            (
                relayed.state, relayed.sha256_out, reply.code if reply else None,
                to_json(reply.text) if reply else None,
                entry, entry, sha256_in, self._digester.sealed(sha256_in),
            ),
        )  # fmt: skip
        if relayed.state is RelayState.REFUSED:
            self._not_delivered(entry, relayed, now)
        elif relayed.state is not RelayState.DEFERRED:
            self._run(
                "UPDATE outbox SET freed_at = ? WHERE entry = ? AND freed_at IS NULL", (now, entry)
            )

    def recover(self) -> int:
        """Mark what was still being relayed when the gateway ended; return how many."""
        now = micros(self._clock())
        self._run(
            "UPDATE outbox SET freed_at = ? WHERE freed_at IS NULL AND entry IN"
            " (SELECT entry FROM sightings WHERE state = 'relaying')",
            (now,),
        )
        lost = self._run("UPDATE sightings SET state = 'unknown' WHERE state = 'relaying'")
        return int(lost.rowcount)

    # -- a new entry

    def _ids(self, case: Arrival | Case, decision: Decision) -> Ids:
        heading = case.heading
        message_id = case.message.message_id if isinstance(case, Case) else heading.message_id
        cited = case.message.cited if isinstance(case, Case) else heading.cited
        own = (message_id, *heading.aliases)
        return Ids(
            own=own,
            cited=cited,
            conversation=heading.conversation,
            addresses=case.outside if heading.conversation else (),
            hits=hits_of(self._connection, self._digester, (*own, *cited)),
            in_full=not is_sealed(decision),
        )

    def _same(self, case: Arrival | Case, ids: Ids) -> int | None:
        """Return the entry of the same id, author and date, recorded a moment ago, or None."""
        hits: list[IdHit] = [hit for hit in ids.hits.get(ids.own[0], ()) if hit.entry]
        if not hits or not isinstance(case, Case) or case.author is None:
            return None
        date = micros(case.heading.date) if case.heading.date else None
        for row in read_entries(self._connection, {hit.entry for hit in hits}).values():
            if not row.gate and row.author == clean(case.author.key) and row.date == date:
                return row.entry
        return None

    def _claim(self, entry: int, case: Arrival | Case, decision: Decision) -> int | None:
        """Give the entry its identity; return the entry that has it already, or None."""
        message_id, digest = self._identity(case, decision)
        claim = "INSERT INTO identities VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        if self._run(claim, (message_id, digest, entry)).rowcount == 1:
            return None
        owner = "SELECT entry FROM identities WHERE id64 = ? AND digest = ?"
        return int(self._run(owner, (message_id, digest)).fetchone()[0])

    def _identity(self, case: Arrival | Case, decision: Decision) -> tuple[int, bytes]:
        """Return the identity; the octets' digest stands for a message that was not read."""
        if isinstance(case, Case):
            return self._digester.message_id(case.message.message_id), case.message.digest
        message_id = self._digester.message_id(case.heading.message_id)
        return message_id, self._sha256(case, decision)

    def _sha256(self, case: Arrival, decision: Decision) -> bytes:
        sha256 = case.envelope.content.sha256
        return self._digester.sealed(sha256) if is_sealed(decision) else sha256

    def _begin(self, entry: int, judged: Judged, ids: Ids) -> None:
        case, decision = judged.case, judged.decision
        now, received_at = micros(self._clock()), micros(case.envelope.received_at)
        tied = self._threads.tie(entry, received_at, ids)
        shown = decision.outcome.on_timeline
        contacts = self._effects.contacts(decision, entry, micros(case.asked_at), tied.contacts)
        until = kept_until(decision.keep, case.policy.retention, now) if judged.content_kept else 0
        told = {
            **described(case, decision),
            "entry": entry,
            "thread": tied.row.thread,
            "outcome": decision.outcome,
            "reason": decision.reason,
            "holds": 1,
            "answers": self._digester.message_id(ids.cited[0]) if ids.cited else None,
            "contacts": to_json(contacts),
            "kept_until": until,
        }
        self._run(_INSERT_ENTRY, [told[name] for name in _ENTRY_COLUMNS])
        self._sight(entry, 1, judged, until)
        self._append(entry, 1, judged, now, sighting=1)
        self._fill(entry, judged, ids, contacts)
        if shown:
            self._show(entry, tied, judged, contacts, told, free=False)
        if tied.stirred:
            self._threads.stir(tied, entry, now)
        self._threads.save(tied)
        if decision.effects:
            self._effects.apply(decision, entry, now, free=False)

    def _fill(self, entry: int, judged: Judged, ids: Ids, contacts: tuple[int, ...]) -> None:
        """Write what hangs on an entry, as far as it may be kept."""
        case, decision, add = judged.case, judged.decision, self._rows.add
        if ids.conversation:
            add("conversations", (self._digester.message_id(ids.conversation), entry))
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

    def _sight(
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
                self._sha256(case, decision), micros(envelope.received_at), RelayState.RELAYING,
                int(past_gate and is_marked_itself(case)),
                case.proof.kind if isinstance(case, Case) and case.proof else "",
                _brought_by(case) if past_gate else "",
                decision.reason if aside else "",
                envelope_text(envelope) if until else None,
                b"", None, None,
            ),
        )  # fmt: skip

    def _keep(self, entry: int, judged: Judged, until: int) -> None:
        content = judged.case.envelope.content
        find = "SELECT file, entries FROM blobs WHERE sha256 = ?"
        known = self._run(find, (content.sha256,)).fetchone()
        if known:
            shared = dict.fromkeys((*from_json(known[1], tuple[int, ...]), entry))
            self._run(
                "UPDATE blobs SET kept_until = max(kept_until, ?), entries = ? WHERE sha256 = ?",
                (until, to_json(tuple(shared)), content.sha256),
            )
            if judged.large and judged.large.file != known[0]:
                self._free(judged.large)
            return
        place = judged.large or self._blobs.put_small(content.octets)
        self._run(
            "INSERT INTO blobs (sha256, sha256_kept, size, file, start, entries, kept_until)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                content.sha256, content.sha256, place.size, place.file, place.start,
                f"[{entry}]", until,
            ),
        )  # fmt: skip

    def _free(self, place: Place) -> None:
        self._run(
            "INSERT INTO freed (file, start, size) VALUES (?, ?, ?)",
            (place.file, place.start, place.size),
        )

    def _append(
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

    def _rulebook(self, decision: Decision) -> int:
        """Return the number of the ordered list of rules that were asked."""
        asked = tuple((answer.stage, answer.rule) for answer in decision.trace)
        if (known := self._rulebooks.get(asked)) is None:
            text = rulebook_text(decision.trace)
            self._run("INSERT OR IGNORE INTO rulebooks (rules) VALUES (?)", (text,))
            find = "SELECT rulebook FROM rulebooks WHERE rules = ?"
            known = self._rulebooks[asked] = int(self._run(find, (text,)).fetchone()[0])
        return known

    # -- an entry that is there

    def _join(self, entry: int, judged: Judged, ids: Ids) -> None:
        """Add a sighting to an entry.

        What was judged as joining it holds for the union, unless it is a duplicate. What was
        judged apart (stages 0 to B) speaks of the sighting alone.
        """
        self.flush()
        case, decision, now = judged.case, judged.decision, micros(self._clock())
        self._claim(entry, case, decision)
        number = self._next("sightings", entry)
        if isinstance(case, Case):
            self._tie_again(entry, case, ids, now)
        outcome, reason, until = self._run(
            "SELECT outcome, reason, kept_until FROM entries WHERE entry = ?", (entry,)
        ).fetchone()
        is_alone = decision.sighting_only or decision.outcome is Outcome.DUPLICATE
        holds = bool(decision.joins) and not is_alone
        if (
            not decision.joins
            and not is_alone
            and isinstance(case, Case)
            and case.same_message is None
        ):
            # Two sightings were judged at the same moment, each as the first: a logged one
            # stands, and the union is judged anew.
            holds = decision.outcome.on_timeline and not Outcome(outcome).on_timeline
            judged = judged if holds else _seen_again(judged)
            self._wait(entry, now)
        if holds and (outcome, reason) == (decision.outcome, decision.reason):
            holds = self._remedy(entry) != clean(decision.remedy)
            aside = False
        else:
            aside = not holds
        if holds:
            until = self._decide(entry, judged, "gateway", number)
        elif aside:
            last = self._next("decisions", entry)
            self._append(entry, last, judged, now, sighting=number, aside=True)
            self._effects.apply(judged.decision, entry, now, free=False)
        self._sight(entry, number, judged, until if judged.content_kept else 0, aside=aside)
        self.flush()

    def _tie_again(self, entry: int, case: Case, ids: Ids, now: int) -> None:
        row = self._run("SELECT thread FROM entries WHERE entry = ?", (entry,)).fetchone()
        tied = self._threads.tie(entry, micros(case.envelope.received_at), ids, home=row[0])
        if tied.stirred:
            self._threads.stir(tied, entry, now)
        self._threads.save(tied)

    def _wait(self, entry: int, now: int) -> None:
        self._run(
            "INSERT OR IGNORE INTO waiting (entry, since, because_of) SELECT entry, ?, entry"
            " FROM entries WHERE entry = ? AND kept_until > 0",
            (now, entry),
        )

    def _next(self, table: str, entry: int) -> int:
        highest = f"SELECT coalesce(max(number), 0) + 1 FROM {table} WHERE entry = ?"
        return int(self._run(highest, (entry,)).fetchone()[0])

    def _remedy(self, entry: int) -> str:
        row = self._run(
            "SELECT d.remedy FROM entries e JOIN decisions d ON d.entry = e.entry"
            " AND d.number = e.holds WHERE e.entry = ?",
            (entry,),
        ).fetchone()
        return str(row[0])

    def _decide(self, entry: int, judged: Judged, by: str, sighting: int | None) -> int:
        """Let a new decision hold; return until when the content is kept."""
        case, decision, now = judged.case, judged.decision, micros(self._clock())
        row = self._run(
            "SELECT outcome, thread, recipients, outside, marked, kept_until, contacts"
            " FROM entries WHERE entry = ?",
            (entry,),
        ).fetchone()
        was, thread, recipients, outside, marked, old_until, old_contacts = row
        number, tied = self._next("decisions", entry), self._threads.find(thread)
        contacts = self._effects.contacts(decision, entry, micros(case.asked_at), tied.contacts)
        until = kept_until(decision.keep, case.policy.retention, now) if judged.content_kept else 0
        if sighting is None and not old_until:
            until = 0
        told = described(case, decision)
        told |= {
            "outcome": decision.outcome,
            "reason": decision.reason,
            "holds": number,
            "contacts": to_json(contacts),
            "kept_until": until,
            "marked": int(bool(marked or told["marked"])),
            "recipients": _union(recipients, told["recipients"]),
            "outside": _union(outside, told["outside"]),
        }
        for name in ("message_id", "received_at", "direction", "route", "gate", "date"):
            del told[name]
        columns = ", ".join(f"{name} = ?" for name in told)
        self._run(f"UPDATE entries SET {columns} WHERE entry = ?", (*told.values(), entry))
        self._append(entry, number, judged, now, by=by, sighting=sighting)
        self._clear(entry, until, from_json(old_contacts, tuple[int, ...]))
        ids = Ids((), (), "", (), {}, in_full=True)
        self._fill(entry, judged, ids, contacts)
        self.flush()
        free = sighting is None
        if decision.outcome.on_timeline:
            self._show(entry, tied, judged, contacts, told, free=free)
        elif Outcome(was).on_timeline:
            self._threads.hide(tied, entry)
            self._effects.announce(
                "entry.removed", entry, {"entry": entry_name(entry)}, now, free=free
            )
        if tied.stirred:
            self._threads.stir(tied, entry, now)
        self._threads.save(tied)
        self._effects.apply(decision, entry, now, free=free)
        return until

    def _clear(self, entry: int, until: int, contacts: tuple[int, ...]) -> None:
        """Drop what hung on an entry by its last decision."""
        self._run("DELETE FROM attachments WHERE entry = ?", (entry,))
        self._run("DELETE FROM words WHERE entry = ?", (entry,))
        for contact in contacts:
            self._run("DELETE FROM tied WHERE contact = ? AND entry = ?", (contact, entry))
        self._run(_KEEP_AS_LONG, (entry,))
        if not until:
            self._run("UPDATE sightings SET envelope = NULL WHERE entry = ?", (entry,))
            self._run("DELETE FROM waiting WHERE entry = ?", (entry,))

    def _show(
        self, entry: int, tied: Tied, judged: Judged, contacts: tuple[int, ...],
        told: dict[str, Any], *, free: bool,
    ) -> None:  # fmt: skip
        """Let an entry appear on the timeline."""
        decision, at = judged.decision, micros(judged.case.envelope.received_at)
        effect = next((e for e in decision.effects if isinstance(e, TrackThread)), None)
        starter, mailbox = (effect.starter, effect.mailbox) if effect else ("", told["mailbox"])
        tied.show(at, entry, starter, mailbox)
        tied.widen(keys_of(told["outside"]), contacts)
        event = {"entry": entry_name(entry), "reason": decision.reason}
        self._effects.announce("entry.logged", entry, event, micros(self._clock()), free=free)

    def _not_delivered(self, entry: int, relayed: Relayed, now: int) -> None:
        """Take a message off the timeline that the next hop refused on every path."""
        elsewhere = (
            "SELECT 1 FROM sightings WHERE entry = ? AND state NOT IN ('refused', 'deferred')"
        )
        if self._run(elsewhere, (entry,)).fetchone():
            return
        row = self._run(
            "SELECT outcome, reason, thread, kept_until FROM entries WHERE entry = ?", (entry,)
        ).fetchone()
        if row is None or row[1] == Reason.NOT_DELIVERED:
            return
        was, _, thread, until = row
        number = self._next("decisions", entry)
        said = f"{relayed.reply.code} {' '.join(relayed.reply.text)}" if relayed.reply else ""
        self._run(_INSERT_NOT_DELIVERED, (entry, number, now, *_told_refusal(said), entry))
        # Content is kept for a while only: the sender was told, and may try again.
        limit = kept_until(Keep.FIXABLE, self._retention, now)
        until = min(until, limit)
        self._run(
            "UPDATE entries SET outcome = ?, reason = ?, holds = ?, kept_until = ? WHERE entry = ?",
            (Outcome.NOT_LOGGED, Reason.NOT_DELIVERED, number, until, entry),
        )
        self._run(_KEEP_AS_LONG, (entry,))
        self._run("DELETE FROM words WHERE entry = ?", (entry,))
        if Outcome(was).on_timeline:
            tied = self._threads.find(thread)
            self._threads.hide(tied, entry)
            self._threads.save(tied)
        self._effects.undo(entry, now)


def _brought_by(case: Arrival) -> str:
    """Return the key of the user who wrote or forwarded it."""
    user = case.directory.user_of(case.brought_by.key) if case.brought_by else None
    return user.key if user else ""


def _seen_again(judged: Judged) -> Judged:
    decision = replace(
        judged.decision, outcome=Outcome.DUPLICATE, reason=Reason.SEEN_AGAIN, effects=()
    )
    return replace(judged, decision=decision)


def _union(one: str, other: str) -> str:
    return to_json(tuple(dict.fromkeys((*keys_of(one), *keys_of(other)))))


def _told_refusal(said: str) -> tuple[str, str]:
    remedy = f"The next hop refused it: {said}." if said else "The next hop refused it."
    return clean(remedy), to_json({"reply": said})


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
_INSERT_NOT_DELIVERED = (
    "INSERT INTO decisions SELECT ?, ?, NULL, 0, ?, 'gateway', preset, 'not_logged',"
    " 'not-delivered', ?, '', ?, rulebook, matches, notes, 'fixable' FROM decisions WHERE entry = ?"
    " ORDER BY number DESC LIMIT 1"
)
