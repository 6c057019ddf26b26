"""`replygate --remote`: the same commands, with the same words, by the API of a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.main import main
from gateway.config.settings import Config, Web
from gateway.config.values import Endpoint
from gateway.model.decision import Outcome, Reason
from gateway.store.registry import Registry
from gateway.web.server import new_server
from gateway.web.tokens import SCOPES, Tokens
from tests.letters import letter
from tests.web.chrome import serving
from tests.web.conftest import ANNA, BEA, BOB, CAROL, Mail
from tests.web.correspondence import DEPUTY, OFFER, REPLY
from tests.web.test_acting import HOLDS, outcome

Run = Callable[..., str]
DEPUTYS = "deputy@customer.example"


@pytest.fixture
def address(config: Config, company: Registry) -> Iterator[str]:
    with serving(new_server(replace(config, web=Web(address=Endpoint("127.0.0.1", 0))))) as found:
        yield found


@pytest.fixture
def here(config: Config) -> Run:
    """Return what runs a command on this machine."""

    def run(*words: str, fails: int = 0) -> str:
        done = CliRunner().invoke(main, words, env={"REPLYGATE_CONFIG": str(config.file)})
        assert done.exit_code == fails, done.output
        return done.output

    return run


@pytest.fixture
def afar(address: str, config: Config, tmp_path: Path) -> Run:
    """Return what runs a command by the API, as Bea."""
    file = tmp_path / "token"
    with Tokens(config.gateway.state) as tokens:
        file.write_text(tokens.create(BEA, "afar", SCOPES)[0] + "\n")

    def run(*words: str, fails: int = 0) -> str:
        asked = ["--remote", address, "--token-file", str(file), *words]
        done = CliRunner().invoke(main, asked)
        assert done.exit_code == fails, f"{done.output}{done.exception!r}"
        return done.output

    return run


@pytest.fixture
def story(mail: Mail, company: Registry) -> dict[str, str]:
    company.add_contact(CAROL, "Carol Cruz", BOB)
    (offer,) = mail(OFFER, sent=True, to=CAROL)
    (reply,) = mail(REPLY, minutes=1)
    (deputy,) = mail(DEPUTY, minutes=2)
    company.enroll(CAROL, "spring", ANNA)
    company.add_never_log("legal.example")
    company.allow_sender("news.example")
    return {"offer": offer, "reply": reply, "deputy": deputy}


READ = (
    "decisions",
    "decisions --json",
    "decisions --outcome not_logged --limit 1",
    "decisions --address deputy@customer.example --json",
    "explain reply@customer.example",
    "explain deputy@customer.example",
    "explain deputy@customer.example --json",
    "explain offer@corp.example --json",
    "held",
    "held list --json",
    "contact list",
    "contact list --json",
    "contact timeline carol@customer.example",
    "contact timeline 1 --json",
    "contact suggestions",
    "mailbox list",
    "mailbox list --json",
    "never-log list --all",
    "never-log list --json",
    "allow list",
    "user list",
    "user list --json",
    "sequence list",
    "sequence list --open --json",
    "sequence at-risk",
    "replay --all --dry-run",
    "replay --all --preset gateway --json",
    "replay deputy@customer.example --dry-run",
)


def test_what_is_read_afar_is_what_is_read_here(
    story: dict[str, str], here: Run, afar: Run
) -> None:
    for words in READ:
        assert afar(*words.split()) == here(*words.split()), words


def test_change_says_what_it_would_log_and_replay_logs_it(
    story: dict[str, str], config: Config, afar: Run
) -> None:
    said = afar("contact", "add-address", CAROL, DEPUTYS)
    assert f"{CAROL} has the addresses {CAROL}, {DEPUTYS}." in said
    assert "1 kept message would now be logged." in said
    assert "1 of 1 decisions changed." in afar("replay", "--address", DEPUTYS)
    assert outcome(config, story["deputy"]) == (Outcome.LOGGED, Reason.TRACKED_REPLY)


def test_message_is_logged_by_hand(story: dict[str, str], config: Config, afar: Run) -> None:
    assert afar("log", story["deputy"]) == "Logged: Re: Our offer.\n"
    assert outcome(config, story["deputy"]) == (Outcome.LOGGED, Reason.LOGGED_BY_HAND)


def test_mailbox_is_disconnected_and_connected(
    story: dict[str, str], company: Registry, afar: Run
) -> None:
    said = afar("mailbox", "disconnect", ANNA)
    assert "These enrolments are at risk" in said
    assert company.mailbox(ANNA).connections[-1].disconnected_at is not None
    assert f"{ANNA} is connected (google)." in afar("mailbox", "connect", ANNA)


def test_people_and_lists_are_changed(company: Registry, afar: Run, tmp_path: Path) -> None:
    afar("user", "add", "dan@corp.example", "--name", "Dan")
    afar("user", "logging-off", "dan@corp.example")
    afar("mailbox", "add", "dan@corp.example", "--user", "dan@corp.example")
    afar("contact", "add", CAROL, "--name", "Carol")
    afar("contact", "add", "carol@home.example")
    assert "is one contact" in afar("contact", "merge", CAROL, "carol@home.example")
    afar("sequence", "enroll", CAROL, "spring", "--mailbox", "dan@corp.example")
    afar("sequence", "end", CAROL, "spring")
    afar("never-log", "add", "legal.example")
    afar("never-log", "remove", "legal.example")
    (tmp_path / "people.csv").write_text("address,name\neve@x.example,Eve\nnobody,X\n")
    said = afar("contact", "import", str(tmp_path / "people.csv"), fails=1)
    assert ("1 contacts added" in said, "row 2" in said) == (True, True)
    dan = company.user("dan@corp.example")
    assert (dan.name, dan.logging) == ("Dan", False)
    assert [one.primary for one in company.list_contacts()] == [CAROL, "eve@x.example"]
    assert company.list_never_log() == ()


@HOLDS
def test_what_is_held_is_decided(
    mail: Mail, company: Registry, config: Config, here: Run, afar: Run
) -> None:
    company.add_contact(CAROL, "Carol Cruz")
    company.add_address(company.add_contact("office@customer.example").contact_id, CAROL)
    first, second = mail(*(letter(message_id=f"{n}@customer.example") for n in "12"))
    assert afar("held", "list") == here("held", "list")
    assert afar("held", "approve", first, "--contact", "office@customer.example") == (
        "1 message logged.\n"
    )
    assert afar("held", "discard", "--all") == "1 message discarded.\n"
    assert outcome(config, first)[0] is Outcome.LOGGED
    assert outcome(config, second)[1] is Reason.DISCARDED


def test_trouble_afar_is_told_as_it_is_here(company: Registry, here: Run, afar: Run) -> None:
    words = ("contact", "timeline", "nobody@customer.example")
    assert "There is no contact" in here(*words, fails=1)
    assert "There is no contact" in afar(*words, fails=1)
    assert "already" in afar("user", "add", ANNA, fails=1)


def test_nothing_is_known_of_what_there_is_none_of(afar: Run) -> None:
    assert "Nothing is known of x@y.example" in afar("explain", "x@y.example", fails=1)


def test_who_decides_is_whose_token_it_is(story: dict[str, str], afar: Run) -> None:
    assert "the user of the token" in afar("log", story["deputy"], "--by", "Eve", fails=1)


def test_command_of_the_machine_itself_is_refused(afar: Run) -> None:
    assert "own machine alone" in afar("backup", "copy", fails=1)


def test_gateway_and_token_come_from_the_environment_too(
    address: str, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Tokens(config.gateway.state) as tokens:
        monkeypatch.setenv("REPLYGATE_TOKEN", tokens.create(BEA, "", ("read",))[0])
    monkeypatch.setenv("REPLYGATE_URL", address)
    assert ANNA in CliRunner().invoke(main, ["user", "list"]).output


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://gateway.example", "in the clear"),
        ("gateway.example", "no address of a gateway"),
        ("http://127.0.0.1:1", "does not answer"),
    ],
)
def test_gateway_that_cannot_be_asked_is_told(
    monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    monkeypatch.setenv("REPLYGATE_TOKEN", "rgt_x")
    done = CliRunner().invoke(main, ["--remote", url, "user", "list"])
    assert (done.exit_code, said in done.output) == (1, True)


def test_gateway_without_a_token_is_told_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REPLYGATE_TOKEN", raising=False)
    done = CliRunner().invoke(main, ["--remote", "http://127.0.0.1:1", "user", "list"])
    assert (done.exit_code, "replygate token create" in done.output) == (1, True)


def test_other_server_that_answers_is_no_gateway(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPLYGATE_TOKEN", "rgt_x")
    done = CliRunner().invoke(main, ["--remote", f"{address}/static", "user", "list"])
    assert (done.exit_code, "Is it a replygate" in done.output) == (1, True)
