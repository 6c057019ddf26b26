"""`replygate shadow`: a table of both, only theirs, only ours."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.cli.opening import open_flow
from gateway.config.load import load_config
from gateway.model.envelope import Relayed, RelayState
from tests.cli.conftest import Run, rows
from tests.http_server import http_server
from tests.letters import envelope_of, letter
from tests.sinks.espo_server import KEY, Espo

ANNA, CAROL = "anna@corp.example", "carol@customer.example"


@contextmanager
def served(espo: Espo) -> Iterator[str]:
    """Serve it beside the command, which has a loop of its own."""
    begun, urls = threading.Event(), []
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()

    async def serve() -> None:
        async with http_server(espo) as server:
            urls.append(server.url)
            begun.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert begun.wait(10)
    try:
        yield urls[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


def test_both_timelines_are_one_table(
    run: Run, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPLYGATE_CONFIG", str(config))
    monkeypatch.setenv("REPLYGATE_SINK_CRM", KEY)
    run("user", "add", ANNA)
    run("mailbox", "add", ANNA, "--user", ANNA)
    run("contact", "add", CAROL)
    now = datetime.now(UTC)

    async def take() -> None:
        async with open_flow(load_config(config, {})) as flow:
            for name in ("new", "seen"):
                octets = letter(author=CAROL, to=ANNA, message_id=f"{name}@customer.example")
                envelope = envelope_of(octets, mail_from=CAROL, rcpt_to=ANNA, received_at=now)
                await flow.pipeline.take_in(envelope, Relayed(RelayState.BY_MTA))

    asyncio.run(take())
    espo = Espo()
    sent = now.strftime("%Y-%m-%d %H:%M:%S")
    for name in ("seen", "stranger"):
        told = {"dateSent": sent, "fromString": CAROL, "name": name}
        espo.add("Email", messageId=f"<{name}@customer.example>", **told)
    with served(espo) as url:
        with config.open("a") as text:
            text.write(f'[[sink]]\nname = "crm"\nkind = "espocrm"\nurl = "{url}"\n')
        found = rows(run("shadow", "crm", "--json"))
        shown = run("shadow", "crm", "--differs").output
    by_id = {one["message_id"].partition("@")[0]: one for one in found}
    assert by_id.keys() == {"seen", "stranger"}
    assert (by_id["seen"]["logged"], by_id["seen"]["reason"]) == ("only theirs", "not-a-reply")
    assert by_id["stranger"]["reason"] == "never came by"
    assert "both: 0, only theirs: 2, only ours: 0" in shown


def test_a_sink_that_tells_nothing_is_told(
    run: Run, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPLYGATE_CONFIG", str(config))
    assert "there is: none" in run("shadow", "file", fails=1).output
