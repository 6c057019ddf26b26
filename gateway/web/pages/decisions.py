"""What was decided: the list with its filters and charts, the first page, and the search."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from starlette.responses import Response

from gateway.model.decision import Outcome, Reason
from gateway.store.views import Wanted
from gateway.web.browsing import browse
from gateway.web.charts import HEIGHT, WIDTH, by_day, by_label, stacked
from gateway.web.desk import Visit
from gateway.web.finding import Found, catch_up, excerpt, find
from gateway.words.reasons import REASONS

PAGE = 50


def home(visit: Visit) -> Response:
    """Show what happened in the last seven days, and which fix helps most."""
    first = visit.today - timedelta(days=6)
    since = visit.begin_of(first)
    scope = visit.viewer.scope
    tallies = visit.views.tallies(Wanted(since=since), scope, "reason")
    counts = {
        outcome: sum(tally.messages for tally in tallies if tally.outcome is outcome)
        for outcome in Outcome
    }
    missed = counts[Outcome.NOT_LOGGED] + counts[Outcome.HELD]
    held, _ = visit.views.page(Wanted(outcome="held"), scope, count=5)
    newest, _ = browse(visit, Wanted(shown=True), count=8)
    return visit.show(
        "home.html",
        counts=counts,
        missed=missed,
        since=first.isoformat(),
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
    wanted = wanted_of(visit, asked)
    lines, more = browse(visit, wanted, visit.asked("after"), PAGE)
    since = wanted.since or visit.begin_of(visit.today - timedelta(days=27))
    counted = replace(wanted, since=since)
    by_user = visit.views.tallies(counted, scope, "user") if visit.viewer.is_admin else []
    return visit.show(
        "decisions.html",
        lines=lines,
        more=more,
        asked=asked,
        days=by_day(visit.views.tallies(counted, scope, "day", visit.zone)),
        reasons=by_label(visit.views.tallies(counted, scope, "reason")),
        users=stacked([tally for tally in by_user if tally.label]),
        width=WIDTH,
        height=HEIGHT,
        since=since,
        outcomes=list(Outcome),
        all_reasons=sorted(Reason, key=lambda one: visit.say(REASONS[one])),
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


def wanted_of(visit: Visit, asked: dict[str, str]) -> Wanted:
    """Return what the parameters of an address ask for; what is no value asks for all."""
    return Wanted(
        outcome=asked["outcome"] if asked["outcome"] in set(Outcome) else "",
        reason=asked["reason"] if asked["reason"] in set(Reason) else "",
        route=asked["route"],
        user=asked["user"],
        mailbox=asked["mailbox"],
        address=asked["address"],
        command=asked["command"],
        since=_day(visit, asked["since"]),
        until=_day(visit, asked["until"], days=1),
    )


def search(visit: Visit) -> Response:
    """Show the messages that hold all the words, newest first."""
    text = visit.asked("q")
    asked = {name: visit.asked(name) for name in ASKED}
    found: Found = []
    further, is_whole = "", True
    if text:
        is_whole = catch_up(visit.config)
        wanted, after = wanted_of(visit, asked), visit.asked("after")
        found, further = find(visit, text, wanted, after)
    return visit.show(
        "search.html",
        text=text,
        found=[(line, excerpt(said, text.split())) for line, said in found],
        further=further,
        is_whole=is_whole,
        asked=asked,
        outcomes=list(Outcome),
    )


def _day(visit: Visit, text: str, days: int = 0) -> datetime | None:
    """Return when a day begins where the asker is, or some days after it; None for no day."""
    try:
        return visit.begin_of(date.fromisoformat(text) + timedelta(days=days))
    except (ValueError, OverflowError):
        return None
