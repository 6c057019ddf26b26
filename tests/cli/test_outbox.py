"""`replygate outbox`: the queue and the dead letters, as people see them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.cli.opening import open_flow
from gateway.config.load import load_config
from gateway.model.envelope import Direction, Relayed, RelayState
from gateway.store.outbox import SqliteOutbox
from tests.cli.conftest import Run, rows
from tests.letters import envelope_of, letter

ANNA, CAROL, LOG = "anna@corp.example", "carol@customer.example", "log@crm.corp.example"


@pytest.fixture
def refused(run: Run, config: Path, monkeypatch: pytest.MonkeyPatch) -> SqliteOutbox:
    """Return an outbox with one push that its sink refused."""
    monkeypatch.setenv("REPLYGATE_CONFIG", str(config))
    run("user", "add", ANNA)
    run("mailbox", "add", ANNA, "--user", ANNA)
    settings = load_config(config, {})
    outbox = SqliteOutbox(settings.store_path)
    outbox.register({"crm": False})
    now = datetime.now(UTC)

    async def take() -> None:
        async with open_flow(settings) as flow:
            octets = letter(author=ANNA, to=CAROL, message_id="one@corp.example", Bcc=LOG)
            envelope = envelope_of(
                octets, direction=Direction.OUTGOING, mail_from=ANNA, rcpt_to=f"{CAROL} {LOG}",
                received_at=now,
            )  # fmt: skip
            await flow.pipeline.take_in(envelope, Relayed(RelayState.BY_MTA))

    asyncio.run(take())
    outbox.gather(now)
    later = now + timedelta(minutes=1)
    (push,) = outbox.claim("crm", later, later, 9, past_dead=False)
    outbox.dead(push, later, "422: no such property")
    return outbox


def test_nothing_waits_at_first(run: Run, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLYGATE_CONFIG", str(config))
    assert "Nothing waits" in run("outbox").stdout


def test_what_was_refused_is_listed_with_what_the_sink_said(
    run: Run, refused: SqliteOutbox
) -> None:
    (row,) = rows(run("outbox", "list", "--json"))
    assert (row["sink"], row["state"], row["reason"]) == ("crm", "dead", "crm-refused")
    assert row["said"] == "422: no such property"


def test_one_push_is_shown_with_what_to_do(run: Run, refused: SqliteOutbox) -> None:
    (row,) = rows(run("outbox", "list", "--json"))
    said = run("outbox", "show", str(row["push"])).stdout
    assert f"replygate outbox retry {row['push']}" in said


def test_retry_puts_it_back_into_the_queue(run: Run, refused: SqliteOutbox) -> None:
    assert run("outbox", "retry", "--dead").stdout == "1 push will be tried again now.\n"
    (row,) = rows(run("outbox", "list", "--json"))
    assert (row["state"], row["attempts"]) == ("waiting", 0)


def test_drop_takes_it_out(run: Run, refused: SqliteOutbox) -> None:
    (row,) = rows(run("outbox", "list", "--json"))
    run("outbox", "drop", str(row["push"]))
    assert rows(run("outbox", "list", "--json")) == []
    assert len(rows(run("outbox", "list", "--state", "dropped", "--json"))) == 1


def test_a_filter_by_sink_leaves_others_alone(run: Run, refused: SqliteOutbox) -> None:
    assert rows(run("outbox", "list", "--sink", "other", "--json")) == []
    assert run("outbox", "retry", "--dead", "--sink", "other").stdout.startswith("0 pushes")


def test_a_number_that_is_not_there_is_said(run: Run, refused: SqliteOutbox) -> None:
    assert "There is no push 99" in run("outbox", "drop", "99", fails=1).stderr


def test_what_is_meant_must_be_said(run: Run, refused: SqliteOutbox) -> None:
    assert "--dead" in run("outbox", "retry", fails=2).stderr


def test_a_sink_that_is_left_alone_is_told(run: Run, refused: SqliteOutbox) -> None:
    refused.pause("crm", datetime(2027, 1, 1, tzinfo=UTC), "401: not you")
    assert "left alone until 2027-01-01T00:00:00Z: 401: not you" in run("outbox").stdout


def test_explain_tells_how_it_stands_with_each_sink(run: Run, refused: SqliteOutbox) -> None:
    (row,) = rows(run("outbox", "list", "--json"))
    said = " ".join(run("explain", row["entry"]).stdout.split())
    told = "entry.logged to crm: dead (crm-refused). 422: no such property."
    assert f"{told} See: replygate outbox show {row['push']}" in said


def test_explain_tells_it_as_an_object(run: Run, refused: SqliteOutbox) -> None:
    (row,) = rows(run("outbox", "list", "--json"))
    (told,) = rows(run("explain", row["entry"], "--json"))
    assert told["handovers"] == [row]
