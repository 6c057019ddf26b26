"""What an admin changes of people and lists, one form each: what it needs, and what it does."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from gateway.store.people import ContactRow
from gateway.store.registry import Registry
from gateway.words.catalogue import Tongue

Given = Mapping[str, str]
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a form asks for."""

    do: Callable[[Registry, Given, Tongue], str]
    """Does it, and returns what to say."""
    warns: str = ""
    """What has to be known before; empty is done at once. Filled with the fields of the form."""


def add_user(registry: Registry, given: Given, told: Tongue) -> str:
    """Add a user."""
    user = registry.add_user(given["address"], given["name"], given["role"] or "member")
    return told.say("{address} is a user now.", address=user.key)


def add_user_address(registry: Registry, given: Given, told: Tongue) -> str:
    """Give a user a further address, which the admin vouches for."""
    registry.add_further_address(given["user"], given["address"])
    return told.say(
        "{address} belongs to {user} now.", address=given["address"], user=given["user"]
    )


def remove_user_address(registry: Registry, given: Given, told: Tongue) -> str:
    """Take a further address from a user."""
    registry.remove_further_address(given["user"], given["address"])
    return told.say(
        "{address} does not belong to {user} any more.",
        address=given["address"],
        user=given["user"],
    )


def logging_on(registry: Registry, given: Given, told: Tongue) -> str:
    """Let the mail of a user be logged."""
    registry.set_logging(given["user"], on=True)
    return told.say("Mail of {user} is logged from now on.", user=given["user"])


def logging_off(registry: Registry, given: Given, told: Tongue) -> str:
    """Let no mail of a user be logged."""
    registry.set_logging(given["user"], on=False)
    return told.say("Mail of {user} is not logged from now on.", user=given["user"])


def permit(registry: Registry, given: Given, told: Tongue) -> str:
    """Let a user log mail."""
    registry.set_permitted(given["user"], on=True)
    return told.say("{user} may log mail from now on.", user=given["user"])


def forbid(registry: Registry, given: Given, told: Tongue) -> str:
    """Let a user log no mail."""
    registry.set_permitted(given["user"], on=False)
    return told.say("{user} may log no mail from now on.", user=given["user"])


def add_mailbox(registry: Registry, given: Given, told: Tongue) -> str:
    """Add a mailbox, and connect it."""
    user = given["user"] or None
    box = registry.add_mailbox(given["address"], user, given["provider"] or "other")
    registry.connect(box.address)
    return told.say("{address} is connected now.", address=box.address)


def change_provider(registry: Registry, given: Given, told: Tongue) -> str:
    """Say where a mailbox lives now."""
    registry.change_provider(given["address"], given["provider"])
    return told.say(
        "{address} lives at {provider} now.", address=given["address"], provider=given["provider"]
    )


def list_never(registry: Registry, given: Given, told: Tongue) -> str:
    """Put an address or a domain on a never-log list."""
    entry = registry.add_never_log(given["pattern"], given["user"])
    return told.say("{pattern} is on the never-log list now.", pattern=entry.pattern)


def unlist_never(registry: Registry, given: Given, told: Tongue) -> str:
    """Take it off."""
    registry.remove_never_log(given["pattern"], given["user"])
    return told.say("{pattern} is off the never-log list now.", pattern=given["pattern"])


def allow(registry: Registry, given: Given, told: Tongue) -> str:
    """Let list and robot mail of somebody be logged."""
    registry.allow_sender(given["pattern"])
    return told.say("List and robot mail of {pattern} may be logged now.", pattern=given["pattern"])


def disallow(registry: Registry, given: Given, told: Tongue) -> str:
    """Let it be logged no more."""
    registry.disallow_sender(given["pattern"])
    return told.say(
        "List and robot mail of {pattern} is not logged any more.", pattern=given["pattern"]
    )


def add_logging_address(registry: Registry, given: Given, told: Tongue) -> str:
    """Add an address that copies are sent to."""
    made = registry.add_logging_address(given["address"], given["use"] or "any")
    return told.say("{address} takes copies now.", address=made.key)


def enrol(registry: Registry, given: Given, told: Tongue) -> str:
    """Put a contact into a sequence."""
    registry.enroll(given["contact"], given["sequence"], given["mailbox"])
    return told.say(
        "{contact} is in {sequence} now.", contact=given["contact"], sequence=given["sequence"]
    )


def end_enrolment(registry: Registry, given: Given, told: Tongue) -> str:
    """Take it out."""
    registry.unenroll(given["contact"], given["sequence"])
    return told.say(
        "{contact} is out of {sequence} now.", contact=given["contact"], sequence=given["sequence"]
    )


def import_contacts(registry: Registry, given: Given, told: Tongue) -> str:
    """Add contacts from a table of text."""
    result = registry.import_contacts(contact_rows(given["table"]))
    said = told.say(
        "{added} contacts were added, {known} were known.", added=result.added, known=result.known
    )
    faults = "; ".join(f"{row}: {fault}" for row, fault in result.faults[:5])
    if not faults:
        return said
    return f"{said} {told.say('Rows that are wrong: {faults}', faults=faults)}"


def contact_rows(table: str) -> Iterator[ContactRow]:
    """Yield the contacts of a CSV, by its headings; without headings: address, name, owner."""
    rows = csv.reader(io.StringIO(table.strip()), skipinitialspace=True)
    names = ["address", "name", "owner", "further"]
    for count, row in enumerate(rows):
        cells = [cell.strip() for cell in row]
        if count == 0 and "address" in [cell.lower() for cell in cells]:
            names = [cell.lower() for cell in cells]
            continue
        if count > MOST_ROWS or not any(cells):
            continue
        known = dict(zip(names, cells, strict=False))
        further = tuple(known.get("further", "").split())
        yield ContactRow(
            known.get("address", ""), known.get("name", ""), known.get("owner", ""), further
        )


NOT_KEPT_FROM_NOW = (
    "Nothing of mail with {pattern} is kept from now on, and what passes meanwhile cannot be"
    " logged afterwards. What is logged stays."
)
PROVIDER_WARNING = (
    "Replies in threads that began at the provider before are not found until {address} is"
    " connected with {provider}, unless the policy follows changes; sequences are at risk."
)
OFF_WARNING = "Nothing of {user} is logged from now on, until it is turned on again."
DEEDS: Mapping[str, Deed] = {
    "add-user": Deed(add_user),
    "add-user-address": Deed(add_user_address),
    "remove-user-address": Deed(remove_user_address),
    "logging-on": Deed(logging_on),
    "logging-off": Deed(logging_off, OFF_WARNING),
    "permit": Deed(permit),
    "forbid": Deed(forbid, OFF_WARNING),
    "add-mailbox": Deed(add_mailbox),
    "change-provider": Deed(change_provider, PROVIDER_WARNING),
    "never-log": Deed(list_never, NOT_KEPT_FROM_NOW),
    "unlist": Deed(unlist_never),
    "allow": Deed(allow),
    "disallow": Deed(disallow),
    "add-logging-address": Deed(add_logging_address),
    "enrol": Deed(enrol),
    "end-enrolment": Deed(end_enrolment),
    "import-contacts": Deed(import_contacts),
}
FIELDS = (
    *("address", "name", "role", "user", "provider", "pattern", "use"),
    *("contact", "sequence", "mailbox", "table"),
)
