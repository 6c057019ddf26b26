"""`replygate digest`, as people run it."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from gateway.config.load import load_config
from gateway.store.notices import NoticeBox
from gateway.store.registry import Registry
from tests.cli.conftest import Run, rows
from tests.cli.test_held import ANNA, take

NOTICES = '\n[notices]\naddress = "gate@corp.example"\nlanguage = "{language}"\n'


@pytest.fixture(autouse=True)
def held(run: Run, config: Path, config_text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLYGATE_CONFIG", str(config))
    config.write_text(config_text + NOTICES.format(language="en"))
    run("user", "add", ANNA)
    run("mailbox", "add", ANNA, "--user", ANNA)
    take(config, "one", "two")


def test_it_counts_by_what_would_cure_it(run: Run) -> None:
    (row,) = rows(run("digest", "--json"))
    assert (row["user"], row["messages"], row["kept"]) == (ANNA, 2, 2)
    assert row["reason"] == "copy-sender-unverified"
    assert "Approve it once" in row["remedy"]


def test_it_is_of_one_user_when_asked(run: Run) -> None:
    assert rows(run("digest", "--json", "--user", "bob@corp.example")) == []


def test_it_is_sent_once_a_day(run: Run, config: Path) -> None:
    assert run("digest", "--send").stdout == "1 digest on the way.\n"
    assert run("digest", "--send").stdout == "0 digests on the way.\n"
    (waiting,) = NoticeBox(load_config(config, {}).store_path).due(datetime.now(UTC), 9)
    assert waiting.recipient == ANNA
    assert b"Subject: Not logged in the last 7 days: 2" in waiting.content


def test_it_speaks_japanese(run: Run, config: Path, config_text: str) -> None:
    config.write_text(config_text + NOTICES.format(language="ja"))
    (row,) = rows(run("digest", "--json"))
    assert row["remedy"].startswith("ご本人からの")


def test_it_is_sent_in_the_language_that_its_user_chose(run: Run, config: Path) -> None:
    place = load_config(config, {}).store_path
    with Registry(place) as registry:
        registry.choose_language(ANNA, "ja")
    run("digest", "--send")
    (waiting,) = NoticeBox(place).due(datetime.now(UTC), 9)
    told = message_from_bytes(waiting.content, policy=default)
    assert "記録" in told["Subject"]
    assert rows(run("digest", "--json"))[0]["remedy"].startswith("We could not prove")


def test_without_a_sender_it_is_not_sent(run: Run, config: Path, config_text: str) -> None:
    config.write_text(config_text)
    assert "[notices] address" in run("digest", "--send", fails=1).stderr
