"""People outside: contacts with their timelines, companies, conversations, suggestions."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from gateway.config.values import Domain
from gateway.model import facts
from gateway.store.people import ContactRow
from gateway.store.registry import Registry
from gateway.store.views import Wanted
from gateway.web import work
from gateway.web.api import shapes
from gateway.web.api.asking import After
from gateway.web.api.messages import Trial, carried_out
from gateway.web.api.operation import Address, Number, Text, Words, acts, reads
from gateway.web.api.telling import done, message
from gateway.web.browsing import browse
from gateway.web.desk import NotAllowedError, NotFoundError, Visit
from gateway.web.orders import Order


class Contact(Struct, frozen=True):
    """A person outside."""

    contact: int
    primary: str
    name: str
    addresses: list[str]
    owner: str
    company: str = ""
    """What its company is called, as a source of contacts said."""


class Contacts(Struct, frozen=True):
    """Contacts, in the order in which they were added."""

    contacts: list[Contact]
    more: str
    """What to give as `after` for the next page; empty when this is the last one."""


class Who(After):
    """Which contacts."""

    q: Text = ""
    """What name or address holds."""


class Named(Struct, forbid_unknown_fields=True):
    """Which contact."""

    asked: Words
    """An address, or a number."""


class NewContact(Struct, forbid_unknown_fields=True):
    """A contact to add."""

    address: Address
    name: Text = ""
    owner: Text = ""
    """The user who owns it; a member adds what he owns himself."""


class NewAddress(Trial, kw_only=True):
    """A further address."""

    address: Address
    replay: bool = True
    """Whether what names this as its cure is judged again."""


class Merge(Trial, kw_only=True):
    """What is merged into the contact."""

    other: Number
    """The number of the contact that becomes part of this one."""


class Row(Struct, forbid_unknown_fields=True):
    """A row of an import."""

    address: Text
    name: Text = ""
    owner: Text = ""
    further: list[Text] = []


class Rows(Struct, forbid_unknown_fields=True):
    """What to import."""

    rows: Annotated[list[Row], Meta(max_length=10_000)]


class Fault(Struct, frozen=True):
    """A row that was left out."""

    row: int
    problem: str


class Imported(Struct, frozen=True):
    """What came of an import."""

    added: int
    known: int
    faults: list[Fault]


class Suggestion(Struct, frozen=True):
    """An address that looks like a second one of a contact."""

    address: str
    contact: int
    primary: str
    entry: str
    """The message in which it was seen."""


class Suggestions(Struct, frozen=True):
    """All of them."""

    suggestions: list[Suggestion]


class Accepted(Struct, forbid_unknown_fields=True):
    """Which suggestion."""

    address: Address
    contact: Number


@reads("/contacts")
def contacts(visit: Visit, query: Who) -> Contacts:
    """List contacts, the newest first."""
    after = int(query.after) if query.after.isdecimal() else 0
    people = visit.views.people(query.q, visit.viewer.scope, after)
    shown = people[: min(query.limit, 50)]
    more = str(shown[-1].contact) if len(people) > len(shown) else ""
    return Contacts([_told(visit, one.contact) for one in shown], more)


@reads("/contact", may_conflict=True)
def named_contact(visit: Visit, query: Named) -> Contact:
    """Find a contact by an address or a number."""
    with Registry(visit.config.store_path, clock=visit.desk.clock) as registry:
        number = registry.contact(query.asked).contact_id
    return _row(known(visit, number))


@reads("/contacts/{contact}")
def one_contact(visit: Visit, contact: Number) -> Contact:
    """Show a contact."""
    return _row(known(visit, contact))


@reads("/contacts/{contact}/timeline")
def contact_timeline(visit: Visit, contact: Number, query: After) -> shapes.Messages:
    """List what is on the timeline of a contact or held, newest first."""
    person = known(visit, contact)
    return _page(visit, Wanted(contact=person.contact_id, shown=True), query)


@reads("/companies/{domain}/timeline")
def company_timeline(visit: Visit, domain: Words, query: After) -> shapes.Messages:
    """List what is on the timelines of everybody at a domain or held, newest first."""
    try:
        asked = str(Domain(domain))
    except ValueError as error:
        raise NotFoundError(domain) from error
    lines, more = browse(visit, Wanted(domain=asked, shown=True), query.after, query.limit)
    return shapes.Messages([message(visit, one) for one in visit.views.entries(lines)], more)


@reads("/threads/{thread}/timeline")
def thread_timeline(visit: Visit, thread: Number, query: After) -> shapes.Messages:
    """List a conversation, with what of it was not logged, newest first."""
    found = _page(visit, Wanted(thread=thread), query)
    if not found.messages and not query.after:
        raise NotFoundError("thread")
    return found


@acts("POST", "/contacts", status=201)
def add_contact(visit: Visit, body: NewContact) -> Contact:
    """Add a contact; a member becomes its owner."""
    owner = body.owner or ("" if visit.viewer.is_admin else visit.viewer.key)
    if not visit.viewer.is_admin and owner != visit.viewer.key:
        raise NotAllowedError("Only an admin may add a contact that another user owns.")
    with Registry(visit.config.store_path, clock=visit.desk.clock) as registry:
        added = registry.add_contact(body.address, body.name, owner)
    visit.note("add-contact", added.primary)
    return _row(added)


@acts("POST", "/contacts/{contact}/addresses")
def add_address(visit: Visit, contact: Number, body: NewAddress) -> shapes.Done:
    """Give a contact a further address; with `dry_run` only say what that would log."""
    person = known(visit, contact)
    _must_own(visit, person)
    if not body.replay and not body.dry_run:
        with Registry(visit.config.store_path, clock=visit.desk.clock) as registry:
            registry.add_address(person.contact_id, body.address)
        result = work.Done()
    else:
        command = f"replygate contact add-address {person.primary} {body.address}"
        order = Order("add-address", "", (str(person.contact_id), body.address), command)
        result = carried_out(visit, [order], dry_run=body.dry_run)
    if not body.dry_run:
        visit.note("add-address", f"{body.address} to {person.primary}")
    return done(visit, result, dry_run=body.dry_run)


@acts("POST", "/contacts/{contact}/merge")
def merge(visit: Visit, contact: Number, body: Merge) -> Contact:
    """Merge another contact into this one; it cannot be undone.

    With `dry_run` nothing is done, and the contact is shown as it would be.
    """
    keeper, gone = known(visit, contact), known(visit, body.other)
    _must_own(visit, keeper)
    _must_own(visit, gone)
    if body.dry_run:
        addresses = dict.fromkeys((*keeper.addresses, *gone.addresses))
        return _row(facts.Contact(keeper.contact_id, keeper.primary, keeper.name,
                                  tuple(addresses), keeper.owner, keeper.company))  # fmt: skip
    with Registry(visit.config.store_path, clock=visit.desk.clock) as registry:
        merged = registry.merge(keeper.contact_id, gone.contact_id)
    visit.note("merge", f"{gone.primary} into {keeper.primary}")
    return _row(merged)


@acts("POST", "/contacts/import", admin=True)
def import_contacts(visit: Visit, body: Rows) -> Imported:
    """Add many contacts at once; what is wrong with a row stops no other."""
    rows = [ContactRow(row.address, row.name, row.owner, tuple(row.further)) for row in body.rows]
    with Registry(visit.config.store_path, clock=visit.desk.clock) as registry:
        imported = registry.import_contacts(rows)
    visit.note("import", f"{imported.added} contacts")
    faults = [Fault(*one) for one in imported.faults]
    return Imported(imported.added, imported.known, faults)


@reads("/suggestions")
def suggestions(visit: Visit) -> Suggestions:
    """List addresses that look like second ones of contacts."""
    return Suggestions(
        [
            Suggestion(one.address, one.contact.contact_id, one.contact.primary, one.entry_id)
            for one in visit.views.suggestions()
            if visit.viewer.is_admin or one.contact.owner == visit.viewer.key
        ]
    )


@acts("POST", "/suggestions/accept")
def accept(visit: Visit, body: Accepted) -> Contact:
    """Give a contact the address that was suggested."""
    asked = [
        one
        for one in suggestions(visit).suggestions
        if (one.address, one.contact) == (body.address, body.contact)
    ]
    if not asked:
        raise NotFoundError(body.address)
    with Registry(visit.config.store_path, clock=visit.desk.clock) as registry:
        changed = registry.add_address(body.contact, body.address)
    visit.note("add-address", f"{body.address} to {changed.primary}")
    return _row(changed)


def known(visit: Visit, number: int) -> facts.Contact:
    """Return a contact that the asker may know of. Raises NotFoundError."""
    person = visit.views.contact(number)
    if person is None or not visit.views.knows(person.contact_id, visit.viewer.scope):
        raise NotFoundError("contact")
    return person


def _must_own(visit: Visit, person: facts.Contact) -> None:
    if not visit.viewer.is_admin and person.owner != visit.viewer.key:
        raise NotAllowedError(f"Only an admin, or the owner of {person.primary}, may do this.")


def _page(visit: Visit, wanted: Wanted, query: After) -> shapes.Messages:
    lines, more = visit.views.page(wanted, visit.viewer.scope, query.after, query.limit)
    return shapes.Messages([message(visit, one) for one in visit.views.entries(lines)], more)


def _told(visit: Visit, number: int) -> Contact:
    person = visit.views.contact(number)
    if person is None:
        raise NotFoundError("contact")
    return _row(person)


def _row(person: facts.Contact) -> Contact:
    return Contact(
        person.contact_id,
        person.primary,
        person.name,
        list(person.addresses),
        person.owner,
        person.company,
    )
