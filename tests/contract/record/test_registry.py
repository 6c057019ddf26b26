from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.interfaces import Recorder
from gateway.model.directory import LoggingAddress
from gateway.store.faults import (
    AlreadyKnownError,
    BadAddressError,
    ContactAmbiguousError,
    NotListedError,
    UnknownContactError,
    UnknownEntryError,
    UnknownMailboxError,
    UnknownUserError,
)
from gateway.store.people import ContactRow
from gateway.store.registry import Registry
from gateway.store.views import Views
from tests.store.office import ANN, BOB, DAN, NOON, SALES, Clock

HOUR = timedelta(hours=1)


def with_bob(registry: Registry) -> Registry:
    registry.add_user("Bob@ACME.example", "Bob")
    registry.add_mailbox(BOB, BOB, "google", aliases=["b.ob@acme.example"])
    return registry


def test_a_user_is_added_under_the_key_of_the_address(registry: Registry) -> None:
    user = registry.add_user(" Bob@ACME.example", "Bob", "admin")
    assert (user.key, user.name, user.role) == (BOB, "Bob", "admin")
    assert registry.list_users() == (user,)


def test_adding_a_user_twice_is_said(registry: Registry) -> None:
    with_bob(registry).add_further_address(BOB, "bob@home.example")
    for address in (BOB, "bob@home.example"):
        with pytest.raises(AlreadyKnownError, match=f"is an address of user {BOB} already"):
            registry.add_user(address)
        with pytest.raises(AlreadyKnownError):
            registry.add_further_address(BOB, address)


def test_a_user_is_known_by_a_further_address(registry: Registry) -> None:
    with_bob(registry).add_further_address(BOB, "bob@home.example")
    registry.set_logging("bob@home.example", on=False)
    registry.set_permitted("bob@home.example", on=False)
    (user,) = registry.list_users()
    assert (user.logging, user.permitted, user.further) == (False, False, ("bob@home.example",))


def test_further_address_is_taken_from_its_user_alone(registry: Registry) -> None:
    with_bob(registry).add_further_address(BOB, "bob@home.example")
    registry.add_user("eve@acme.example")
    with pytest.raises(NotListedError, match=r"is no further address of eve@acme\.example"):
        registry.remove_further_address("eve@acme.example", "bob@home.example")
    registry.remove_further_address(BOB, "Bob@home.example")
    assert registry.user(BOB).further == ()


def test_unknown_users_are_said(registry: Registry) -> None:
    with pytest.raises(UnknownUserError, match=f"replygate user add {BOB}"):
        registry.set_logging(BOB, on=True)


@pytest.mark.parametrize("text", ["", "bob", "@acme.example", "bob@", "b ob@acme.example"])
def test_what_is_no_address_is_said(registry: Registry, text: str) -> None:
    with pytest.raises(BadAddressError, match=r"name@example\.com"):
        registry.add_user(text)


def test_roles_providers_and_switches_are_checked(registry: Registry) -> None:
    with_bob(registry)
    with pytest.raises(ValueError, match="member or admin"):
        registry.add_user("eve@acme.example", role="boss")
    with pytest.raises(ValueError, match="google, microsoft365"):
        registry.change_provider(BOB, "hotmail")
    with pytest.raises(ValueError, match="marked or always"):
        registry.add_mailbox(SALES, log_sent="never")
    with pytest.raises(ValueError, match="marked or always"):
        registry.set_log_sent(BOB, "never")
    with pytest.raises(ValueError, match="bcc, forward"):
        registry.add_logging_address("x@crm.example", "cc")


def test_a_shared_mailbox_logs_all_that_is_sent(registry: Registry) -> None:
    assert registry.add_mailbox(SALES).log_sent == "always"
    assert with_bob(registry).mailbox(BOB).log_sent == "marked"
    assert registry.set_log_sent(BOB, "always").log_sent == "always"


def test_a_mailbox_is_known_by_its_alias(registry: Registry) -> None:
    assert with_bob(registry).mailbox("B.ob@acme.example").address == BOB


def test_adding_a_mailbox_twice_is_said(registry: Registry) -> None:
    with_bob(registry)
    for address, aliases in ((BOB, ()), (SALES, ("b.ob@acme.example",))):
        with pytest.raises(AlreadyKnownError, match=f"address of mailbox {BOB} already"):
            registry.add_mailbox(address, aliases=aliases)
    assert len(registry.list_mailboxes()) == 1


def test_unknown_mailboxes_are_said(registry: Registry) -> None:
    with pytest.raises(UnknownMailboxError, match=f"replygate mailbox add {SALES}"):
        registry.connect(SALES)


def test_connections_have_a_history(registry: Registry, clock: Clock) -> None:
    with_bob(registry)
    registry.connect(BOB)
    registry.disconnect(BOB, at=NOON + HOUR)
    box = registry.connect(BOB, at=NOON + 2 * HOUR)
    states = [box.connection_at(NOON + n * HOUR / 2) is not None for n in range(5)]
    assert states == [True, True, False, False, True]


def test_connecting_twice_is_said(registry: Registry) -> None:
    with_bob(registry).connect(BOB)
    with pytest.raises(AlreadyKnownError, match="is connected with google since"):
        registry.connect(BOB)


def test_disconnecting_what_is_not_connected_is_said(registry: Registry) -> None:
    with pytest.raises(AlreadyKnownError, match="is not connected"):
        with_bob(registry).disconnect(BOB)


def test_connecting_with_another_provider_ends_the_old_connection(registry: Registry) -> None:
    with_bob(registry).connect(BOB)
    registry.change_provider(BOB, "microsoft365", at=NOON + HOUR)
    box = registry.connect(BOB, "microsoft365", at=NOON + 2 * HOUR)
    assert [c.provider for c in box.connections] == ["google", "microsoft365"]
    assert box.connections[0].disconnected_at == NOON + 2 * HOUR
    assert box.provider_at(NOON) == "google"
    assert box.provider_at(NOON + HOUR) == "microsoft365"


def test_moving_to_where_it_lives_is_said(registry: Registry) -> None:
    with pytest.raises(AlreadyKnownError, match="lives at google already"):
        with_bob(registry).change_provider(BOB, "google")


def test_a_contact_is_added_once(registry: Registry) -> None:
    contact = with_bob(registry).add_contact("Ann@client.example", "Ann", BOB)
    assert (contact.primary, contact.name, contact.owner) == (ANN, "Ann", BOB)
    with pytest.raises(AlreadyKnownError, match="contact 1 already"):
        registry.add_contact(ANN)


def test_a_contact_keeps_what_its_company_is_called(registry: Registry, path: Path) -> None:
    registry.add_contact("one@client.example", company="Client & Sons")
    registry.add_contact("two@client.example")
    changed = registry.change_contact("two@client.example", company="Client")
    registry.add_contact("three@client.example", company="Client & Sons")
    assert registry.contact("one@client.example").company == "Client & Sons"
    assert changed.company == "Client"
    with Views(path) as views:
        assert views.company_name("client.example") == "Client & Sons"
        assert views.company_name("other.example") == ""


def test_a_contact_has_several_addresses_the_primary_one_first(registry: Registry) -> None:
    registry.add_contact(ANN)
    contact = registry.add_address(ANN, "a@aaa.example")
    assert contact.addresses == (ANN, "a@aaa.example")
    assert registry.contact("a@aaa.example") == registry.contact(1) == registry.contact("1")
    with pytest.raises(AlreadyKnownError, match="address of contact 1 already"):
        registry.add_address("1", ANN)


def test_unknown_contacts_are_said(registry: Registry) -> None:
    for asked in (ANN, 7, "7"):
        with pytest.raises(UnknownContactError, match=f"replygate contact add {asked}"):
            registry.contact(asked)


def test_an_address_of_two_contacts_is_said(registry: Registry) -> None:
    registry.add_contact(ANN)
    registry.add_contact(DAN)
    registry.add_address(DAN, ANN)
    with pytest.raises(ContactAmbiguousError, match=r"2 contacts \(1, 2\).*contact merge"):
        registry.contact(ANN)
    assert registry.merge(1, 2).addresses == (ANN, DAN)
    assert registry.contact(ANN).contact_id == 1


def test_merges_of_merges_lead_to_the_last_keeper(registry: Registry) -> None:
    for address in (ANN, DAN, "eve@client.example"):
        registry.add_contact(address)
    registry.merge(2, 1)
    registry.merge(3, 2)
    assert registry.contact(1).contact_id == 3
    assert registry.contact(ANN).contact_id == 3
    assert [contact.contact_id for contact in registry.list_contacts()] == [3]
    with pytest.raises(AlreadyKnownError, match="one contact already"):
        registry.merge(1, 2)


def test_a_merge_takes_enrolments_along(registry: Registry) -> None:
    with_bob(registry).add_contact(ANN)
    registry.add_contact(DAN)
    registry.enroll(ANN, "welcome", BOB)
    registry.enroll(ANN, "news", BOB)
    registry.enroll(DAN, "news", BOB)
    registry.merge(DAN, ANN)
    still = [(e.enrolment.sequence, e.contact) for e in registry.list_enrolments(only_open=True)]
    assert sorted(still) == [("news", DAN), ("welcome", DAN)]


def test_an_import_goes_on_past_bad_rows(registry: Registry) -> None:
    registry.add_contact(ANN)
    rows = [
        ContactRow(DAN, "Dan", further=("d@d.example", DAN)),
        ContactRow("nobody"),
        ContactRow(ANN),
        ContactRow("x@y.example", owner="eve@acme.example"),
    ]
    done = registry.import_contacts(iter(rows))
    assert (done.added, done.known) == (1, 1)
    assert [row for row, _ in done.faults] == [2, 4]
    assert registry.contact(DAN).addresses == (DAN, "d@d.example")


def test_never_log_lists_are_of_the_company_or_of_a_user(registry: Registry) -> None:
    with_bob(registry)
    registry.add_never_log("@Secret.example")
    registry.add_never_log("secret.example", BOB)
    assert [(e.pattern, e.user) for e in registry.list_never_log()] == [
        ("secret.example", ""),
        ("secret.example", BOB),
    ]
    with pytest.raises(AlreadyKnownError, match="already"):
        registry.add_never_log("secret.example")


def test_a_never_log_entry_keeps_its_times(registry: Registry) -> None:
    registry.add_never_log(ANN)
    registry.remove_never_log(ANN, at=NOON + HOUR)
    (entry,) = registry.list_never_log(also_removed=True)
    assert registry.list_never_log() == ()
    assert entry.holds_at(NOON)
    assert not entry.holds_at(NOON + HOUR)
    registry.add_never_log(ANN)
    with pytest.raises(NotListedError, match="never-log list"):
        registry.remove_never_log(DAN)


def test_senders_are_allowed_and_disallowed(registry: Registry) -> None:
    registry.allow_sender("news.example")
    registry.allow_sender(ANN)
    with pytest.raises(AlreadyKnownError):
        registry.allow_sender("@news.example")
    registry.disallow_sender(ANN)
    with pytest.raises(NotListedError):
        registry.disallow_sender(ANN)
    assert registry.list_allowed_senders() == ("news.example",)


def test_logging_addresses_stand_beside_those_of_the_configuration(
    registry: Registry, store: Recorder
) -> None:
    made = with_bob(registry).add_logging_address("bob-secret@crm.example", "bcc", BOB)
    assert registry.list_logging_addresses() == (made,)
    assert store.directory.logging_addresses == (LoggingAddress("log@crm.example"), made)
    with pytest.raises(AlreadyKnownError):
        registry.add_logging_address("bob-secret@crm.example")


def test_enrolling_twice_is_said(registry: Registry) -> None:
    with_bob(registry).add_contact(ANN)
    registry.enroll(ANN, "welcome", BOB)
    with pytest.raises(AlreadyKnownError, match="sequence welcome already"):
        registry.enroll(ANN, "welcome", BOB)
    registry.unenroll(ANN, "welcome")
    assert registry.enroll(ANN, "welcome", BOB).ended_at is None
    assert [one.ended_at is None for one in registry.list_enrolments()] == [False, True]
    with pytest.raises(UnknownContactError):
        registry.unenroll(ANN, "news")


def test_an_enrolment_is_at_risk_without_the_right_connection(registry: Registry) -> None:
    with_bob(registry).add_contact(ANN)
    registry.enroll(ANN, "welcome", BOB)
    assert [one.at_risk for one in registry.at_risk()] == [f"{BOB} is not connected"]
    registry.connect(BOB)
    assert registry.at_risk() == ()
    registry.change_provider(BOB, "microsoft365")
    (risk,) = registry.at_risk()
    assert risk.at_risk == f"{BOB} moved to microsoft365, but is connected with google"
    registry.connect(BOB, "microsoft365")
    assert registry.at_risk() == ()


def test_unknown_entries_are_said(registry: Registry) -> None:
    registry.add_contact(ANN)
    for asked in ("nonsense", "00000000000000ff"):
        with pytest.raises(UnknownEntryError, match="replygate decisions"):
            registry.choose_contact(asked, ANN)


def test_every_change_is_seen_by_a_store_at_once(registry: Registry, store: Recorder) -> None:
    before = store.directory
    with_bob(registry)
    after = store.directory
    assert after.version > before.version
    assert after.mailbox_by_key["b.ob@acme.example"].address == BOB
    assert after.domains == {"acme.example"}
    assert after.crm_logins == {"crm"}
    assert store.directory is after


def test_a_failed_change_changes_nothing(registry: Registry) -> None:
    def rows() -> object:
        yield ContactRow(ANN)
        raise KeyError("the file ended")

    with pytest.raises(KeyError):
        registry.import_contacts(rows())  # type: ignore[arg-type]
    assert registry.list_contacts() == ()
