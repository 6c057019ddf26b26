"""What is held, judged again, or logged by hand; each can be rehearsed first."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from msgspec import Meta, Struct

from gateway.model.decision import Outcome, Reason
from gateway.model.entry import Entry
from gateway.model.policy import Policy
from gateway.rules.presets import PRESETS
from gateway.rules.switches import of_preset
from gateway.store.views import Wanted
from gateway.web.api import shapes
from gateway.web.api.asking import After, Moment
from gateway.web.api.messages import Trial, carried_out
from gateway.web.api.operation import EntryId, Text, Words, acts, reads
from gateway.web.api.people import known
from gateway.web.api.problems import ProblemError
from gateway.web.api.telling import changed, done, message, seen
from gateway.web.desk import NotAllowedError, NotFoundError, Visit
from gateway.web.orders import Order
from gateway.web.pages.held import MOST
from gateway.web.pages.why import may
from gateway.web.work import judge_again

MOST_JUDGED = 2000
"""Messages that one call judges again; more are chosen by time."""


class Decide(Trial, kw_only=True):
    """What is decided of what is held."""

    do: Literal["approve", "discard"]
    entries: Annotated[list[EntryId], Meta(min_length=1, max_length=MOST)]
    contact: Text = ""
    """Log it under this contact, an address or a number."""
    route: bool = False
    """Believe this user from this client from now on; an admin may say so."""


class Replay(Struct, forbid_unknown_fields=True):
    """What is judged again; by default nothing is changed."""

    dry_run: bool = True
    targets: Annotated[list[Words], Meta(max_length=MOST_JUDGED)] = []
    """Entry ids or Message-IDs; else what the others choose, of what is kept."""
    outcome: Outcome | None = None
    reason: Reason | None = None
    address: Text = ""
    since: Moment | None = None
    until: Moment | None = None
    limit: Annotated[int, Meta(ge=1, le=MOST_JUDGED)] = MOST_JUDGED
    preset: Literal["hubspot-2020", "hubspot-2026", "gateway", ""] = ""
    """Only say what would change under it."""
    as_of_receipt: bool = False
    """Only say what would change, by the facts of that time."""


class Log(Trial):
    """How it is logged by hand."""

    thread: bool = False
    """All of its conversation, afterwards too."""
    contact: Text = ""
    """Under this contact, an address or a number."""


@reads("/held")
def held(visit: Visit, query: After) -> shapes.Messages:
    """List what waits for a person to decide, newest first."""
    asked = Wanted(outcome=Outcome.HELD)
    lines, more = visit.views.page(asked, visit.viewer.scope, query.after, query.limit)
    return shapes.Messages([message(visit, one) for one in visit.views.entries(lines)], more)


@acts("POST", "/held/decide")
def decide(visit: Visit, body: Decide) -> shapes.Done:
    """Approve or discard what is held; with `dry_run` only say what that would do."""
    if body.route:
        visit.must_be_admin()
    named = (str(_contact(visit, body.contact)),) if body.contact else ()
    kind = "approve-route" if body.route and body.do == "approve" else body.do
    entries = [seen(visit, one) for one in dict.fromkeys(body.entries)]
    orders = [_order(visit, entry, Order(kind, entry.entry_id, named)) for entry in entries]
    result = carried_out(visit, orders, dry_run=body.dry_run)
    for order in () if body.dry_run else orders:
        visit.note(kind, order.entry_id)
    return done(visit, result, *(order.entry_id for order in orders), dry_run=body.dry_run)


@acts("POST", "/messages/{entry}/log")
def log(visit: Visit, entry: EntryId, body: Log) -> shapes.Done:
    """Log a message by hand, whatever the rules said; its conversation too, when asked."""
    found = seen(visit, entry)
    named = (str(_contact(visit, body.contact)),) if body.contact else ()
    order = Order("log-thread" if body.thread else "log", entry, named)
    if not may(visit, found, order):
        raise NotAllowedError("Only an admin may log this, or whose mail it is.")
    result = carried_out(visit, [order], dry_run=body.dry_run)
    if not body.dry_run:
        visit.note(order.kind, entry)
    return done(visit, result, entry, dry_run=body.dry_run)


@acts("POST", "/replay")
def replay(visit: Visit, body: Replay) -> shapes.Replayed:
    """Judge again what is kept, by the facts of today; unless told otherwise only as a rehearsal.

    A member judges his own mail again. What is logged stays logged where nothing is named.
    """
    compares = bool(body.preset) or body.as_of_receipt
    if compares:
        visit.must_be_admin()
    chosen, lost = _named(visit, body.targets) if body.targets else (_chosen(visit, body), [])
    judged = judge_again(
        visit.config,
        chosen,
        visit.desk.clock(),
        visit.viewer.key,
        policy=_policy(visit, body.preset),
        only_say=body.dry_run or compares,
        as_of_receipt=body.as_of_receipt,
    )
    if not (body.dry_run or compares):
        visit.note("replay", f"{len(chosen)} messages")
    return shapes.Replayed(
        dry_run=body.dry_run or compares,
        judged=len(chosen),
        would_log=sum(change.after.outcome.on_timeline for change in judged),
        changes=[changed(change) for change in judged if change.differs],
        lost=lost,
    )


def _policy(visit: Visit, preset: str) -> Policy:
    return of_preset(visit.config.policy, preset) if preset in PRESETS else visit.policy


def _named(visit: Visit, targets: list[str]) -> tuple[list[str], list[str]]:
    """Return the ids of what is named and kept, and the names of what is not kept."""
    chosen: dict[str, None] = {}
    lost: list[str] = []
    for target in targets:
        entry = visit.views.find(target)
        if entry is None:
            raise NotFoundError(target)
        visit.must_see(entry.entry_id)
        _must_be_his(visit, entry)
        if entry.kept:
            chosen[entry.entry_id] = None
        else:
            lost.append(target)
    return list(chosen), lost


def _chosen(visit: Visit, body: Replay) -> list[str]:
    """Return the ids of what is kept and fits, oldest first."""
    wanted = Wanted(
        outcome=body.outcome or "",
        reason=body.reason or "",
        address=body.address,
        since=body.since,
        until=body.until,
    )
    everything = bool(body.outcome or body.preset or body.as_of_receipt)
    chosen: list[str] = []
    after = ""
    while len(chosen) < body.limit:
        lines, after = visit.views.page(wanted, visit.viewer.scope, after, 200)
        chosen += [
            line.entry_id
            for line in lines
            if line.kept
            and (everything or not line.outcome.on_timeline)
            and (visit.viewer.is_admin or visit.viewer.is_own(line.user, line.mailboxes))
        ]
        if not after:
            break
    return chosen[: body.limit][::-1]


def _order(visit: Visit, entry: Entry, order: Order) -> Order:
    if entry.outcome is not Outcome.HELD:
        raise ProblemError(409, f"{entry.entry_id} is not held any more. See /held.")
    if not may(visit, entry, replace(order, kind="approve")):
        raise NotAllowedError("Only an admin may decide this, or whose mail it is.")
    return order


def _must_be_his(visit: Visit, entry: Entry) -> None:
    if not may(visit, entry, Order("replay", entry.entry_id)):
        raise NotAllowedError("Only an admin may judge this again, or whose mail it is.")


def _contact(visit: Visit, asked: str) -> int:
    """Return the number of a contact that the asker may know of."""
    number = int(asked) if asked.isdecimal() else visit.views.contact_of(asked.lower())
    if number is None:
        raise NotFoundError(asked)
    return known(visit, number).contact_id
