"""`replygate held`: what a person decides, as people run it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.opening import open_flow
from gateway.config.load import load_config
from gateway.model.envelope import Client, Relayed, RelayState
from tests.cli.conftest import Run, rows
from tests.letters import envelope_of, letter

ANNA, CAROL, LOG = "anna@corp.example", "carol@customer.example", "log@crm.corp.example"
STRANGE = "203.0.113.9"


@pytest.fixture(autouse=True)
def anna(run: Run, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLYGATE_CONFIG", str(config))
    run("user", "add", ANNA)
    run("mailbox", "add", ANNA, "--user", ANNA)


def take(config: Path, *names: str, client: str = STRANGE) -> None:
    """Take BCC copies of Anna's in that nothing proves."""

    async def all_of_them() -> None:
        async with open_flow(load_config(config, {})) as flow:
            for name in names:
                octets = letter(author=ANNA, to=CAROL, message_id=f"{name}@corp.example")
                now = datetime.now(UTC)
                envelope = envelope_of(octets, mail_from=ANNA, rcpt_to=LOG, received_at=now)
                envelope = replace(envelope, client=Client(address=client))
                await flow.pipeline.take_in(envelope, Relayed(RelayState.CONSUMED))

    asyncio.run(all_of_them())


def held(run: Run) -> list[dict[str, Any]]:
    return rows(run("held", "list", "--json"))


def decided(run: Run) -> dict[str, str]:
    return {row["message_id"]: row["reason"] for row in rows(run("decisions", "--json"))}


def test_what_is_held_is_listed_with_all_that_stands_in_its_way(run: Run, config: Path) -> None:
    take(config, "one")
    (row,) = held(run)
    assert (row["author"], row["reason"]) == (ANNA, "copy-sender-unverified")
    assert "bcc-copy" in row["also"]
    assert "Approve it once" in row["remedy"]


def test_without_a_command_it_lists(run: Run, config: Path) -> None:
    take(config, "one")
    assert "copy-sender-unverified" in run("held").stdout.replace("\n", "")


def test_approval_logs_it(run: Run, config: Path) -> None:
    take(config, "one")
    assert run("held", "approve", "one@corp.example").stdout == "1 message logged.\n"
    assert decided(run) == {"one@corp.example": "approved"}
    assert held(run) == []


def test_approval_logs_it_under_a_contact(run: Run, config: Path) -> None:
    take(config, "one")
    run("contact", "add", "boss@customer.example")
    run("held", "approve", "one@corp.example", "--contact", "boss@customer.example")
    (row,) = rows(run("decisions", "--json"))
    assert row["contacts"] == ["boss@customer.example"]


def test_discarding_keeps_nothing_of_it(run: Run, config: Path) -> None:
    take(config, "one")
    assert run("held", "discard", "one@corp.example").stdout == "1 message discarded.\n"
    (row,) = rows(run("decisions", "--json"))
    assert (row["reason"], row["kept"], row["subject"]) == ("discarded", False, "")


def test_all_are_decided_in_bulk(run: Run, config: Path) -> None:
    take(config, "one", "two", "three")
    assert run("held", "approve", "--all").stdout == "3 messages logged.\n"


def test_a_filter_chooses_which(run: Run, config: Path) -> None:
    take(config, "one")
    run("held", "discard", "--reason", "spam-in-thread")
    assert len(held(run)) == 1


def test_bulk_must_be_said(run: Run, config: Path) -> None:
    take(config, "one")
    assert "--all" in run("held", "discard", fails=2).stderr


def test_only_what_is_held_is_decided(run: Run, config: Path) -> None:
    take(config, "one")
    run("held", "approve", "one@corp.example")
    assert "is not held" in run("held", "approve", "one@corp.example", fails=1).stderr


def test_an_approved_route_logs_the_others_that_came_by_it(run: Run, config: Path) -> None:
    take(config, "one", "two")
    said = " ".join(run("held", "approve", "one@corp.example", "--route").stdout.split())
    assert said == f"Mail of {ANNA} from {STRANGE}/32 is believed from now on. 2 messages logged."
    assert set(decided(run).values()) == {"bcc-copy"}


def test_an_approved_route_proves_what_comes_later(run: Run, config: Path) -> None:
    take(config, "one")
    run("held", "approve", "one@corp.example", "--route")
    take(config, "two")
    assert decided(run)["two@corp.example"] == "bcc-copy"


def test_an_approved_route_proves_no_other_client(run: Run, config: Path) -> None:
    take(config, "one")
    run("held", "approve", "one@corp.example", "--route")
    take(config, "two", client="203.0.113.10")
    assert decided(run)["two@corp.example"] == "copy-sender-unverified"


def test_an_approved_route_is_listed_and_withdrawn(run: Run, config: Path) -> None:
    take(config, "one")
    run("held", "approve", "one@corp.example", "--route")
    route = {"network": f"{STRANGE}/32", "user": ANNA}
    assert rows(run("held", "routes", "--json")) == [route]
    run("held", "withdraw-route", route["network"], ANNA)
    take(config, "two")
    assert decided(run)["two@corp.example"] == "copy-sender-unverified"


def test_what_nobody_decides_expires(run: Run, config: Path) -> None:
    take(config, "one")

    async def purge() -> int:
        async with open_flow(load_config(config, {})) as flow:
            return await flow.store.purge(datetime.now(UTC) + timedelta(days=31))

    assert asyncio.run(purge()) == 1
    (row,) = rows(run("decisions", "--json"))
    assert (row["outcome"], row["reason"]) == ("not_logged", "hold-expired")
