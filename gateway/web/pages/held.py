"""What waits for a person: held messages, alone and many at once."""

from __future__ import annotations

from starlette.responses import Response

from gateway.interfaces import StoreBusyError
from gateway.store.views import Wanted
from gateway.web.desk import NotFoundError, Visit
from gateway.web.orders import Order
from gateway.web.pages.why import may
from gateway.web.work import carry_out, rehearse

MOST = 200
"""Messages that are decided at once."""


def held(visit: Visit) -> Response:
    """Show what is held, newest first."""
    lines, more = visit.views.page(
        Wanted(outcome="held"), visit.viewer.scope, visit.asked("after"), 50
    )
    texts = {entry.entry_id: entry for entry in visit.views.entries(lines)}
    return visit.show("held.html", lines=lines, entries=texts, more=more, said=visit.asked("said"))


def decide(visit: Visit) -> Response:
    """Approve or discard some of them; first say what that will do."""
    kind = visit.given("do")
    if kind not in {"approve", "discard"}:
        raise NotFoundError(kind)
    orders = _orders(visit, kind)
    if not orders:
        return visit.go("/held", visit.say("Choose at least one message that is yours to decide."))
    now = visit.desk.clock()
    if visit.given("sure") != "yes":
        done = rehearse(visit.config, orders, visit.viewer.key, now)
        return visit.show(
            "held_ask.html",
            orders=orders,
            kind=kind,
            done=done,
            own=[order.entry_id for order in orders],
        )
    try:
        done = carry_out(visit.config, orders, visit.viewer.key, now)
    except StoreBusyError as error:
        return visit.go("/held", visit.fault(error))
    for order in orders:
        visit.note(kind, order.entry_id)
    if kind == "approve":
        said = visit.tongue.count(
            "One message approved.", "{count} messages approved.", len(orders)
        )
    else:
        said = visit.tongue.count(
            "One message discarded.", "{count} messages discarded.", len(orders)
        )
    return visit.go("/held", said)


def _orders(visit: Visit, kind: str) -> list[Order]:
    """Return the orders for what was chosen, is held, and is the viewer's to decide."""
    found: list[Order] = []
    chosen = visit.all_given("shown" if visit.given("all") else "entry")
    for entry_id in dict.fromkeys(chosen[:MOST]):
        entry = visit.views.find(visit.must_see(entry_id))
        order = Order(kind, entry_id)
        if entry is not None and entry.outcome == "held" and may(visit, entry, order):
            found.append(order)
    return found
