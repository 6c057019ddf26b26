"""What was decided: the list with its filters and charts, the first page, and the search."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from starlette.responses import Response

from gateway.model.decision import Outcome, Reason
from gateway.store.views import Line, Wanted
from gateway.web.charts import HEIGHT, WIDTH, by_day, by_label
from gateway.web.desk import Visit

PAGE = 50
STRETCH = 4_000
"""Entries that one search looks at before it asks whether to look further back."""
HITS = 50


def home(visit: Visit) -> Response:
    """Show what happened in the last seven days, and which fix helps most."""
    since = visit.desk.clock() - timedelta(days=7)
    scope = visit.viewer.scope
    tallies = visit.views.tallies(Wanted(since=since), scope, "day")
    counts = {
        outcome: sum(tally.messages for tally in tallies if tally.outcome is outcome)
        for outcome in Outcome
    }
    missed = counts[Outcome.NOT_LOGGED] + counts[Outcome.HELD]
    held, _ = visit.views.page(Wanted(outcome="held"), scope, count=5)
    newest, _ = visit.views.page(Wanted(shown=True), scope, count=8)
    return visit.show(
        "home.html",
        counts=counts,
        missed=missed,
        since=since,
        fixes=visit.views.fixes(scope, since)[:5],
        held=held,
        newest=newest,
        said=visit.asked("said"),
    )


def decisions(visit: Visit) -> Response:
    """Show what was decided, newest first, with what is counted of it."""
    asked = {name: visit.asked(name) for name in ASKED}
    scope = visit.viewer.scope
    if scope is not None and asked["mailbox"] not in scope.mailboxes:
        asked["mailbox"] = ""
    wanted = wanted_of(asked)
    lines, more = visit.views.page(wanted, scope, visit.asked("after"), PAGE)
    since = wanted.since or visit.desk.clock() - timedelta(days=28)
    counted = replace(wanted, since=since)
    by_user = visit.views.tallies(counted, scope, "user") if visit.viewer.is_admin else []
    return visit.show(
        "decisions.html",
        lines=lines,
        more=more,
        asked=asked,
        days=by_day(visit.views.tallies(counted, scope, "day")),
        reasons=by_label(visit.views.tallies(counted, scope, "reason")),
        users=by_label([tally for tally in by_user if tally.label]),
        width=WIDTH,
        height=HEIGHT,
        since=since,
        outcomes=list(Outcome),
        all_reasons=sorted(Reason),
        routes=visit.views.routes(),
        mailboxes=[
            box.address
            for box in visit.mailboxes
            if visit.viewer.is_admin or box.address in visit.viewer.mailboxes
        ],
        people=[user.key for user in visit.views.users()] if visit.viewer.is_admin else [],
    )


ASKED = (
    "outcome", "reason", "route", "user", "mailbox", "address", "since", "until", "command",
)  # fmt: skip


def wanted_of(asked: dict[str, str]) -> Wanted:
    """Return what the parameters of an address ask for; what is no value asks for all."""
    return Wanted(
        outcome=asked["outcome"] if asked["outcome"] in set(Outcome) else "",
        reason=asked["reason"] if asked["reason"] in set(Reason) else "",
        route=asked["route"],
        user=asked["user"],
        mailbox=asked["mailbox"],
        address=asked["address"],
        command=asked["command"],
        since=_day(asked["since"]),
        until=_day(asked["until"], days=1),
    )


def search(visit: Visit) -> Response:
    """Show the messages that hold all the words, newest first."""
    text = visit.asked("q")
    asked = {name: visit.asked(name) for name in ASKED}
    found: list[tuple[Line, str]] = []
    further = ""
    if text:
        words = plain(text).split()
        after = visit.asked("after")
        stretch = visit.views.scan(wanted_of(asked), visit.viewer.scope, after, STRETCH)
        further = stretch[-1][0].key if len(stretch) == STRETCH else ""
        for line, said in stretch:
            if all(word in _all_of(line, said) for word in words):
                found.append((line, excerpt(said, words)))
                if len(found) == HITS:
                    further = line.key
                    break
    return visit.show(
        "search.html", text=text, found=found, further=further, asked=asked, outcomes=list(Outcome)
    )


def plain(text: str) -> str:
    """Return a text as it is compared: width, case and composition do not count."""
    return unicodedata.normalize("NFKC", text).casefold()


def excerpt(text: str, words: list[str], around: int = 90) -> str:
    """Return where the first of the words stands, with what is around it."""
    flat = " ".join(text.split())
    places = [place for word in words if (place := flat.casefold().find(word)) >= 0]
    start = max(min(places, default=0) - around, 0)
    cut = flat[start : start + 2 * around]
    return f"{'…' if start else ''}{cut}{'…' if start + 2 * around < len(flat) else ''}"


def _all_of(line: Line, said: str) -> str:
    people = (line.author, line.author_name, line.user)
    return plain(" ".join((line.subject, said, line.reason, *people)))


def _day(text: str, days: int = 0) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
