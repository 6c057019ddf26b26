"""The running gateway hands over what it logs, and mail does not wait for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway import maillog
from gateway.daemon import Daemon
from tests.flows.running import running
from tests.http_server import SILENT, Answer, http_server
from tests.next_hop import next_hop
from tests.sinks.hubspot_server import TOKEN, Hubspot
from tests.test_daemon import company, deliver, sent, written

ANNA, CAROL = "anna@corp.example", "carol@customer.example"
SECRET = "whsec_" + "k" * 32
MARK = {"X_Log_To_CRM": "yes"}


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10.0):
        while True:
            if holds():
                return
            await asyncio.sleep(0.02)


async def reloaded(daemon: Daemon) -> None:
    before = daemon.config
    await daemon.reload()
    assert daemon.config is not before


async def test_a_logged_message_goes_into_the_file(tmp_path: Path) -> None:
    async with next_hop() as hop, running(tmp_path, hop) as gateway:
        company(gateway)
        file = tmp_path / "told.jsonl"
        sink = f'[[sink]]\nname = "file"\nkind = "jsonl"\npath = "{file}"\n'
        written(gateway, hop.port, more=sink)
        await reloaded(gateway.daemon)
        await deliver(gateway, "submission", ANNA, CAROL, sent(**MARK))
        await until(file.exists)
        (line,) = file.read_text().splitlines()
    assert json.loads(line)["data"]["contacts"] == [{"address": CAROL, "name": ""}]


async def test_a_sink_that_says_nothing_delays_no_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPLYGATE_SINK_HOOK", SECRET)
    async with (
        http_server(lambda _: Answer(204)) as server,
        next_hop() as hop,
        running(tmp_path, hop) as gateway,
    ):
        server.always = SILENT
        company(gateway)
        hook = f'[[sink]]\nname = "hook"\nkind = "webhook"\nurl = "{server.url}/in"\n'
        written(gateway, hop.port, more=hook)
        await reloaded(gateway.daemon)
        await deliver(gateway, "submission", ANNA, CAROL, sent(**MARK))
        await until(lambda: bool(server.requests))
        async with asyncio.timeout(5.0):
            said = await deliver(
                gateway, "submission", ANNA, CAROL, sent(message_id="two@corp.example", **MARK)
            )
    assert "250" in said


async def test_what_was_under_way_at_a_stop_is_told_again_at_once(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REPLYGATE_SINK_HOOK", SECRET)
    async with (
        http_server(lambda _: Answer(204)) as server,
        next_hop() as hop,
        running(tmp_path, hop) as gateway,
    ):
        server.next = [SILENT]
        company(gateway)
        hook = f'[[sink]]\nname = "hook"\nkind = "webhook"\nurl = "{server.url}/in"\n'
        written(gateway, hop.port, more=hook)
        await reloaded(gateway.daemon)
        await deliver(gateway, "submission", ANNA, CAROL, sent(**MARK))
        await until(lambda: len(server.requests) == 1)
        written(gateway, hop.port, more=f"{hook}timeout_s = 5.0\n")
        await reloaded(gateway.daemon)
        await until(lambda: len(server.requests) == 2)
        first, second = server.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


async def test_a_logged_message_stands_on_the_timeline_of_hubspot(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REPLYGATE_SINK_CRM", TOKEN)
    account = Hubspot(owners={ANNA: "77"})
    async with (
        http_server(account) as server,
        next_hop() as hop,
        running(tmp_path, hop) as gateway,
    ):
        company(gateway)
        crm = f'[[sink]]\nname = "crm"\nkind = "hubspot"\nurl = "{server.url}"\n'
        written(gateway, hop.port, more=crm)
        await reloaded(gateway.daemon)
        await deliver(gateway, "submission", ANNA, CAROL, sent(**MARK))
        await until(lambda: bool(account.ties))
        (email,) = account.emails.values()
    assert (email["hs_email_direction"], email["hubspot_owner_id"]) == ("EMAIL", "77")
    assert [contact["email"] for contact in account.contacts.values()] == [CAROL]


async def test_a_refusal_is_one_line_that_says_what_to_do(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("REPLYGATE_SINK_HOOK", SECRET)
    async with (
        http_server(lambda _: Answer(422, {"message": "no such field"})) as server,
        next_hop() as hop,
        running(tmp_path, hop) as gateway,
    ):
        gateway.daemon.handover._log = maillog.configure("logfmt", "warning")
        company(gateway)
        hook = f'[[sink]]\nname = "hook"\nkind = "webhook"\nurl = "{server.url}/in"\n'
        written(gateway, hop.port, more=hook)
        await reloaded(gateway.daemon)
        await deliver(gateway, "submission", ANNA, CAROL, sent(**MARK))
        said: list[str] = []
        await until(lambda: bool(said.append(capsys.readouterr().err) or "".join(said)))
    (line,) = "".join(said).splitlines()
    assert "a sink refused" in line
    assert "replygate outbox list --sink hook" in line
