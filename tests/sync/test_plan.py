"""What following a source would change, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.model.directory import Connection, Mailbox, User
from gateway.model.facts import Contact
from gateway.sync.companies import company_of
from gateway.sync.found import Found, FoundContact, FoundUser
from gateway.sync.plan import Change, Do, Known, Memory, plan, remembered

ANN, BOB = "ann@client.example", "bob@acme.example"
OPEN = Connection(datetime(2026, 1, 1, tzinfo=UTC), "google")


def known(*contacts: Contact, never_log: frozenset[str] = frozenset()) -> Known:
    by_address: dict[str, tuple[Contact, ...]] = {}
    for one in contacts:
        for address in one.addresses:
            by_address[address] = (*by_address.get(address, ()), one)
    return Known(
        by_address,
        {BOB: User(BOB)},
        {BOB: Mailbox(BOB, BOB, connections=(OPEN,))},
        never_log,
        lambda key: key.endswith("@acme.example"),
    )


def contact(number: int, *addresses: str, name: str = "", owner: str = "") -> Contact:
    return Contact(number, addresses[0], name, addresses, owner)


def changes(found: FoundContact, there: Known, memory: Memory | None = None) -> list[Change]:
    return list(plan(Found((found,)), there, memory or Memory()))


def test_a_contact_that_is_new_is_added_with_all_it_has() -> None:
    told = FoundContact("Ann@Client.Example", "Ann", BOB, ("a.archer@client.example",))
    assert changes(told, known()) == [
        Change(
            Do.ADD_CONTACT,
            ANN,
            company="client.example",
            name="Ann",
            owner=BOB,
            also=("a.archer@client.example",),
        )
    ]


def test_one_that_is_the_same_changes_nothing() -> None:
    there = known(contact(1, ANN, name="Ann", owner=BOB))
    assert changes(FoundContact(ANN, "Ann", BOB), there) == []


def test_a_new_contact_is_added_with_what_its_company_is_called() -> None:
    (told,) = changes(FoundContact(ANN, "Ann", company="Client & Sons"), known())
    assert (told.company, told.company_name) == ("client.example", "Client & Sons")


def test_a_company_that_is_called_otherwise_now_is_renamed() -> None:
    there = known(replace(contact(1, ANN), company="Client"))
    told = changes(FoundContact(ANN, company="Client & Sons"), there)
    assert told == [Change(Do.COMPANY, ANN, "Client & Sons")]


def test_a_source_that_does_not_say_leaves_the_company_its_name() -> None:
    there = known(replace(contact(1, ANN), company="Client"))
    assert changes(FoundContact(ANN), there) == []


def test_a_further_address_is_added() -> None:
    there = known(contact(1, ANN))
    told = FoundContact(ANN, further=("ann@home.example",))
    assert changes(told, there) == [Change(Do.ADD_ADDRESS, ANN, "ann@home.example")]


def test_two_of_ours_that_are_one_there_are_merged() -> None:
    there = known(contact(1, ANN), contact(2, "ann@home.example"))
    told = FoundContact(ANN, further=("ann@home.example",))
    assert changes(told, there) == [Change(Do.MERGE, ANN, "ann@home.example")]


def test_two_that_share_an_address_are_left_to_people() -> None:
    there = known(contact(1, ANN), contact(2, ANN, "ann@home.example"))
    told = FoundContact(ANN, further=("ann@home.example",))
    assert changes(told, there) == []


def test_name_and_owner_follow_the_source() -> None:
    there = known(contact(1, ANN, name="A.", owner=""))
    assert changes(FoundContact(ANN, "Ann Archer", BOB), there) == [
        Change(Do.NAME, ANN, "Ann Archer"),
        Change(Do.OWNER, ANN, BOB),
    ]


def test_what_the_source_does_not_say_stays() -> None:
    there = known(contact(1, ANN, name="Ann", owner=BOB))
    assert changes(FoundContact(ANN), there) == []


def test_an_owner_who_is_no_user_is_none() -> None:
    (change,) = changes(FoundContact(ANN, owner="eve@elsewhere.example"), known())
    assert change.owner == ""


@pytest.mark.parametrize("address", ["eve@acme.example", "nobody", ""])
def test_a_colleague_or_no_address_is_no_contact(address: str) -> None:
    assert changes(FoundContact(address, "Eve"), known()) == []


def test_who_stands_there_twice_is_added_once() -> None:
    found = Found((FoundContact(ANN, "Ann"), FoundContact(ANN, "Ann Two")))
    assert len(plan(found, known(), Memory())) == 1


def test_who_is_not_to_be_logged_goes_on_the_list() -> None:
    there = known(contact(1, ANN))
    assert changes(FoundContact(ANN, never_log=True), there) == [Change(Do.NEVER_LOG, ANN)]


def test_who_may_be_logged_again_leaves_it_if_the_source_put_him_there() -> None:
    there = known(contact(1, ANN), never_log=frozenset({ANN}))
    told = FoundContact(ANN, never_log=False)
    memory = Memory(never_log=frozenset({ANN}))
    assert changes(told, there, memory) == [Change(Do.LOG_AGAIN, ANN)]


def test_what_a_person_put_on_the_list_stays_there() -> None:
    there = known(contact(1, ANN), never_log=frozenset({ANN}))
    assert changes(FoundContact(ANN, never_log=False), there) == []


def test_a_user_who_is_new_gets_a_mailbox_with_aliases() -> None:
    found = Found(
        users=(FoundUser("carl@acme.example", "Carl", ("c@acme.example", "C@ACME.example")),)
    )
    assert plan(found, known(), Memory()) == (
        Change(Do.ADD_USER, "carl@acme.example", name="Carl"),
        Change(Do.ADD_MAILBOX, "carl@acme.example", also=("c@acme.example",)),
    )


def test_an_alias_that_is_new_is_added() -> None:
    found = Found(users=(FoundUser(BOB, "Bob", ("robert@acme.example",)),))
    assert plan(found, known(), Memory()) == (Change(Do.ADD_ALIAS, BOB, "robert@acme.example"),)


def test_who_left_the_directory_has_his_mailbox_disconnected() -> None:
    found = Found(users=(FoundUser("carl@acme.example"),))
    told = plan(found, known(), Memory(users=frozenset({BOB})))
    assert Change(Do.DISCONNECT, BOB) in told


def test_who_never_was_in_the_directory_is_left_alone() -> None:
    found = Found(users=(FoundUser("carl@acme.example"),))
    assert Change(Do.DISCONNECT, BOB) not in plan(found, known(), Memory())


def test_a_source_without_users_disconnects_nobody() -> None:
    assert plan(Found(), known(), Memory(users=frozenset({BOB}))) == ()


def test_what_is_remembered_follows_what_was_done() -> None:
    done = (Change(Do.NEVER_LOG, ANN), Change(Do.LOG_AGAIN, "dan@client.example"))
    before = Memory("old", frozenset({BOB}), frozenset({"dan@client.example"}))
    after = remembered(Found(mark="new"), before, done)
    assert after == Memory("new", frozenset({BOB}), frozenset({ANN}))


@pytest.mark.parametrize(
    ("address", "company"),
    [
        ("ann@client.example.com", "example.com"),
        ("ann@mail.acme.co.uk", "acme.co.uk"),
        ("ann@acme.co.uk", "acme.co.uk"),
        ("ann@gmail.com", ""),
        ("ann@yahoo.co.uk", ""),
        ("ann@co.uk", ""),
        ("nobody", ""),
    ],
)
def test_the_company_of_an_address_is_its_registrable_domain(address: str, company: str) -> None:
    assert company_of(address) == company
