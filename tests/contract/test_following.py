"""Changes that follow a source are carried out, whatever the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.sync.carry import carry_out, known_now, recall, remember
from gateway.sync.found import Found, FoundContact, FoundUser
from gateway.sync.plan import Memory, plan
from tests.store.office import Office

BOB, CARL, ANN, DAN = (
    *("bob@acme.example", "carl@acme.example"),
    *("ann@client.example", "dan@client.example"),
)


def follow(office: Office, found: Found, memory: Memory | None = None) -> tuple[str, ...]:
    """Follow a source; return what could not be done. Nothing differs afterwards."""
    steps: list[int] = []
    with office.registry() as registry:
        changes = plan(found, known_now(registry, {"acme.example"}), memory or Memory())
        faults = carry_out(registry, changes, "google", steps.append)
        assert len(steps) == len(changes)
        if not faults:
            assert plan(found, known_now(registry, {"acme.example"}), Memory()) == ()
    return faults


def test_a_contact_is_added_with_all_it_has(office: Office) -> None:
    follow(office, Found((FoundContact(ANN, "Ann", BOB, ("a@client.example",)),)))
    with office.registry() as registry:
        contact = registry.contact("a@client.example")
    assert (contact.primary, contact.name, contact.owner) == (ANN, "Ann", BOB)


def test_name_and_owner_follow(office: Office) -> None:
    follow(office, Found((FoundContact(ANN, "Ann"),)))
    follow(office, Found((FoundContact(ANN, "Ann Archer", BOB),)))
    with office.registry() as registry:
        contact = registry.contact(ANN)
    assert (contact.name, contact.owner) == ("Ann Archer", BOB)


def test_what_is_one_there_is_one_here(office: Office) -> None:
    follow(office, Found((FoundContact(ANN), FoundContact(DAN))))
    follow(office, Found((FoundContact(ANN, further=(DAN,)),)))
    with office.registry() as registry:
        assert registry.contact(DAN).primary == ANN


def test_the_never_log_list_follows_both_ways(office: Office) -> None:
    follow(office, Found((FoundContact(ANN, never_log=True),)))
    with office.registry() as registry:
        assert ANN in [entry.pattern for entry in registry.list_never_log()]
    memory = Memory(never_log=frozenset({ANN}))
    follow(office, Found((FoundContact(ANN, never_log=False),)), memory)
    with office.registry() as registry:
        assert ANN not in [entry.pattern for entry in registry.list_never_log()]


def test_users_mailboxes_and_aliases_follow_a_directory(office: Office) -> None:
    follow(office, Found(users=(FoundUser(BOB), FoundUser(CARL, "Carl", ("c@acme.example",)))))
    follow(office, Found(users=(FoundUser(BOB, "", ("b@acme.example",)), FoundUser(CARL))))
    with office.registry() as registry:
        assert registry.mailbox("b@acme.example").address == BOB
        box = registry.mailbox("c@acme.example")
    assert (box.address, box.user) == (CARL, CARL)
    assert [connection.provider for connection in box.connections] == ["google"]


def test_who_left_is_disconnected(office: Office) -> None:
    follow(office, Found(users=(FoundUser(BOB), FoundUser(CARL))))
    follow(office, Found(users=(FoundUser(CARL),)), Memory(users=frozenset({BOB, CARL})))
    with office.registry() as registry:
        (connection,) = registry.mailbox(BOB).connections
    assert connection.disconnected_at is not None


def test_what_cannot_be_done_stops_nothing_else(office: Office) -> None:
    found = Found((FoundContact("a b@client.example", "Bad"), FoundContact(ANN, "Ann")))
    faults = follow(office, found)
    assert len(faults) == 1
    with office.registry() as registry:
        assert registry.contact(ANN).name == "Ann"


def test_what_is_remembered_comes_back(tmp_path: Path) -> None:
    memory = Memory("mark", frozenset({BOB}), frozenset({ANN}))
    remember(tmp_path / "sync" / "people.json", memory)
    assert recall(tmp_path / "sync" / "people.json") == memory


@pytest.mark.parametrize("text", ["", "{}", "[]"])
def test_an_odd_memory_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "people.json").write_text(text)
    assert recall(tmp_path / "people.json") == Memory()
