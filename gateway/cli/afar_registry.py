"""The registry of a gateway afar: what commands change of people, mailboxes and lists.

The same methods as those of the registry here, each a call of the API.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from gateway.cli.afar import Afar, part
from gateway.model.directory import Connection, Mailbox, NeverLog, ProviderChange, User
from gateway.model.facts import Contact, Enrolment
from gateway.store.closing import Closing
from gateway.store.people import ContactRow, Enrolled, Imported, Suggestion
from gateway.web.api import company, lists, people, shapes

AT_ONCE = 2000
"""Rows of an import in one call."""


class AfarRegistry(Closing):
    """The registry of a gateway that is asked by its API."""

    def __init__(self, gateway: Afar) -> None:
        self._get = gateway.get
        self._post = gateway.post
        self._send = gateway.send

    def add_user(self, address: str, name: str = "", role: str = "member") -> User:
        """Add a user by the login address."""
        return _user(self._post("/users", company.User, address=address, name=name, role=role))

    def list_users(self) -> tuple[User, ...]:
        """Return all users, oldest first."""
        return tuple(map(_user, self._get("/users", company.Users).users))

    def set_logging(self, user: str, *, on: bool) -> None:
        """Turn logging on or off for a user, as he wishes."""
        self._send("PUT", f"/users/{part(user)}/logging", company.User, on=on)

    def set_permitted(self, user: str, *, on: bool) -> None:
        """Say whether a user may log mail at all."""
        self._send("PUT", f"/users/{part(user)}/permission", company.User, on=on)

    def add_further_address(self, user: str, address: str) -> None:
        """Add a proven further address of a user."""
        self._post(f"/users/{part(user)}/addresses", company.User, address=address)

    def remove_further_address(self, user: str, address: str) -> None:
        """Take a further address from a user."""
        self._send("DELETE", f"/users/{part(user)}/addresses/{part(address)}", company.User)

    def add_mailbox(
        self,
        address: str,
        user: str | None = None,
        provider: str = "other",
        *,
        aliases: Iterable[str] = (),
        log_sent: str | None = None,
        at: datetime | None = None,
    ) -> Mailbox:
        """Add a mailbox of a user, or a shared one when no user is named; not yet connected."""
        made = self._post(
            "/mailboxes", company.Mailbox, address=address, user=user or "", provider=provider,
            aliases=list(aliases), log_sent=log_sent, at=at,
        )  # fmt: skip
        return _mailbox(made)

    def connect(
        self, address: str, provider: str | None = None, *, at: datetime | None = None
    ) -> Mailbox:
        """Connect a mailbox with a provider, by default the one that it lives at now."""
        path = f"/mailboxes/{part(address)}/connect"
        self._post(path, shapes.Done, provider=provider, at=at, replay=False)
        return self.mailbox(address)

    def disconnect(self, address: str, *, at: datetime | None = None) -> Mailbox:
        """End the connection of a mailbox."""
        path = f"/mailboxes/{part(address)}/disconnect"
        return _mailbox(self._post(path, company.Mailbox, at=at))

    def change_provider(
        self, address: str, provider: str, *, at: datetime | None = None
    ) -> Mailbox:
        """Say that a mailbox lives at another provider from now on."""
        path = f"/mailboxes/{part(address)}/provider"
        return _mailbox(self._post(path, company.Mailbox, provider=provider, at=at))

    def set_log_sent(self, address: str, log_sent: str) -> Mailbox:
        """Say whether all that is sent from a mailbox is logged: `marked` or `always`."""
        path = f"/mailboxes/{part(address)}/log-sent"
        return _mailbox(self._send("PUT", path, company.Mailbox, log_sent=log_sent))

    def list_mailboxes(self) -> tuple[Mailbox, ...]:
        """Return all mailboxes, oldest first."""
        return tuple(map(_mailbox, self._get("/mailboxes", company.Mailboxes).mailboxes))

    def mailbox(self, address: str) -> Mailbox:
        """Return the mailbox with this address or alias, which there is."""
        known = self.list_mailboxes()
        return next(box for box in known if address.lower() in {box.address, *box.aliases})

    def add_contact(self, address: str, name: str = "", owner: str = "") -> Contact:
        """Add a contact."""
        made = self._post("/contacts", people.Contact, address=address, name=name, owner=owner)
        return _contact(made)

    def add_address(self, contact: int | str, address: str) -> Contact:
        """Give a contact a further address."""
        number = self.contact(contact).contact_id
        path = f"/contacts/{number}/addresses"
        self._post(path, shapes.Done, address=address, replay=False)
        return self.contact(number)

    def merge(self, keep: int | str, other: int | str) -> Contact:
        """Merge another contact into the one that is kept."""
        kept, gone = self.contact(keep).contact_id, self.contact(other).contact_id
        return _contact(self._post(f"/contacts/{kept}/merge", people.Contact, other=gone))

    def contact(self, asked: int | str) -> Contact:
        """Return the contact with this number or address."""
        return _contact(self._get("/contact", people.Contact, asked=str(asked)))

    def list_contacts(self) -> tuple[Contact, ...]:
        """Return all contacts that were not merged into others, oldest first."""
        found: list[Contact] = []
        after = ""
        while True:
            page = self._get("/contacts", people.Contacts, after=after)
            found += map(_contact, page.contacts)
            after = page.more
            if not after:
                return tuple(found[::-1])

    def import_contacts(self, rows: Iterable[ContactRow]) -> Imported:
        """Add many contacts at once; what is wrong with a row stops no other."""
        told = [
            {"address": row.address, "name": row.name, "owner": row.owner,
             "further": list(row.further)}
            for row in rows
        ]  # fmt: skip
        added = known = 0
        faults: list[tuple[int, str]] = []
        for start in range(0, len(told), AT_ONCE):
            rows_now = told[start : start + AT_ONCE]
            done = self._post("/contacts/import", people.Imported, rows=rows_now)
            added, known = added + done.added, known + done.known
            faults += [(start + one.row, one.problem) for one in done.faults]
        return Imported(added, known, tuple(faults))

    def suggestions(self) -> tuple[Suggestion, ...]:
        """Return addresses that look like second ones of contacts, newest first."""
        found = self._get("/suggestions", people.Suggestions).suggestions
        return tuple(
            Suggestion(one.address, Contact(one.contact, one.primary), one.entry) for one in found
        )

    def enroll(self, contact: int | str, sequence: str, mailbox: str) -> Enrolled:
        """Enrol a contact in a sequence that is sent from a mailbox."""
        made = self._post(
            "/sequences", company.Enrolment, contact=str(contact), sequence=sequence,
            mailbox=mailbox,
        )  # fmt: skip
        return _enrolled(made)

    def unenroll(self, contact: int | str, sequence: str) -> None:
        """End an enrolment by hand."""
        asked = {"contact": str(contact), "sequence": sequence}
        self._post("/sequences/end", company.Enrolments, **asked)

    def list_enrolments(self, *, only_open: bool = False) -> tuple[Enrolled, ...]:
        """Return all enrolments, oldest first."""
        found = self._get("/sequences", company.Enrolments, only_open=only_open).enrolments
        return tuple(map(_enrolled, found))

    def at_risk(self) -> tuple[Enrolled, ...]:
        """Return the open enrolments that no reply can end any more (S16)."""
        return tuple(map(_enrolled, self._get("/sequences/at-risk", company.Enrolments).enrolments))

    def add_never_log(self, pattern: str, user: str = "") -> NeverLog:
        """Put an address or a domain on the company's list, or on a user's."""
        return _listed(self._post("/never-log", lists.Listed, pattern=pattern, user=user))

    def remove_never_log(self, pattern: str, user: str = "") -> None:
        """Take an address or a domain off a list, for future mail."""
        self._post("/never-log/remove", lists.NeverLogs, pattern=pattern, user=user)

    def list_never_log(self, *, also_removed: bool = False) -> tuple[NeverLog, ...]:
        """Return the entries of all never-log lists, oldest first."""
        found = self._get("/never-log", lists.NeverLogs, also_removed=also_removed)
        return tuple(map(_listed, found.entries))

    def allow_sender(self, pattern: str) -> None:
        """Let list and robot mail of an address or domain be logged."""
        self._post("/allowed-senders", lists.Senders, pattern=pattern)

    def disallow_sender(self, pattern: str) -> None:
        """Take an address or domain off that list."""
        self._post("/allowed-senders/remove", lists.Senders, pattern=pattern)

    def list_allowed_senders(self) -> tuple[str, ...]:
        """Return the addresses and domains whose list and robot mail may be logged."""
        return tuple(self._get("/allowed-senders", lists.Senders).patterns)


def _user(told: company.User) -> User:
    further = tuple(told.further)
    return User(told.user, told.name, told.role, told.logging, told.permitted, further)


def _mailbox(told: company.Mailbox) -> Mailbox:
    return Mailbox(
        address=told.mailbox,
        user=told.user,
        aliases=tuple(told.aliases),
        providers=tuple(ProviderChange(one.since, one.provider) for one in told.providers),
        connections=tuple(
            Connection(one.connected_at, one.provider, one.disconnected_at)
            for one in told.connections
        ),
        log_sent=told.log_sent,
    )


def _contact(told: people.Contact) -> Contact:
    return Contact(
        told.contact, told.primary, told.name, tuple(told.addresses), told.owner, told.company
    )


def _enrolled(told: company.Enrolment) -> Enrolled:
    return Enrolled(
        Enrolment(told.enrolment, told.sequence, told.contact_number, told.mailbox),
        told.contact,
        told.enrolled_at,
        told.ended_at,
        told.ended_by,
        told.at_risk,
    )


def _listed(told: lists.Listed) -> NeverLog:
    return NeverLog(told.pattern, told.user, told.added_at, told.removed_at)
