"""How a relay ended, and what follows when a message was never delivered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gateway.model.decision import Keep, Outcome, Reason
from gateway.model.envelope import Relayed, RelayState
from gateway.model.handover import Kind
from gateway.model.policy import Retention
from gateway.store.database import Connection
from gateway.store.described import kept_until
from gateway.store.effects import Effects
from gateway.store.entry_rows import EntryRows
from gateway.store.rows import FOREVER, Digester, clean, entry_number, micros, to_json
from gateway.store.threads import Threads


class Settling:
    """Settles sightings, through the writer's connection."""

    def __init__(  # noqa: PLR0917 - the parts of the ledger, in its order
        self,
        connection: Connection,
        digester: Digester,
        entries: EntryRows,
        threads: Threads,
        effects: Effects,
        clock: Callable[[], datetime],
    ) -> None:
        self._run = connection.execute
        self._digester = digester
        self._entries = entries
        self._threads = threads
        self._effects = effects
        self._clock = clock
        self.retention = Retention()
        """Of the last message that was recorded."""

    def settle(self, entry_id: str, sha256_in: bytes, relayed: Relayed) -> None:
        """Note how the relay of a sighting ended, and what follows from it."""
        self._entries.flush()
        entry, now = entry_number(entry_id) or 0, micros(self._clock())
        reply = relayed.reply
        told = (
            relayed.state, relayed.sha256_out, reply.code if reply else None,
            to_json(reply.text) if reply else None, entry,
        )  # fmt: skip
        # Nearly all mail is seen once, and looking for the sighting costs more than the rest.
        if self._run(_END_OF_FIRST, (*told, sha256_in)).rowcount != 1:
            sealed = self._digester.sealed(sha256_in)
            self._run(_END_OF_OLDEST, (*told, entry, sha256_in, sealed))
        if relayed.state is RelayState.REFUSED:
            self._not_delivered(entry, relayed, now)
        elif relayed.state is not RelayState.DEFERRED:
            self._run(
                "UPDATE outbox SET freed_at = ? WHERE entry = ? AND freed_at IS NULL", (now, entry)
            )

    def recover(self, before: int = FOREVER) -> int:
        """Mark what came before then and was being relayed by who has ended; return how many."""
        now = micros(self._clock())
        self._run(
            "UPDATE outbox SET freed_at = ? WHERE freed_at IS NULL AND entry IN"
            " (SELECT entry FROM sightings WHERE state = 'relaying' AND received_at < ?)",
            (now, before),
        )
        lost = self._run(
            "UPDATE sightings SET state = 'unknown' WHERE state = 'relaying' AND received_at < ?",
            (before,),
        )
        return int(lost.rowcount)

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
        number = self._entries.next("decisions", entry)
        said = f"{relayed.reply.code} {' '.join(relayed.reply.text)}" if relayed.reply else ""
        self._run(_INSERT_NOT_DELIVERED, (entry, number, now, *_told_refusal(said), entry))
        # Content is kept for a while only: the sender was told, and may try again.
        limit = kept_until(Keep.FIXABLE, self.retention, now)
        until = min(until, limit)
        self._run(
            "UPDATE entries SET outcome = ?, reason = ?, holds = ?, kept_until = ? WHERE entry = ?",
            (Outcome.NOT_LOGGED, Reason.NOT_DELIVERED, number, until, entry),
        )
        self._entries.keep_as_long(entry)
        self._run("DELETE FROM words WHERE entry = ?", (entry,))
        if Outcome(was).on_timeline:
            tied = self._threads.find(thread)
            self._threads.hide(tied, entry)
            self._threads.save(tied)
        self._effects.undo(entry, now)
        if Outcome(was).on_timeline:
            told = {"reason": Reason.NOT_DELIVERED}
            self._effects.tell(Kind.NOT_LOGGED, entry, told, now, free=True)


def _told_refusal(said: str) -> tuple[str, str]:
    remedy = f"The next hop refused it: {said}." if said else "The next hop refused it."
    return clean(remedy), to_json({"reply": said})


_END = "UPDATE sightings SET state = ?, sha256_out = ?, reply_code = ?, reply_text = ?"
_END_OF_FIRST = f"{_END} WHERE entry = ? AND number = 1 AND sha256_in = ? AND state = 'relaying'"
_END_OF_OLDEST = (
    f"{_END} WHERE entry = ? AND number = (SELECT min(number) FROM sightings WHERE entry = ?"
    " AND sha256_in IN (?, ?) AND state = 'relaying')"
)
_INSERT_NOT_DELIVERED = (
    "INSERT INTO decisions SELECT ?, ?, NULL, 0, ?, 'gateway', preset, 'not_logged',"
    " 'not-delivered', ?, '', ?, rulebook, matches, notes, 'fixable' FROM decisions WHERE entry = ?"
    " ORDER BY number DESC LIMIT 1"
)
