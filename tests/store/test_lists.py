"""The lists that are known without the store."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from gateway.model.directory import LoggingAddress
from gateway.store.directory import Configured
from gateway.store.lists import keep, last_known, place_of
from gateway.store.registry import Registry
from gateway.store.sqlite import SqliteStore

ANNA = "anna@corp.example"


def furnished(path: Path) -> None:
    with Registry(path) as registry:
        registry.add_user(ANNA, "Anna Arai")
        registry.add_mailbox(ANNA, ANNA, "google")
        registry.connect(ANNA)
        registry.add_never_log("legal.example")


def test_what_was_kept_is_known_again(path: Path) -> None:
    furnished(path)
    with closing(SqliteStore.open(path)) as store:
        directory = store.directory
    keep(path, directory)
    keep(path, directory)
    assert last_known(path, Configured()) == directory


def test_the_configuration_of_today_holds_for_lists_of_yesterday(path: Path) -> None:
    furnished(path)
    with closing(SqliteStore.open(path, domains=frozenset({"old.example"}))) as store:
        keep(path, store.directory)
    log = LoggingAddress("log@corp.example")
    found = last_known(path, Configured(frozenset({"new.example"}), (log,), frozenset({"crm"})))
    assert (found.domains, found.logging_addresses, found.crm_logins) == (
        {"new.example"}, (log,), {"crm"},
    )  # fmt: skip


def test_lists_that_were_never_kept_are_not_known(path: Path) -> None:
    assert not last_known(path, Configured()).known


def test_lists_that_cannot_be_read_are_not_known(path: Path) -> None:
    place_of(path).write_text("{")
    assert not last_known(path, Configured()).known


def test_nobody_else_may_read_the_lists(path: Path) -> None:
    with closing(SqliteStore.open(path)) as store:
        keep(path, store.directory)
    assert place_of(path).stat().st_mode & 0o077 == 0
