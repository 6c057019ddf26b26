"""Connecting and disconnecting a mailbox, by an admin, who is told first what it means."""

from __future__ import annotations

from starlette.responses import Response

from gateway.store.faults import AlreadyKnownError
from gateway.store.registry import Registry
from gateway.web.desk import NotFoundError, Visit
from gateway.web.orders import Order
from gateway.web.work import Done, carry_out, rehearse


def change(visit: Visit) -> Response:
    """Say what it means, and when that was read, do it."""
    address, kind = visit.given("address"), visit.given("do")
    known = any(box.address == address for box in visit.mailboxes)
    if not known or kind not in {"connect", "disconnect"}:
        raise NotFoundError(address)
    try:
        done = _change(visit, address, kind, sure=visit.given("sure") == "yes")
    except AlreadyKnownError as error:
        return visit.go("/people", visit.fault(error))
    if done is None:
        visit.note(kind, address)
        if kind == "connect":
            return visit.go("/people", visit.say("{address} is connected now.", address=address))
        return visit.go("/people", visit.say("{address} is disconnected now.", address=address))
    return visit.show("mailbox.html", address=address, kind=kind, done=done)


def _change(visit: Visit, address: str, kind: str, *, sure: bool) -> Done | None:
    """Return what it would do, or None when it is done."""
    now = visit.desk.clock()
    if kind == "connect":
        order = Order("connect", "", (address,), f"replygate mailbox connect {address}")
        done = (carry_out if sure else rehearse)(visit.config, [order], visit.viewer.key, now)
        return None if sure else done
    if not sure:
        return Done()
    with Registry(visit.config.store_path, clock=visit.desk.clock) as registry:
        registry.disconnect(address)
    return None
