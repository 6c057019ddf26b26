"""The running gateway hands over to each CRM: from the letter to the timeline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway import maillog
from gateway.store.outbox import SqliteOutbox
from tests.flows.running import running
from tests.flows.test_handover import ANNA, CAROL, MARK, reloaded, until
from tests.http_server import Answer, http_server
from tests.next_hop import next_hop
from tests.sinks import espo_server, odoo_server, salesforce_server
from tests.sinks.espo_server import Espo
from tests.sinks.odoo_server import Odoo
from tests.sinks.salesforce_server import Salesforce
from tests.test_daemon import company, deliver, sent, written

CRMS = {
    "espocrm": (Espo, espo_server.KEY),
    "odoo": (Odoo, odoo_server.KEY),
    "salesforce": (Salesforce, f"{salesforce_server.ID}:{salesforce_server.SECRET}"),
}


def retried(box: SqliteOutbox) -> bool:
    """Let everything go now, as an admin does."""
    for one in box.listed():
        box.retry([one.push.number], one.push.made_at)
    return True


@pytest.mark.parametrize("kind", CRMS)
async def test_a_logged_message_stands_on_the_timeline(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: tuple[Callable[[], Any], str] = CRMS[kind]
    there, secret = made[0](), made[1]
    monkeypatch.setenv("REPLYGATE_SINK_CRM", secret)
    async with (
        http_server(there) as server,
        next_hop() as hop,
        running(tmp_path, hop) as gateway,
    ):
        company(gateway)
        crm = f'[[sink]]\nname = "crm"\nkind = "{kind}"\nurl = "{server.url}"\n'
        written(gateway, hop.port, more=crm)
        await reloaded(gateway.daemon)
        await deliver(gateway, "submission", ANNA, CAROL, sent(**MARK))
        await until(lambda: bool(there.subjects()))
        (subject,) = there.subjects().values()
    assert subject == "Our offer"


async def test_a_wrong_credential_is_one_alarm_and_everything_goes_when_it_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REPLYGATE_SINK_CRM", espo_server.KEY)
    espo = Espo()
    async with (
        http_server(espo) as server,
        next_hop() as hop,
        running(tmp_path, hop) as gateway,
    ):
        server.always = Answer(401, {"message": "not you"})
        gateway.daemon.handover._log = maillog.configure("logfmt", "warning")
        company(gateway)
        crm = f'[[sink]]\nname = "crm"\nkind = "espocrm"\nurl = "{server.url}"\n'
        written(gateway, hop.port, more=crm)
        await reloaded(gateway.daemon)
        box = SqliteOutbox(gateway.database)
        for number in range(6):
            letter = sent(message_id=f"m{number}@corp.example", **MARK)
            await deliver(gateway, "submission", ANNA, CAROL, letter)
        await until(lambda: bool(box.pauses()) and len(box.listed()) == 6)
        asked = len(server.requests)

        await until(lambda: retried(box) and len(server.requests) > asked + 2)
        server.always = None
        await until(lambda: retried(box) and len(espo.subjects()) == 6)
    alarms = [line for line in capsys.readouterr().err.splitlines() if "takes nothing" in line]
    assert len(alarms) == 1
    assert "not you" in alarms[0]
