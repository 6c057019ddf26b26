"""What may belong together: shown with what tells it, rehearsed, and done by a click."""

from __future__ import annotations

from starlette.responses import Response

from gateway.interfaces import StoreBusyError
from gateway.store.faults import AlreadyKnownError, ContactAmbiguousError
from gateway.web.desk import NotFoundError, Visit
from gateway.web.finding import touch
from gateway.web.suggesting import suggested
from gateway.web.templating import label
from gateway.web.work import carry_out, rehearse


def suggestions(visit: Visit) -> Response:
    """Show what is suggested."""
    return visit.show("suggestions.html", found=suggested(visit), said=visit.asked("said"))


def accept(visit: Visit) -> Response:
    """Say what it would do, and when that was read, do it."""
    one = next((one for one in suggested(visit) if one.key == visit.given("key")), None)
    if one is None:
        raise NotFoundError("suggestion")
    now, order = visit.desk.clock(), one.order
    try:
        if visit.given("sure") != "yes":
            done = rehearse(visit.config, [order], visit.viewer.key, now)
            return visit.show("suggestion.html", one=one, done=done)
        done = carry_out(visit.config, [order], visit.viewer.key, now)
    except (AlreadyKnownError, ContactAmbiguousError, LookupError, StoreBusyError) as error:
        return visit.go("/suggestions", visit.fault(error))
    touch(visit.config, done.logged)
    visit.note(order.kind, f"{order.entry_id} {' '.join(order.words)}")
    said = visit.say("Done: {what}.", what=label(visit.tongue, order))
    if done.logged:
        said += " " + visit.tongue.count(
            "One message is on the timeline now.",
            "{count} messages are on the timeline now.",
            len(done.logged),
        )
    return visit.go("/suggestions", said)
