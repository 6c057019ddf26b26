"""The admin's page of people and lists: users, mailboxes, never-log lists, addresses, sequences."""

from __future__ import annotations

from starlette.responses import Response

from gateway.store.company import PROVIDERS
from gateway.store.faults import (
    AlreadyKnownError,
    BadAddressError,
    ContactAmbiguousError,
    NotListedError,
)
from gateway.store.registry import Registry
from gateway.web.deeds import DEEDS, FIELDS
from gateway.web.desk import NotFoundError, Visit

NO_WAY = (
    AlreadyKnownError, BadAddressError, ContactAmbiguousError, NotListedError, LookupError,
    ValueError,
)  # fmt: skip
"""What the registry says to what cannot be."""


def people(visit: Visit) -> Response:
    """Show everything that is known of the company and its lists."""
    with Registry(visit.config.store_path, clock=visit.desk.clock) as registry:
        return visit.show(
            "people.html",
            users=registry.list_users(),
            mailboxes=registry.list_mailboxes(),
            never_log=registry.list_never_log(),
            allowed=registry.list_allowed_senders(),
            addresses=(*visit.config.addresses, *registry.list_logging_addresses()),
            enrolments=registry.list_enrolments(only_open=True),
            at_risk=registry.at_risk(),
            providers=PROVIDERS,
            now=visit.desk.clock(),
            said=visit.asked("said"),
        )


def change(visit: Visit) -> Response:
    """Do what a form asks for; what has a price is told first."""
    kind = str(visit.request.path_params["kind"])
    if kind not in DEEDS:
        raise NotFoundError(kind)
    deed, given = DEEDS[kind], {name: visit.given(name) for name in FIELDS}
    if deed.warns and visit.given("sure") != "yes":
        return visit.show(
            "sure.html", kind=kind, warning=visit.say(deed.warns, **given), given=given
        )
    try:
        with Registry(visit.config.store_path, clock=visit.desk.clock) as registry:
            said = deed.do(registry, given, visit.tongue)
    except NO_WAY as error:
        return visit.go("/people", visit.fault(error))
    told = " ".join(value for name, value in given.items() if value and name != "table")
    visit.note(kind, told)
    return visit.go("/people", said)
