"""`replygate sync`: what would change, what changed, and what that means for kept mail."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.cli.opening import open_flow
from gateway.config.load import load_config
from gateway.model.envelope import Direction, Relayed, RelayState
from gateway.store.registry import Registry
from tests.cli.conftest import Run, rows
from tests.letters import envelope_of, letter

ANNA, CAROL = "anna@corp.example", "carol@customer.example"
CONTACTS = f"address,name,owner,never_log\n{CAROL},Carol Cruz,{ANNA},no\n"


@pytest.fixture
def place(run: Run, config: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a company with one user, and of a source that is configured."""
    monkeypatch.setenv("REPLYGATE_CONFIG", str(config))
    with config.open("a") as text:
        text.write('[[sync]]\nname = "people"\nkind = "csv"\npath = "people.csv"\n')
    (config.parent / "people.csv").write_text(CONTACTS)
    run("user", "add", ANNA)
    run("mailbox", "add", ANNA, "--user", ANNA)
    return config.parent


def registry(place: Path) -> Registry:
    return Registry(load_config(place / "replygate.toml", {}).store_path)


def test_a_dry_run_shows_what_would_change_and_changes_nothing(run: Run, place: Path) -> None:
    shown = run("sync", "people", "--dry-run").output
    assert "add-contact" in shown
    assert "customer.example" in shown
    with registry(place) as there:
        assert there.list_contacts() == ()


def test_a_dry_run_tells_programs_the_same(run: Run, place: Path) -> None:
    (change,) = rows(run("sync", "people", "--dry-run", "--json"))
    assert (change["change"], change["about"], change["owner"]) == ("add-contact", CAROL, ANNA)


def test_it_is_followed_and_then_nothing_differs(run: Run, place: Path) -> None:
    run("sync", "people")
    with registry(place) as there:
        (contact,) = there.list_contacts()
    assert (contact.primary, contact.name, contact.owner) == (CAROL, "Carol Cruz", ANNA)
    assert "Nothing differs." in run("sync", "people").output


def test_what_changed_there_changes_here(run: Run, place: Path) -> None:
    run("sync", "people")
    (place / "people.csv").write_text(CONTACTS.replace("Cruz", "Dean").replace(",no", ",yes"))
    done = json.loads(run("sync", "people", "--json").output)
    assert done == {"changes": 2, "faults": []}
    with registry(place) as there:
        assert there.contact(CAROL).name == "Carol Dean"
        assert [entry.pattern for entry in there.list_never_log()] == [CAROL]


def test_who_may_be_logged_again_leaves_the_list(run: Run, place: Path) -> None:
    (place / "people.csv").write_text(CONTACTS.replace(",no", ",yes"))
    run("sync", "people")
    (place / "people.csv").write_text(CONTACTS)
    run("sync", "people")
    with registry(place) as there:
        assert there.list_never_log() == ()


def test_a_file_needs_no_table(run: Run, place: Path) -> None:
    file = place / "book.vcf"
    file.write_text(
        "BEGIN:VCARD\nVERSION:4.0\nFN:Dan Dean\nEMAIL;PREF=2:d@home.example\n"
        "EMAIL;PREF=1:dan@customer.example\nEND:VCARD\n"
    )
    run("sync", str(file))
    with registry(place) as there:
        contact = there.contact("d@home.example")
    assert (contact.primary, contact.name) == ("dan@customer.example", "Dan Dean")


def test_a_card_that_cannot_be_read_is_told_and_the_others_are_taken(run: Run, place: Path) -> None:
    file = place / "book.vcf"
    whole = "BEGIN:VCARD\nVERSION:3.0\nFN:Dan\nEMAIL:dan@customer.example\nEND:VCARD\n"
    file.write_text(whole + "BEGIN:VCARD\nVERSION:3.0\nno colon here\nEND:VCARD\n")
    assert "1 left out" in run("sync", str(file), fails=1).output
    with registry(place) as there:
        assert there.contact("dan@customer.example").name == "Dan"


def test_a_contact_that_appears_offers_the_replay_of_its_kept_mail(run: Run, place: Path) -> None:
    settings = load_config(place / "replygate.toml", {})
    now = datetime.now(UTC)
    run("contact", "add", "first@customer.example")

    async def take() -> None:
        async with open_flow(settings) as flow:
            sent = letter(
                author=ANNA, to="first@customer.example", message_id="one@corp.example",
                X_Log_To_CRM="yes",
            )  # fmt: skip
            outgoing = envelope_of(
                sent, mail_from=ANNA, rcpt_to="first@customer.example", received_at=now,
                direction=Direction.OUTGOING,
            )  # fmt: skip
            await flow.pipeline.take_in(outgoing, Relayed(RelayState.BY_MTA))
            reply = letter(
                author=CAROL, to=ANNA, message_id="two@customer.example",
                in_reply_to="<one@corp.example>",
            )  # fmt: skip
            incoming = envelope_of(reply, mail_from=CAROL, rcpt_to=ANNA, received_at=now)
            await flow.pipeline.take_in(incoming, Relayed(RelayState.BY_MTA))

    asyncio.run(take())
    said = run("sync", "people").output
    assert "1 kept message would now be logged" in said
    assert "replygate replay --all" in said


def test_a_source_that_nobody_named_is_told(run: Run, place: Path) -> None:
    assert "there is: people" in run("sync", "crm", fails=1).output


def test_a_file_without_a_heading_changes_nothing(run: Run, place: Path) -> None:
    (place / "people.csv").write_text("Carol,Cruz\n")
    assert 'must name "address"' in run("sync", "people", fails=1).output


def test_an_account_that_is_away_changes_nothing(
    run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPLYGATE_SINK_CRM", "pat-eu1-0000")
    with (place / "replygate.toml").open("a") as text:
        text.write('[[sink]]\nname = "crm"\nkind = "hubspot"\nurl = "http://127.0.0.1:1"\n')
        text.write('[[sync]]\nname = "hubspot"\nkind = "crm"\nsink = "crm"\n')
    assert "Nothing was changed." in run("sync", "hubspot", fails=1).output
