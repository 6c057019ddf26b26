"""The outbox of notices: what users are told, until the next hop has it.

Each call opens the database and closes it again, on the thread of its caller: notices are rare.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from gateway.interfaces import WaitingNotice
from gateway.store.rows import clean, entry_number, micros
from gateway.store.turns import changing, opened

DAY: Final = timedelta(days=1)
MOST_A_DAY: Final = 20
"""Notices for one user: who forges his address must not fill his mailbox by ours. The digest and
`replygate held` tell of the rest."""


class NoticeBox:
    """The notices of one store."""

    def __init__(self, path: Path, *, timeout_s: float = 5.0) -> None:
        self._opened = partial(opened, path, timeout_s)
        self._change = partial(changing, path, timeout_s)

    def put(
        self,
        *,
        user: str,
        recipient: str,
        entry_id: str,
        reason: str,
        content: bytes,
        now: datetime,
        kind: str = "notice",
    ) -> bool:
        """Keep a notice, unless the user was told the same of this thread within a day, or enough.

        Raises StoreBusyError.
        """
        at, entry = micros(now), entry_number(entry_id) or 0
        with self._change() as change:
            row = change.execute("SELECT thread FROM entries WHERE entry = ?", (entry,)).fetchone()
            thread = row[0] if row else 0
            told, same = change.execute(
                "SELECT count(*), total(thread = ? AND reason = ?) FROM notices"
                " WHERE user = ? AND kind = ? AND made_at > ?",
                (thread, reason, user, kind, micros(now - DAY)),
            ).fetchone()
            is_news = not same and told < MOST_A_DAY
            if is_news:
                change.execute(
                    "INSERT INTO notices (kind, user, recipient, thread, reason, entry, made_at,"
                    " next_at, state, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?)",
                    (kind, user, clean(recipient), thread, reason, entry, at, at, content),
                )
        return is_news

    def due(self, now: datetime, most: int) -> Sequence[WaitingNotice]:
        """Return what is to be sent now, oldest first. Raises StoreBusyError."""
        with self._opened() as connection:
            rows = connection.execute(
                "SELECT notice, recipient, content, attempts FROM notices"
                " WHERE state = 'waiting' AND next_at <= ? ORDER BY next_at, notice LIMIT ?",
                (micros(now), most),
            ).fetchall()
        return [WaitingNotice(*row) for row in rows]

    def sent(self, number: int, said: str) -> None:
        """Note that the next hop has it; the content goes. Raises StoreBusyError."""
        self._settle("sent", number, said)

    def failed(self, number: int, said: str, again_at: datetime | None) -> None:
        """Note that the next hop did not take it; None gives up. Raises StoreBusyError."""
        if again_at is None:
            self._settle("failed", number, said)
            return
        with self._change() as change:
            change.execute(
                "UPDATE notices SET attempts = attempts + 1, next_at = ?, said = ?"
                " WHERE notice = ?",
                (micros(again_at), clean(said), number),
            )

    def _settle(self, state: str, number: int, said: str) -> None:
        with self._change() as change:
            change.execute(
                "UPDATE notices SET state = ?, said = ?, attempts = attempts + 1, content = NULL"
                " WHERE notice = ?",
                (state, clean(said), number),
            )
