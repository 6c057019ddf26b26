"""What waits to be handed over to a CRM, and what was refused: to look at, retry or leave out."""

from __future__ import annotations

from starlette.responses import Response

from gateway.model.handover import State
from gateway.store.outbox import SqliteOutbox
from gateway.web.desk import NotFoundError, Visit

MOST = 200
"""Pushes that are shown and decided at once."""


def outbox(visit: Visit) -> Response:
    """Show the dead letters, then what waits, in the order in which it goes."""
    box = SqliteOutbox(visit.config.store_path)
    dead = box.listed(states=(State.DEAD,))
    waiting = box.listed(states=(State.WAITING,))
    shown = (*dead[:MOST], *waiting[: max(0, MOST - len(dead))])
    return visit.show(
        "outbox.html",
        standings=shown,
        dead=len(dead),
        waiting=len(waiting),
        pauses=box.pauses(),
        sinks=visit.config.sinks,
        said=visit.asked("said"),
    )


def decide(visit: Visit) -> Response:
    """Retry those that were chosen, or leave them out for good."""
    kind = visit.given("do")
    if kind not in {"retry", "drop"}:
        raise NotFoundError(kind)
    box = SqliteOutbox(visit.config.store_path)
    there = {one.push.number for one in box.listed()}
    asked = [int(one) for one in visit.all_given("push")[:MOST] if one.isdecimal()]
    chosen = [number for number in dict.fromkeys(asked) if number in there]
    if not chosen:
        return visit.go("/outbox", visit.say("Choose at least one that waits or was refused."))
    if kind == "retry":
        count = box.retry(chosen, visit.desk.clock())
        said = visit.tongue.count("One is tried again.", "{count} are tried again.", count)
    else:
        count = box.drop_by_hand(chosen)
        said = visit.tongue.count("One is left out.", "{count} are left out.", count)
    visit.note(kind, " ".join(map(str, chosen)))
    return visit.go("/outbox", said)
