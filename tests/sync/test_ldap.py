"""Users out of a real directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.sync.found import FoundUser, SourceError
from gateway.sync.ldap import LdapSettings, LdapSource
from tests.conftest import need
from tests.sync.slapd import BASE, BIND, PASSWORD, Slapd, running


@pytest.fixture(scope="module")
def program() -> str:
    return need("slapd")


@pytest.fixture
def slapd(program: str, tmp_path: Path) -> Iterator[Slapd]:
    with running(program, tmp_path) as made:
        yield made


def source(slapd: Slapd, password: str = PASSWORD, **chosen: Any) -> LdapSource:
    given = {"url": slapd.url, "base": BASE, "bind": BIND, "start_tls": False, **chosen}
    return LdapSource(LdapSettings(**given), password)


def person(name: str, *lines: str) -> str:
    head = (
        f"dn: cn={name},{BASE}\nobjectClass: inetOrgPerson\nobjectClass: inetLocalMailRecipient\n"
    )
    return head + f"objectClass: adUser\ncn: {name}\nsn: {name}\n" + "\n".join(lines) + "\n\n"


async def test_a_user_has_his_name_and_address(slapd: Slapd) -> None:
    slapd.add(person("anna", "mail: anna@acme.example", "displayName: Anna Arai"))
    assert (await source(slapd).read("")).users == (FoundUser("anna@acme.example", "Anna Arai"),)


async def test_without_a_display_name_the_common_name_is_taken(slapd: Slapd) -> None:
    slapd.add(person("anna", "mail: anna@acme.example"))
    assert (await source(slapd).read("")).users[0].name == "anna"


async def test_aliases_of_mail_schemas_are_told(slapd: Slapd) -> None:
    lines = ("mail: anna@acme.example", "mail: a@acme.example", "mailLocalAddress: aa@acme.example")
    slapd.add(person("anna", *lines))
    (user,) = (await source(slapd).read("")).users
    assert {user.address, *user.aliases} == {
        "anna@acme.example",
        "a@acme.example",
        "aa@acme.example",
    }


async def test_proxy_addresses_of_active_directory_tell_the_primary_one(slapd: Slapd) -> None:
    lines = (
        "mail: anna@acme.example",
        "proxyAddresses: smtp:a@acme.example",
        "proxyAddresses: SMTP:anna.arai@acme.example",
        "proxyAddresses: sip:anna@acme.example",
    )
    slapd.add(person("anna", *lines))
    (user,) = (await source(slapd).read("")).users
    assert user.address == "anna.arai@acme.example"
    assert set(user.aliases) == {"a@acme.example", "anna@acme.example"}


async def test_a_disabled_account_is_no_user(slapd: Slapd) -> None:
    slapd.add(person("anna", "mail: anna@acme.example", "userAccountControl: 512"))
    slapd.add(person("gone", "mail: gone@acme.example", "userAccountControl: 514"))
    users = (await source(slapd).read("")).users
    assert [user.address for user in users] == ["anna@acme.example"]


async def test_more_than_one_answer_may_hold_are_read_in_pages(slapd: Slapd) -> None:
    slapd.add("".join(person(f"u{n}", f"mail: u{n}@acme.example") for n in range(650)))
    assert len((await source(slapd).read("")).users) == 650


async def test_a_wrong_password_is_told(slapd: Slapd) -> None:
    with pytest.raises(SourceError, match=r"name and password"):
        await source(slapd, "wrong").read("")


async def test_a_filter_that_finds_nobody_is_an_error(slapd: Slapd) -> None:
    with pytest.raises(SourceError, match="Nothing was changed"):
        await source(slapd).read("")


async def test_a_server_that_does_not_speak_tls_is_told_no_password(slapd: Slapd) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        await source(slapd, start_tls=True).read("")


async def test_a_server_that_is_away_is_told() -> None:
    away = LdapSource(LdapSettings("ldap://127.0.0.1:1", BASE, start_tls=False), "")
    with pytest.raises(SourceError, match="cannot be read"):
        await away.read("")
