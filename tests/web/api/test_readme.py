"""The chapter of the README about the API is true: its commands run, against a real server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.config.settings import Config, Web
from gateway.config.values import Endpoint
from gateway.store.registry import Registry
from gateway.web.server import new_server
from gateway.web.tokens import Tokens
from tests.web.api.test_webhooks import DEPUTYS
from tests.web.chrome import serving
from tests.web.conftest import CAROL, Mail
from tests.web.correspondence import DEPUTY, OFFER

README = Path(__file__).parents[3] / "README.md"
PUBLIC = "https://timeline.example.com"


@pytest.fixture
def address(config: Config, company: Registry) -> Iterator[str]:
    with serving(new_server(replace(config, web=Web(address=Endpoint("127.0.0.1", 0))))) as found:
        yield found


def chapter() -> str:
    _, _, rest = README.read_text(encoding="utf-8").partition("\n## API\n")
    return rest.partition("\n## ")[0]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on this machine")
def test_commands_of_the_chapter_run(
    address: str, config: Config, mail: Mail, tmp_path: Path
) -> None:
    mail(OFFER, sent=True, to=CAROL)
    mail(DEPUTY, minutes=2)
    found = re.search(r"```sh\n(.*?)```", chapter(), re.DOTALL)
    assert found is not None
    script = found.group(1).replace(PUBLIC, address).replace("curl ", "curl -sS --fail-with-body ")
    command = tmp_path / "bin" / "replygate"
    command.parent.mkdir()
    program = "from gateway.cli.main import main; main(prog_name='replygate')"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{program}" "$@"\n')
    command.chmod(0o755)
    done = subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{command.parent}:{os.environ['PATH']}",
            "REPLYGATE_CONFIG": str(config.file),
            "PYTHONPATH": str(README.parent),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (DEPUTYS in done.stdout, '"dry_run":true' in done.stdout) == (True, True)
    with Tokens(config.gateway.state) as tokens:
        assert tokens.find(1).revoked_at is not None
