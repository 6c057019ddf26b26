"""The chapter "Into your CRM" and its page: what they write is a configuration, and it runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.config.load import parse_config
from gateway.handover import open_sink
from gateway.inboxes import account_of
from gateway.sync.opening import open_source
from tests.test_readme import CONFIG

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SINKS = (ROOT / "conf" / "sinks.md").read_text(encoding="utf-8")
CHAPTER = README.partition("## Into your CRM\n")[2].partition("\n## ")[0]
SECRETS = {
    "REPLYGATE_SINK_CRM": "token",
    "REPLYGATE_SINK_ESPO": "key:secret",
    "REPLYGATE_SINK_ODOO": "key",
    "REPLYGATE_SINK_SALES": "id:secret",
    "REPLYGATE_SINK_HOOK": "whsec_" + "k" * 32,
    "REPLYGATE_SYNC_STAFF": "password",
    "REPLYGATE_IMAP_ANNA": "password",
}


def blocks(text: str) -> str:
    return "\n".join(re.findall(r"```toml\n(.*?)```", text, re.DOTALL))


@pytest.mark.parametrize("text", [CHAPTER, SINKS], ids=["readme", "sinks"])
async def test_what_is_written_is_a_configuration_that_opens(text: str, tmp_path: Path) -> None:
    written = CONFIG.format(state=tmp_path) + blocks(text)
    config = parse_config(written, tmp_path / "replygate.toml", SECRETS)
    assert config.sinks
    for sink in config.sinks:
        await open_sink(sink, config).close()
    for sync in config.syncs:
        await open_source(sync, config).close()
    for inbox in config.inboxes:
        assert account_of(inbox).mailbox == "anna@example.com"


def test_the_chapter_shows_each_of_the_four_ways() -> None:
    config = parse_config(CONFIG.format(state="x") + blocks(CHAPTER), Path("x.toml"), SECRETS)
    assert (len(config.sinks), len(config.syncs), len(config.inboxes)) == (1, 2, 1)
    assert "replygate shadow crm" in CHAPTER


@pytest.mark.parametrize("kind", ["HubSpot", "EspoCRM", "Odoo", "Salesforce"])
def test_the_page_says_of_each_crm_that_it_never_met_the_real_service(kind: str) -> None:
    (row,) = re.findall(rf"^\| {kind} \|.*$", SINKS, re.MULTILINE)
    assert row.endswith("| never |")
