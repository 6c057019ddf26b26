"""Reading the record page by page, as far as somebody may see it: for the web pages.

Pages go by key: the time and the number of the last line, never by offset, so that the
thousandth page costs what the first one does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from gateway.model.decision import Outcome, Reason
from gateway.model.entry import Entry
from gateway.store.book import address_key
from gateway.store.faults import BadAddressError
from gateway.store.local_days import day_of, iso_day
from gateway.store.people_views import OWNED, PeopleViews, Scope, escaped
from gateway.store.rows import FOREVER, entry_name, entry_number, keys_of, micros, moment


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are asked for; what is empty asks for all."""

    outcome: str = ""
    reason: str = ""
    route: str = ""
    user: str = ""
    mailbox: str = ""
    address: str = ""
    """A party: author or recipient."""
    domain: str = ""
    """A party at this domain."""
    contact: int | None = None
    thread: int | None = None
    command: str = ""
    """The fix that its decision names."""
    since: datetime | None = None
    until: datetime | None = None
    shown: bool = False
    """Only what is on the timeline or held."""


class Line(NamedTuple):
    """A line of a list: an entry without what takes a table of its own."""

    entry_id: str
    received_at: datetime
    direction: str
    route: str
    outcome: Outcome
    reason: Reason
    author: str
    author_name: str
    subject: str
    user: str
    mailboxes: tuple[str, ...]
    thread: int
    kept: bool
    remedy: str
    command: str
    key: str
    """Where the next page begins."""


class Tally(NamedTuple):
    """How many messages there are of one kind."""

    label: str
    outcome: Outcome
    messages: int


class Fix(NamedTuple):
    """A command, and how many kept messages name it as their cure."""

    command: str
    remedy: str
    reason: Reason
    messages: int
    newest: str
    """Id of the newest of them."""


_LINE = (
    "e.entry, e.received_at, e.direction, e.route, e.outcome, e.reason, e.author, e.author_name,"
    " e.subject, e.user, e.mailboxes, e.thread, e.kept_until, d.remedy, d.command"
)
_FROM = "FROM entries e JOIN decisions d ON d.entry = e.entry AND d.number = e.holds"
_LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)
_STOPPED = "e.outcome IN ('held', 'not_logged')"


NEAR_STRETCH, NEAR_STRETCHES = 200, 8
"""Entries of a contact that are read at once from its end, and how often before all are read."""


class Views(PeopleViews):
    """The record, read for people: all methods take what the asker may see."""

    def page(
        self, wanted: Wanted, scope: Scope | None, after: str = "", count: int = 50
    ) -> tuple[list[Line], str]:
        """Return a page, newest first, and the key of the next one; empty when it is the last."""
        where, values = self._asked(wanted, scope)
        if key := _key(after):
            where, values = f"{where} AND (e.received_at, e.entry) < (?, ?)", [*values, *key]
        source = "FROM entries e"
        near = None
        if wanted.contact is not None:
            near = self._newest_of(wanted.contact, where, values, count + 1)
        if near is not None:
            where, values = f"e.entry IN ({','.join('?' * len(near))})", near
        elif wanted.contact is not None:
            source = f"FROM ({_FAMILY_ENTRIES}) x CROSS JOIN entries e ON e.entry = x.entry"
            values = [wanted.contact, *values]
        if wanted.command:
            source = f"{source} {_DECISION}"
        # First the order, of which little is read; then the lines of this page alone.
        found = f"SELECT e.entry {source} WHERE {where} {_NEWEST_FIRST} LIMIT ?"
        rows = self._rows(
            f"SELECT {_LINE} {_FROM} WHERE e.entry IN ({found}) {_NEWEST_FIRST}",
            *values,
            count + 1,
        )
        at = micros(self._clock())
        lines = [_line(row, at) for row in rows[:count]]
        return lines, lines[-1].key if len(rows) > count else ""

    def _newest_of(
        self, contact: int, where: str, values: Sequence[Any], count: int
    ) -> list[int] | None:
        """Return the newest entries of a contact, read from its end; None where that is far.

        An entry is numbered by when it was recorded, and was received before that: once enough
        were received after the number that was reached, no other can be newer.
        """
        family = [number for (number,) in self._rows(_FAMILY, contact)]
        places = ",".join("?" * len(family))
        found: list[tuple[int, int]] = []
        reached = FOREVER
        for _ in range(NEAR_STRETCHES):
            numbers = [
                number
                for (number,) in self._rows(
                    f"SELECT DISTINCT entry FROM tied WHERE contact IN ({places}) AND entry < ?"
                    " ORDER BY entry DESC LIMIT ?",
                    *family,
                    reached,
                    NEAR_STRETCH,
                )
            ]
            some = ",".join("?" * len(numbers))
            found += self._rows(
                f"SELECT e.received_at, e.entry FROM entries e WHERE e.entry IN ({some})"
                f" AND {where}",
                *numbers,
                *values,
            )
            found.sort(reverse=True)
            is_all = len(numbers) < NEAR_STRETCH
            if is_all or (len(found) >= count and found[count - 1][0] > _recorded(numbers[-1])):
                return [entry for _, entry in found[:count]]
            reached = numbers[-1]
        return None

    def entries(self, lines: Sequence[Line]) -> Iterator[Entry]:
        """Yield the entries of these lines whole."""
        for line in lines:
            if (entry := self._read(int(line.entry_id, 16))) is not None:
                yield entry

    def sees(self, entry_id: str, scope: Scope | None) -> bool:
        """Whether the asker may see this entry."""
        where, values = self._may_see(scope)
        sql = f"SELECT 1 FROM entries e WHERE e.entry = ? AND {where}"
        return bool(self._rows(sql, entry_number(entry_id), *values))

    def command(self, entry_id: str) -> str:
        """Return the command that cures what stopped an entry; empty when none does."""
        rows = self._rows(f"SELECT d.command {_FROM} WHERE e.entry = ?", entry_number(entry_id))
        return str(rows[0][0]) if rows else ""

    def tallies(
        self, wanted: Wanted, scope: Scope | None, by: str, zone: tzinfo = UTC
    ) -> list[Tally]:
        """Count by `day`, `reason`, `user` or `route`, and by outcome; the most come first.

        A day is one of the zone.
        """
        label = f"e.{by}"
        if by == "day":
            now = self._clock()
            since = max(wanted.since or _LONG_AGO, _LONG_AGO)
            until = min(wanted.until or now, now)
            label = day_of("e.received_at", zone, since, until)
        where, values = self._asked(wanted, scope)
        source = _FROM if wanted.command else "FROM entries e"
        rows = self._rows(
            f"SELECT {label}, e.outcome, count(*) {source} WHERE {where}"
            " GROUP BY 1, 2 ORDER BY 3 DESC, 1",
            *values,
        )
        return [
            Tally(iso_day(label) if by == "day" else label, Outcome(outcome), messages)
            for label, outcome, messages in rows
        ]

    def fixes(self, scope: Scope | None, since: datetime | None = None) -> list[Fix]:
        """Return the commands that would cure most of what is stopped and kept."""
        where, values = self._asked(Wanted(since=since), scope)
        if scope is not None:
            # A remedy may name a blind recipient, whom only the sender knows.
            where, values = (
                f"{where} AND (e.user = ? OR e.direction = 'incoming')",
                [
                    *values,
                    scope.user,
                ],
            )
        rows = self._rows(
            f"SELECT d.command, d.remedy, e.reason, count(*), max(e.entry) {_FROM} WHERE {where}"
            f" AND {_STOPPED} AND e.kept_until > ? AND d.command <> ''"
            " GROUP BY d.command ORDER BY 4 DESC, 5 DESC LIMIT 10",
            *values,
            micros(self._clock()),
        )
        return [Fix(c, remedy, Reason(r), n, entry_name(last)) for c, remedy, r, n, last in rows]

    def same_cause(self, command: str, limit: int = 2000) -> list[str]:
        """Return what is stopped, kept, and names this command as its cure, oldest first."""
        rows = self._rows(
            f"SELECT e.entry {_FROM} WHERE d.command = ? AND {_STOPPED} AND e.kept_until > ?"
            " ORDER BY e.received_at, e.entry LIMIT ?",
            command,
            micros(self._clock()),
            limit,
        )
        return [entry_name(number) for (number,) in rows]

    def kept_ids(self, since: datetime | None, limit: int) -> list[str]:
        """Return what is kept, newest first."""
        rows = self._rows(
            "SELECT entry FROM entries WHERE kept_until > ? AND received_at >= ?"
            " ORDER BY received_at DESC LIMIT ?",
            micros(self._clock()),
            micros(since) if since else 0,
            limit,
        )
        return [entry_name(number) for (number,) in rows]

    def routes(self) -> list[str]:
        """Return the routes by which mail came lately."""
        rows = self._rows(
            "SELECT DISTINCT route FROM (SELECT route FROM entries ORDER BY received_at DESC"
            " LIMIT 2000) ORDER BY 1"
        )
        return [str(route) for (route,) in rows]

    def newest(self) -> int:
        """Return the number of the newest decision, for who waits for the next one."""
        rows = self._rows("SELECT coalesce(max(entry), 0) FROM entries")
        return int(rows[0][0])

    def since_entry(self, number: int, count: int = 50) -> list[Line]:
        """Return what came after an entry, oldest first."""
        rows = self._rows(
            f"SELECT {_LINE} {_FROM} WHERE e.entry > ? ORDER BY e.entry LIMIT ?", number, count
        )
        return [_line(row, micros(self._clock())) for row in rows]

    def told(
        self, numbers: Sequence[int], wanted: Wanted, scope: Scope | None
    ) -> dict[int, tuple[Line, str]]:
        """Return those of these entries that are asked for and may be seen, with their words."""
        where, values = self._asked(wanted, scope)
        places = ",".join("?" * len(numbers))
        rows = self._rows(
            f"SELECT {_LINE}, w.new_text {_FROM} LEFT JOIN words w ON w.entry = e.entry"
            f" WHERE e.entry IN ({places}) AND {where}",
            *numbers,
            *values,
        )
        at = micros(self._clock())
        return {row[0]: (_line(row[:-1], at), row[-1] or "") for row in rows}

    def _asked(self, wanted: Wanted, scope: Scope | None) -> tuple[str, list[Any]]:
        """Return the condition of what is asked and may be seen."""
        where, values = self._may_see(scope)
        parts = [where]
        if wanted.outcome == Outcome.HELD:
            # Said outright, so that the index of what is held is used.
            parts.append("e.outcome = 'held'")
        elif wanted.outcome:
            parts.append("e.outcome = ?")
            values.append(wanted.outcome)
        for column in ("reason", "route", "user", "thread"):
            if value := getattr(wanted, column):
                parts.append(f"e.{column} = ?")
                values.append(value)
        for column, sign, when in (("since", ">=", wanted.since), ("until", "<", wanted.until)):
            if when is not None:
                parts.append(f"e.received_at {sign} ? /* {column} */")
                values.append(micros(when))
        for condition, value in self._others(wanted, scope):
            parts.append(condition)
            values += value
        return " AND ".join(parts), values

    def _others(self, wanted: Wanted, scope: Scope | None) -> Iterator[tuple[str, list[Any]]]:
        if wanted.command:
            yield "d.command = ?", [wanted.command]
        if wanted.shown:
            yield "e.outcome IN ('logged', 'partial', 'held')", []
        if wanted.mailbox:
            yield "EXISTS (SELECT 1 FROM json_each(e.mailboxes) WHERE value = ?)", [wanted.mailbox]
        if wanted.domain:
            at = f"%@{escaped(wanted.domain.lower())}"
            like = "LIKE ? ESCAPE '\\'"
            found = f"EXISTS (SELECT 1 FROM json_each(e.outside) WHERE value {like})"
            owned = f"EXISTS ({OWNED} AND p.address {like})"
            own, me = ("1", []) if scope is None else ("e.user = ?", [scope.user])
            owner = scope.user if scope else ""
            yield (
                f"(e.author {like} OR ({own} AND {found}) OR {owned})",
                [at, *me, at, owner, at],
            )
        if wanted.address:
            yield self._party(wanted.address, scope)

    def _party(self, address: str, scope: Scope | None) -> tuple[str, list[Any]]:
        """Return the condition that somebody wrote or got it.

        Whom it went to blindly is its sender's to know: a member finds what he sent to somebody,
        and what somebody wrote.
        """
        try:
            key = address_key(address)
        except BadAddressError:
            return "0", []
        digest = self._digester.address(key)
        party = "e.entry IN (SELECT entry FROM parties WHERE id64 = ?)"
        if scope is None:
            return party, [digest]
        return f"(e.author = ? OR (e.user = ? AND {party}))", [key, scope.user, digest]


_DECISION = "JOIN decisions d ON d.entry = e.entry AND d.number = e.holds"
_NEWEST_FIRST = "ORDER BY e.received_at DESC, e.entry DESC"
_MERGED = (
    "WITH RECURSIVE merged (contact) AS (VALUES (?) UNION SELECT m.contact FROM contacts m"
    " JOIN merged g ON m.merged_into = g.contact)"
)
_FAMILY = f"{_MERGED} SELECT contact FROM merged"
_FAMILY_ENTRIES = (
    f"{_MERGED} SELECT DISTINCT t.entry FROM merged CROSS JOIN tied t ON t.contact = merged.contact"
)


def _line(row: Sequence[Any], at: int) -> Line:
    number, received_at, *told, mailboxes, thread, kept_until, remedy, command = row
    direction, route, outcome, reason, author, author_name, subject, user = told
    return Line(
        entry_name(number),
        moment(received_at),
        direction,
        route,
        Outcome(outcome),
        Reason(reason),
        author,
        author_name,
        subject,
        user,
        keys_of(mailboxes),
        thread,
        kept_until > at,
        remedy,
        command,
        f"{received_at}-{entry_name(number)}",
    )


def _recorded(entry: int) -> int:
    """Return the end of the millisecond in which an entry was recorded, as a time."""
    return ((entry >> 20) + 1) * 1000


def _key(text: str) -> tuple[int, int] | None:
    """Return time and number of a key; None for none, and for what is no key."""
    at, _, name = text.partition("-")
    number = entry_number(name)
    return (int(at), number) if at.isdecimal() and len(at) < 19 and number is not None else None
