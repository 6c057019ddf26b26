"""Messages: what was decided of them, why, their words and files, and what can be done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Literal

from msgspec import Struct
from starlette.responses import Response

from gateway.model.decision import Outcome, Reason
from gateway.model.entry import Entry
from gateway.model.handover import State
from gateway.store.outbox import SqliteOutbox
from gateway.store.suggestions import Suggesting
from gateway.web import work
from gateway.web.api import shapes
from gateway.web.api.asking import Count, Filter, Moment, Search
from gateway.web.api.operation import EntryId, Number, Words, acts, reads
from gateway.web.api.problems import ProblemError
from gateway.web.api.telling import done, line, message, push, seen
from gateway.web.browsing import browse
from gateway.web.desk import NotAllowedError, NotFoundError, Visit
from gateway.web.finding import catch_up, excerpt, find
from gateway.web.orders import LABELS, Order, orders_for
from gateway.web.pages.why import file, letter_of, may

Kind = Literal[
    "connect", "add-address", "add-contact", "unlist", "allow", "permit", "logging-on", "log",
    "log-thread", "replay", "approve", "discard",
]  # fmt: skip
"""What can be done about a message, as `actions` of it says."""


class Asked(Struct, forbid_unknown_fields=True):
    """Which message."""

    target: Words
    """An entry id or a Message-ID."""


class Trial(Struct, forbid_unknown_fields=True):
    """Whether to do it, or only to say what it would do."""

    dry_run: bool = False


class Tally(Struct, frozen=True):
    """How many messages there are of one kind."""

    label: str
    outcome: Outcome
    messages: int


class Tallies(Struct, frozen=True):
    """How many messages there are of each kind."""

    tallies: list[Tally]


class Fix(Struct, frozen=True):
    """A command, and how many kept messages name it as their cure."""

    command: str
    remedy: str
    reason: Reason
    messages: int
    newest: str
    """Id of the newest of them."""


class Fixes(Struct, frozen=True):
    """The commands that would cure most."""

    fixes: list[Fix]


class Hit(Struct, frozen=True):
    """A message that holds the words."""

    line: shapes.Line
    excerpt: str


class Hits(Struct, frozen=True):
    """What was found, newest first."""

    hits: list[Hit]
    more: str
    """What to give as `after` to look further back; empty at the end."""
    whole: bool
    """False: not all mail is indexed yet; ask again later."""


class Since(Struct, forbid_unknown_fields=True):
    """How far back."""

    since: Moment | None = None


@reads("/decisions")
def decisions(visit: Visit, query: Filter) -> shapes.Lines:
    """List what was decided, newest first, a line for each message."""
    wanted = query.wanted(visit.viewer.scope)
    lines, more = browse(visit, wanted, query.after, query.limit)
    return shapes.Lines([line(visit, one) for one in lines], more)


@reads("/decisions/tallies")
def tallies(visit: Visit, query: Count) -> Tallies:
    """Count messages by outcome, and by day, reason, user or route.

    Of the last 28 days where `since` is not given.
    """
    if query.by == "user":
        visit.must_be_admin()
    since = query.since or visit.desk.clock() - timedelta(days=28)
    wanted = replace(query.wanted(visit.viewer.scope), since=since)
    found = visit.views.tallies(wanted, visit.viewer.scope, query.by)
    return Tallies([Tally(*one) for one in found])


@reads("/decisions/fixes")
def fixes(visit: Visit, query: Since) -> Fixes:
    """List the commands that would cure most of what is stopped and kept."""
    return Fixes([Fix(*one) for one in visit.views.fixes(visit.viewer.scope, query.since)])


@reads("/search")
def search(visit: Visit, query: Search) -> Hits:
    """Find messages that hold all the words, newest first, and where."""
    whole = catch_up(visit.config)
    found, more = find(visit, query.q, query.wanted(visit.viewer.scope), query.after)
    words = query.q.split()
    return Hits([Hit(line(visit, one), excerpt(said, words)) for one, said in found], more, whole)


@reads("/messages")
def messages(visit: Visit, query: Filter) -> shapes.Messages:
    """List messages whole, newest first."""
    wanted = query.wanted(visit.viewer.scope)
    lines, more = browse(visit, wanted, query.after, query.limit)
    return shapes.Messages([message(visit, one) for one in visit.views.entries(lines)], more)


@reads("/messages/{entry}")
def one_message(visit: Visit, entry: EntryId) -> shapes.Message:
    """Show a message: its decision, its trace, and what can be done about it."""
    return message(visit, seen(visit, entry))


@reads("/explain")
def explain(visit: Visit, query: Asked) -> shapes.Explained:
    """Explain a message, by entry id or Message-ID, with what may be said beside it."""
    entry = visit.views.find(query.target)
    if entry is None:
        raise NotFoundError(query.target)
    visit.must_see(entry.entry_id)
    visit.note("looked at", f"/messages/{entry.entry_id}")
    box = SqliteOutbox(visit.config.store_path)
    standings = box.listed(entry_id=entry.entry_id, states=tuple(State))
    return shapes.Explained(
        message(visit, entry),
        _suggested(visit, entry),
        [push(one) for one in standings] if visit.viewer.is_admin else [],
    )


@reads("/messages/{entry}/letter")
def letter(visit: Visit, entry: EntryId) -> shapes.Letter:
    """Show the words of a message: the new ones, what is quoted, and its HTML made harmless."""
    found = letter_of(visit, seen(visit, entry))
    if found is None:
        raise NotFoundError("letter")
    return shapes.Letter(found.to, found.cc, found.new_text, found.quoted, found.html)


@reads("/messages/{entry}/files/{number}", media="application/octet-stream")
def attachment(visit: Visit, entry: EntryId, number: Number) -> Response:
    """Fetch the content of an attachment."""
    del entry, number  # of the path, where the page finds them
    return file(visit)


@reads("/messages/{entry}/actions/{kind}", may_conflict=True)
def rehearse_action(visit: Visit, entry: EntryId, kind: Kind) -> shapes.Done:
    """Say what an action would do."""
    return _carry_out(visit, entry, kind, dry_run=True)


@acts("POST", "/messages/{entry}/actions/{kind}")
def act(visit: Visit, entry: EntryId, kind: Kind, body: Trial) -> shapes.Done:
    """Do something about a message; with `dry_run` only say what it would do."""
    return _carry_out(visit, entry, kind, dry_run=body.dry_run)


def _suggested(visit: Visit, entry: Entry) -> shapes.Suggested | None:
    """Return what a message may answer that cites nothing, when the asker may see that."""
    if not entry.kept or entry.outcome.on_timeline:
        return None
    with Suggesting(visit.config.store_path) as record:
        found = record.suggestion(entry.entry_id)
    if found is None or not visit.views.sees(found.entry_id, visit.viewer.scope):
        return None
    return shapes.Suggested(found.entry_id, found.hint, found.detail)


def _carry_out(visit: Visit, entry_id: str, kind: str, *, dry_run: bool) -> shapes.Done:
    entry = seen(visit, entry_id)
    command = visit.views.command(entry.entry_id)
    order = next((one for one in orders_for(entry, command) if one.kind == kind), None)
    if order is None or kind not in LABELS:
        raise ProblemError(409, f"{kind} is nothing that can be done about it. See its actions.")
    if not may(visit, entry, order):
        raise NotAllowedError(f"{kind}: only an admin may do this, or whose mail it is.")
    result = carried_out(visit, [order], dry_run=dry_run)
    if not dry_run:
        visit.note(order.kind, f"{entry.entry_id} {' '.join(order.words)}".strip())
    return done(visit, result, entry.entry_id, dry_run=dry_run)


def carried_out(visit: Visit, orders: list[Order], *, dry_run: bool) -> work.Done:
    """Carry orders out, or rehearse them. Raises ProblemError for what cannot be."""
    do = work.rehearse if dry_run else work.carry_out
    result = do(visit.config, orders, visit.viewer.key, visit.desk.clock())
    if result.impossible:
        raise ProblemError(409, result.impossible)
    return result
