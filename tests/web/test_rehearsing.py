"""On a server, too, a button says first what it will do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gateway.config.load import load_config
from gateway.config.settings import Config
from gateway.model.decision import Outcome, Reason
from gateway.model.place import ServedPath
from gateway.store import rehearsal
from gateway.store.postgres import pools, rehearsing
from gateway.store.postgres.nodes import node_of
from gateway.store.registry import Registry
from tests.postgres import PostgresServer
from tests.web.conftest import CAROL, Browser, Mail
from tests.web.correspondence import let_the_deputy_answer
from tests.web.test_acting import outcome


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    yield postgres.database()
    pools.close()


@pytest.fixture
def config(config: Config, url: str, tmp_path: Path) -> Config:
    file = tmp_path / "replygate.toml"
    file.write_text(f'{file.read_text()}[store]\nurl = "{url}"\nblobs = "{tmp_path / "shared"}"\n')
    return load_config(file, {})


@pytest.fixture
def deputy(mail: Mail, company: Registry) -> str:
    return let_the_deputy_answer(mail, company)


def schemas(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT schema_name FROM information_schema.schemata"
            " WHERE schema_name LIKE 'rehearsal%'"
        ).fetchall()
    return [name for (name,) in rows]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_button_says_what_it_will_do_and_does_nothing_yet(
    deputy: str, config: Config, bea: Browser
) -> None:
    page = bea.get(f"/messages/{deputy}/do/add-address").text
    assert "logs 2 earlier messages" in page
    assert outcome(config, deputy) == (Outcome.NOT_LOGGED, Reason.REPLIER_NOT_CONTACT)
    with Registry(config.store_path) as registry:
        assert registry.contact(CAROL).addresses == (CAROL,)


def test_rehearsal_leaves_nothing_behind(
    deputy: str, bea: Browser, url: str, tmp_path: Path
) -> None:
    before = files(tmp_path / "shared")
    assert before
    bea.get(f"/messages/{deputy}/do/log-thread")
    assert schemas(url) == []
    assert files(tmp_path / "shared") == before
    assert not list(tmp_path.glob("rehearsal-*"))


def test_button_does_what_it_said(deputy: str, config: Config, bea: Browser) -> None:
    bea.get(f"/messages/{deputy}/do/add-address")
    bea.post(f"/messages/{deputy}/do/add-address")
    assert outcome(config, deputy)[0] is Outcome.LOGGED


def test_a_contact_that_appeared_lets_his_earlier_mail_be_logged(
    deputy: str, config: Config, company: Registry, bea: Browser
) -> None:
    page = f"/contacts/{company.add_contact('deputy@customer.example').contact_id}"
    assert "2 earlier messages were stopped" in bea.get(page).text
    assert "It logs 2 earlier messages." in bea.post(f"{page}/earlier").text
    bea.post(f"{page}/earlier", sure="yes")
    assert outcome(config, deputy)[0] is Outcome.LOGGED


def test_one_who_writes_meanwhile_waits_for_no_rehearsal(
    deputy: str, config: Config, tmp_path: Path
) -> None:
    with rehearsal.copied(config.store_path, tmp_path) as copy:
        assert copy is not None
        with Registry(copy) as there, Registry(config.store_path, timeout_s=1.0) as here:
            there.add_contact("new@customer.example")
            here.add_contact("other@customer.example")
            assert not {"other@customer.example"} & {
                one for contact in there.list_contacts() for one in contact.addresses
            }


def test_where_no_copy_can_be_made_it_says_the_most(
    deputy: str, bea: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsing, "LIMIT_OCTETS", 1)
    assert "up to 2 messages" in bea.get(f"/messages/{deputy}/do/add-address").text


def test_without_the_right_to_make_a_schema_there_is_no_copy(url: str, tmp_path: Path) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE plain LOGIN")
        connection.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO plain")
    try:
        path = ServedPath.at(tmp_path / "store", url.replace("postgres@", "plain@"))
        with rehearsal.copied(path, tmp_path) as copy:
            assert copy is None
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP OWNED BY plain")
            connection.execute("DROP ROLE plain")
    assert schemas(url) == []


def test_what_a_crash_left_is_removed_at_the_start(config: Config, url: str) -> None:
    path = config.store_path
    assert isinstance(path, ServedPath)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA rehearsal_{node_of(path)}_left".encode())
        connection.execute("CREATE SCHEMA rehearsal_other_left")
    rehearsal.sweep(path, config.gateway.state)
    left = schemas(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA rehearsal_other_left")
    assert left == ["rehearsal_other_left"]
