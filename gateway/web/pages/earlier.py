"""What was kept of a contact while nobody knew whose address that was: judged again by a click.

A contact may appear by itself, when a CRM or a directory is followed; its page says what waits.
"""

from __future__ import annotations

from starlette.responses import Response

from gateway.interfaces import StoreBusyError
from gateway.model.facts import Contact
from gateway.web.desk import NotAllowedError, NotFoundError, Visit
from gateway.web.finding import touch
from gateway.web.orders import Order
from gateway.web.work import carry_out, rehearse


def waiting_for(visit: Visit, person: Contact) -> list[str]:
    """Return what waits of a contact, as far as the viewer may let it be judged again."""
    if not (visit.viewer.is_admin or person.owner == visit.viewer.key):
        return []
    return visit.views.stopped_before(person.addresses, visit.viewer.scope)


def judge(visit: Visit) -> Response:
    """Say what it would log, and when that was read, do it."""
    person = visit.views.contact(int(visit.request.path_params["contact"]))
    if person is None:
        raise NotFoundError("contact")
    if not (visit.viewer.is_admin or person.owner == visit.viewer.key):
        raise NotAllowedError(visit.say("Only an admin, or the owner of the contact, may do this."))
    waiting = waiting_for(visit, person)
    orders = [Order("replay", one, (), f"replygate replay {one}") for one in waiting]
    now = visit.desk.clock()
    back = f"/contacts/{person.contact_id}"
    try:
        if visit.given("sure") != "yes":
            done = rehearse(visit.config, orders, visit.viewer.key, now)
            return visit.show("earlier.html", person=person, count=len(waiting), done=done)
        done = carry_out(visit.config, orders, visit.viewer.key, now)
    except StoreBusyError as error:
        return visit.go(back, visit.fault(error))
    touch(visit.config, done.logged)
    visit.note("replay", f"{len(waiting)} earlier of {person.primary}")
    said = visit.tongue.count(
        "One message is on the timeline now.",
        "{count} messages are on the timeline now.",
        len(done.logged),
    )
    return visit.go(back, said)
