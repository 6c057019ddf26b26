"""The timelines: of a contact, a company, a conversation; and the list of contacts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import groupby

from starlette.responses import Response

from gateway.config.values import Domain
from gateway.interfaces import StoreBusyError
from gateway.model.decision import Reason
from gateway.model.entry import Entry
from gateway.store.faults import AlreadyKnownError, ContactAmbiguousError
from gateway.store.views import Wanted
from gateway.web.browsing import browse
from gateway.web.desk import NotAllowedError, NotFoundError, Visit
from gateway.web.finding import touch
from gateway.web.orders import Order
from gateway.web.pages.earlier import waiting_for
from gateway.web.work import carry_out, rehearse

PAGE = 25
MUTED = frozenset(
    {Reason.BOUNCE, Reason.AUTO_REPLY, Reason.READ_RECEIPT, Reason.CALENDAR_IN_THREAD}
)
"""What nobody wrote by hand stands back on a timeline."""


def days_of(visit: Visit, entries: Iterable[Entry]) -> list[tuple[date, list[Entry]]]:
    """Return entries by the day on which they came, where the viewer is."""
    zone = visit.zone
    days = groupby(entries, key=lambda entry: entry.received_at.astimezone(zone).date())
    return [(day, list(some)) for day, some in days]


def contacts(visit: Visit) -> Response:
    """Show the contacts, or those whose name or address holds what is asked."""
    after = visit.asked("after")
    asked = visit.asked("q")
    people = visit.views.people(asked, visit.viewer.scope, int(after) if after.isdecimal() else 0)
    more = people[49].contact if len(people) > 50 else ""
    return visit.show(
        "contacts.html", people=people[:50], asked=asked, more=more, said=visit.asked("said")
    )


def contact(visit: Visit) -> Response:
    """Show what is logged of a contact, newest first."""
    person = visit.views.contact(int(visit.request.path_params["contact"]))
    if person is None or not visit.views.knows(person.contact_id, visit.viewer.scope):
        raise NotFoundError("contact")
    lines, more = visit.views.page(
        Wanted(contact=person.contact_id, shown=True),
        visit.viewer.scope,
        visit.asked("after"),
        PAGE,
    )
    owned = person.owner == visit.viewer.key
    return visit.show(
        "timeline.html",
        title=person.name or person.primary,
        person=person,
        domain=person.primary.rpartition("@")[2],
        days=days_of(visit, visit.views.entries(lines)),
        more=more,
        muted=MUTED,
        waiting=len(waiting_for(visit, person)),
        may_merge=visit.viewer.is_admin or owned,
        said=visit.asked("said"),
    )


def merge(visit: Visit) -> Response:
    """Merge another contact into this one."""
    number = int(visit.request.path_params["contact"])
    other = visit.given("other")
    keeper, gone = visit.views.contact(number), None
    if other and (known := visit.views.contact_of(other.lower())) is not None:
        gone = visit.views.contact(known)
    back = f"/contacts/{number}"
    if keeper is None:
        raise NotFoundError("contact")
    owners = {keeper.owner, gone.owner if gone else keeper.owner}
    if not visit.viewer.is_admin and owners != {visit.viewer.key}:
        raise NotAllowedError(visit.say("Only an admin, or the owner of both, may merge contacts."))
    if gone is None:
        return visit.go(back, visit.say("No contact has the address {address}.", address=other))
    words = (str(keeper.contact_id), str(gone.contact_id), *gone.addresses)
    order = Order("merge", "", words)
    try:
        now = visit.desk.clock()
        if visit.given("sure") != "yes":
            done = rehearse(visit.config, [order], visit.viewer.key, now)
            return visit.show("merge.html", keeper=keeper, gone=gone, other=other, done=done)
        done = carry_out(visit.config, [order], visit.viewer.key, now)
    except (AlreadyKnownError, ContactAmbiguousError, StoreBusyError) as error:
        return visit.go(back, visit.fault(error))
    touch(visit.config, done.logged)
    visit.note("merge", f"{gone.primary} into {keeper.primary}")
    said = visit.say("{address} is part of this contact now.", address=gone.primary)
    return visit.go(back, said)


def company(visit: Visit) -> Response:
    """Show what is logged of everybody at a domain."""
    try:
        domain = str(Domain(visit.request.path_params["domain"]))
    except ValueError as error:
        raise NotFoundError("domain") from error
    lines, more = browse(visit, Wanted(domain=domain, shown=True), visit.asked("after"), PAGE)
    if not (lines or more or visit.viewer.is_admin):
        raise NotFoundError("domain")
    return visit.show(
        "timeline.html",
        title=visit.views.company_name(domain) or domain,
        person=None,
        domain="",
        days=days_of(visit, visit.views.entries(lines)),
        more=more,
        muted=MUTED,
        may_merge=False,
        said="",
    )


def thread(visit: Visit) -> Response:
    """Show a conversation, with what of it was not logged."""
    lines, more = visit.views.page(
        Wanted(thread=int(visit.request.path_params["thread"])),
        visit.viewer.scope,
        visit.asked("after"),
        PAGE,
    )
    if not lines:
        raise NotFoundError("thread")
    entries = list(visit.views.entries(lines))
    subject = next((entry.subject for entry in reversed(entries) if entry.subject), "")
    return visit.show(
        "timeline.html",
        title=subject or visit.say("Conversation"),
        person=None,
        domain="",
        days=days_of(visit, entries),
        more=more,
        muted=MUTED,
        may_merge=False,
        said="",
    )
