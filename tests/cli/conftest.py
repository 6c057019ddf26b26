"""The command as people run it: a configuration on disk, and a way to call it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli.main import main

Run = Callable[..., Result]
ANNA, CAROL, DAVE = "anna@corp.example", "carol@customer.example", "dave@dorn.example"


@pytest.fixture(autouse=True)
def nothing_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own set-up is seen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REPLYGATE_CONFIG", raising=False)
    monkeypatch.delenv("REPLYGATE_DEBUG", raising=False)


@pytest.fixture
def config_text(tmp_path: Path) -> str:
    return f"""\
[gateway]
hostname = "gw.corp.example"
state = "{tmp_path / "state"}"
domains = ["corp.example"]
[next_hop]
address = "127.0.0.1:10026"
[[listener]]
name = "inbound"
address = "127.0.0.1:10025"
direction = "inbound"
[addresses]
logging = ["log@crm.corp.example"]
"""


@pytest.fixture
def config(tmp_path: Path, config_text: str) -> Path:
    file = tmp_path / "replygate.toml"
    file.write_text(config_text)
    (tmp_path / "state").mkdir(mode=0o700)
    return file


@pytest.fixture
def run() -> Run:
    """Return what calls the command; a failure that was not asked for is shown."""

    def call(*words: str, fails: int = 0, given: str | None = None) -> Result:
        result = CliRunner().invoke(main, [*words], input=given, prog_name="replygate")
        assert result.exit_code == fails, f"{result.output}\n{result.exception!r}"
        return result

    return call


def rows(result: Result) -> list[dict[str, Any]]:
    """Return the objects that a listing printed."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def letter(name: str, author: str, to: str, day: int, answers: str = "") -> str:
    """Return a letter of November 2026, as a file holds it."""
    cites = f"In-Reply-To: <{answers}@x.example>\n" if answers else ""
    return (
        f"From: {author}\nTo: {to}\nSubject: {'Re: ' if answers else ''}Offer {name}\n"
        f"Date: {day:02} Nov 2026 10:00:00 +0000\nMessage-ID: <{name}@x.example>\n{cites}"
        "\nHello.\n"
    )


@pytest.fixture
def mail(tmp_path: Path, config: Path, run: Run) -> Path:
    """A user, a contact, and a folder of mail that nobody has seen."""
    run("user", "add", ANNA)
    run("mailbox", "add", ANNA, "--user", ANNA, "--provider", "google", "--at", "2026-01-01")
    run("contact", "add", CAROL)
    folder = tmp_path / "mail"
    (folder / "Sent").mkdir(parents=True)
    (folder / "Sent" / "a.eml").write_text(letter("a", ANNA, CAROL, 2))
    (folder / "b.eml").write_text(letter("b", CAROL, ANNA, 3, "a"))
    return folder


def decided(run: Run, *options: str) -> dict[str, str]:
    """Return outcome and reason by the name of the letter."""
    listed = rows(run("decisions", "--json", *options))
    return {row["message_id"][0]: f"{row['outcome']} {row['reason']}" for row in listed}


def entry(run: Run, name: str) -> dict[str, Any]:
    """Return the entry of the letter with this name."""
    return next(r for r in rows(run("decisions", "--json")) if r["message_id"][0] == name)


@pytest.fixture
def imported(run: Run, mail: Path) -> Path:
    """Sent mail that was not marked, the reply to it, and mail of a stranger."""
    (mail / "c.eml").write_text(letter("c", DAVE, ANNA, 4))
    run("import", str(mail))
    assert decided(run) == {
        "a": "not_logged sent-not-marked",
        "b": "not_logged original-not-logged",
        "c": "not_logged sender-not-contact",
    }
    return mail
