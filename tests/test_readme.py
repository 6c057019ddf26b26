"""The README is true: its tables are made from the code, its commands run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.main import main
from gateway.rules.pages import markdown_table
from gateway.store.postgres import pools
from tests.postgres import PostgresServer

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONFIG = """
[gateway]
state = "{state}"
domains = ["corp.example"]
[next_hop]
address = "127.0.0.1:10026"
[[listener]]
name = "inbound"
address = "127.0.0.1:10025"
direction = "inbound"
[addresses]
logging = ["log@gate.example"]
"""
URL = "postgresql://replygate@db.example/mail"
REPLY = (
    "From: Carol <carol@customer.example>\r\nTo: anna@corp.example\r\n"
    "Message-ID: <s1-reply@story.example>\r\nSubject: Re: Our offer\r\n"
    "Date: Mon, 23 Nov 2026 12:00:00 +0000\r\n\r\nThank you!\r\n"
)


def commands() -> Iterator[str]:
    """Yield the lines of the indented blocks."""
    for block in re.findall(r"(?:^ {4,}\S.*\n)+", README, re.MULTILINE):
        for line in block.splitlines():
            yield line.strip()


def test_the_table_of_reasons_is_made_from_the_rules() -> None:
    _, _, rest = README.partition("<!-- reasons -->\n")
    assert rest.partition("<!-- end of reasons -->")[0] == markdown_table()


def test_the_table_of_faults_is_that_of_the_suite() -> None:
    table = (ROOT / "tests" / "torture" / "faults.md").read_text(encoding="utf-8").strip()
    _, _, rest = README.partition("<!-- faults -->\n")
    assert rest.partition("\n<!-- end of faults -->")[0] == table


def test_the_two_commands_are_targets() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = [line.removeprefix("make ") for line in commands() if line.startswith("make ")]
    assert named == ["demo", "test"]
    assert all(f"\n{target}: " in makefile for target in named)


def test_every_command_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "replygate.toml"
    config.write_text(CONFIG.format(state=tmp_path / "state"))
    (tmp_path / "contacts.csv").write_text("address,name,owner\ncarol@customer.example,Carol,\n")
    (tmp_path / "reply.eml").write_text(REPLY, newline="")
    notice = REPLY.replace("Thank you!", "The attachment was removed by our filter.")
    (tmp_path / "shown.eml").write_text(notice, newline="")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPLYGATE_CONFIG", str(config))
    runner = CliRunner()
    imported = False
    lines = [line for line in commands() if line.startswith("replygate ")]
    lines = [line for line in lines if "postgresql://" not in line]
    assert len(lines) >= 9
    for line in lines:
        if line.startswith("replygate decisions") and not imported:
            imported = runner.invoke(main, ["import", "reply.eml"]).exit_code == 0
            assert imported
        done = runner.invoke(main, shlex.split(line)[1:])
        assert done.exit_code == 0, f"{line}: {done.output}"


def test_the_move_to_several_machines_runs(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapter = README.partition("## More than one machine\n")[2].partition("\n## ")[0]
    lines = [line.strip() for line in re.findall(r"^ {4}\S.*$", chapter, re.MULTILINE)]
    createdb, copy, *others = lines
    settings = [line for line in others if not line.startswith("replygate ")]
    kept = [shlex.split(line)[1:] for line in others if line.startswith("replygate ")]
    assert {words[0] for words in kept} == {"backup", "vacuum"}
    file = tmp_path / "replygate.toml"
    file.write_text(CONFIG.format(state=tmp_path / "state"))
    runner = CliRunner()
    added = runner.invoke(main, ["user", "add", "anna@corp.example", "--config", str(file)])
    assert added.exit_code == 0
    postgres.ask("DROP DATABASE IF EXISTS mail")
    postgres.run(*shlex.split(createdb))
    url, shared = postgres.url("mail"), str(tmp_path / "shared")

    def ours(line: str) -> str:
        for theirs, here in (
            ("/var/lib/replygate/replygate.db", str(tmp_path / "state" / "replygate.db")),
            (URL, url),
            ("/srv/replygate", shared),
        ):
            line = line.replace(theirs, here)
        return line

    copied = runner.invoke(main, shlex.split(ours(copy))[1:])
    assert copied.exit_code == 0, copied.output
    file.write_text("\n".join([file.read_text(), *map(ours, settings)]))
    monkeypatch.chdir(tmp_path)
    for words in (["user", "list"], ["decisions"], ["query", "SELECT 1"], *kept):
        done = runner.invoke(main, [*words, "--config", str(file)])
        assert done.exit_code == 0, done.output
        assert words[0] != "user" or "anna@corp.example" in done.output
    pools.close()
