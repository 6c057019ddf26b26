"""Lets a decision hold of an entry: its rows, its contacts, its thread, and what follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from gateway.model import message
from gateway.model.case import Case
from gateway.model.decision import Outcome, Reason, TrackThread
from gateway.model.handover import Kind
from gateway.store.described import described, is_sealed
from gateway.store.effects import Effects
from gateway.store.entry_rows import EntryRows, Judged
from gateway.store.rows import Digester, entry_name, from_json, keys_of, micros, to_json
from gateway.store.threads import Ids, Threads, Tied


class Decisions:
    """Decisions about entries, new and old."""

    def __init__(
        self,
        digester: Digester,
        entries: EntryRows,
        threads: Threads,
        effects: Effects,
        clock: Callable[[], datetime],
    ) -> None:
        self._digester = digester
        self._entries = entries
        self._threads = threads
        self._effects = effects
        self._clock = clock

    def begin(self, entry: int, judged: Judged, ids: Ids) -> None:
        """Make a new entry with its first sighting and decision."""
        case, decision, now = judged.case, judged.decision, micros(self._clock())
        tied = self._threads.tie(entry, micros(case.envelope.received_at), ids)
        contacts = self._effects.contacts(decision, entry, micros(case.asked_at), tied.contacts)
        until = judged.kept_until(now)
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
        self._entries.insert(told)
        self._entries.sight(entry, 1, judged, until)
        self._entries.append(entry, 1, judged, now, sighting=1)
        self._entries.fill(entry, judged, ids.conversation, contacts)
        if decision.outcome.on_timeline:
            self._show(entry, tied, judged, told, free=False)
        self._tell(entry, judged, now, free=False)
        self._finish(entry, tied, judged, now, free=False)

    def decide(self, entry: int, judged: Judged, by: str, sighting: int | None) -> int:
        """Let another decision hold; return until when the content is kept.

        It was judged with a sighting whose relay is not settled yet, or with none: then what
        goes to the outbox is free at once.
        """
        case, decision, now = judged.case, judged.decision, micros(self._clock())
        old = self._entries.known(entry, *_MERGED, "outcome", "thread", "kept_until", "contacts")
        was, thread, old_until, old_contacts = old[len(_MERGED) :]
        number, tied = self._entries.next("decisions", entry), self._threads.find(thread)
        contacts = self._effects.contacts(decision, entry, micros(case.asked_at), tied.contacts)
        # What is gone does not come back by a decision alone.
        until = judged.kept_until(now) if old_until or sighting else 0
        told = _merged(dict(zip(_MERGED, old, strict=False)), described(case, decision)) | {
            "outcome": decision.outcome,
            "reason": decision.reason,
            "holds": number,
            "contacts": to_json(contacts),
            "kept_until": until,
        }
        self._entries.update(entry, told)
        if is_sealed(decision):
            self._entries.seal(entry)
        self._entries.append(entry, number, judged, now, by=by, sighting=sighting)
        self._entries.clear(entry, until, from_json(old_contacts, tuple[int, ...]))
        self._entries.fill(entry, judged, "", contacts)
        self._entries.flush()
        free = sighting is None
        if decision.outcome.on_timeline:
            self._show(entry, tied, judged, told, free=free)
        elif Outcome(was).on_timeline:
            self._threads.hide(tied, entry)
            event = {"entry": entry_name(entry)}
            self._effects.announce("entry.removed", entry, event, now, free=free)
        self._tell(entry, judged, now, free=free, was=Outcome(was))
        self._finish(entry, tied, judged, now, free=free)
        return until

    def widen(self, entry: int, judged: Judged) -> None:
        """Add whom a further sighting went to: what holds of the entry stays."""
        names = ("recipients", "outside", "mailboxes")
        new = described(judged.case, judged.decision)
        told = {
            name: to_json(tuple(dict.fromkeys((*keys_of(old), *keys_of(new[name])))))
            for name, old in zip(names, self._entries.known(entry, *names), strict=True)
        }
        self._entries.update(entry, told)

    def _show(
        self,
        entry: int,
        tied: Tied,
        judged: Judged,
        told: Mapping[str, Any],
        *,
        free: bool,
    ) -> None:
        """Let an entry appear on the timeline."""
        decision, at = judged.decision, micros(judged.case.envelope.received_at)
        contacts = from_json(told["contacts"], tuple[int, ...])
        effect = next((e for e in decision.effects if isinstance(e, TrackThread)), None)
        starter, mailbox = (effect.starter, effect.mailbox) if effect else ("", told["mailbox"])
        tied.show(at, entry, starter, mailbox)
        tied.widen(keys_of(told["outside"]), contacts)
        event = {"entry": entry_name(entry), "reason": decision.reason}
        self._effects.announce("entry.logged", entry, event, micros(self._clock()), free=free)

    def _tell(
        self, entry: int, judged: Judged, now: int, *, free: bool, was: Outcome | None = None
    ) -> None:
        """Tell sinks that want it what is not on the timeline, and what a person answered.

        What the privacy gate stopped is told to nobody.
        """
        case, decision = judged.case, judged.decision
        if not isinstance(case, Case) or is_sealed(decision):
            return
        told = {"reason": decision.reason}
        if decision.outcome in _STOPPED:
            self._effects.tell(_STOPPED[decision.outcome], entry, told, now, free=free)
        elif (
            decision.reason in _ANSWERS
            and case.message.kind is message.Kind.PERSONAL
            and not (was and was.on_timeline)
        ):
            self._effects.tell(Kind.REPLY, entry, told, now, free=free)

    def _finish(self, entry: int, tied: Tied, judged: Judged, now: int, *, free: bool) -> None:
        if tied.stirred:
            self._threads.stir(tied, entry, now)
        self._threads.save(tied)
        if judged.decision.effects:
            self._effects.apply(judged.decision, entry, now, free=free)


_STOPPED = {Outcome.NOT_LOGGED: Kind.NOT_LOGGED, Outcome.HELD: Kind.HELD}
_ANSWERS = frozenset({Reason.TRACKED_REPLY, Reason.REPLY_FROM_UNKNOWN})
_MERGED = ("recipients", "outside", "marked", "author", "author_name", "subject", "base_subject")
_FIXED = frozenset({"message_id", "received_at", "direction", "route", "gate", "date"})
"""Columns that the first sighting settles."""


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of the union of what was known and what was judged now."""
    told = {name: value for name, value in new.items() if name not in _FIXED}
    told["marked"] = int(bool(old["marked"] or new["marked"]))
    # Whom identity needs stays, whatever the gate says of a later judgement.
    told["author"] = new["author"] or old["author"]
    for name in ("recipients", "outside"):
        keys = (*keys_of(old[name]), *keys_of(new[name]))
        told[name] = to_json(tuple(dict.fromkeys(keys)))
    return told
