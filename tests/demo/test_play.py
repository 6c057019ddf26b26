"""The story of `make demo`."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from gateway.demo.pages import Pages
from gateway.demo.play import main, play
from gateway.demo.story import STORY, Send


def test_every_statement_of_the_source_has_a_chapter() -> None:
    statements = [f"S{number}" for number in range(1, 17)]
    assert [chapter.statement for chapter in STORY] == [*statements, "Copies"]


def test_every_letter_has_a_name_of_its_own() -> None:
    names = [s.letter.name for c in STORY for s in c.steps if isinstance(s, Send)]
    assert len(names) == len(set(names))


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep")
    assert main(tmp_path) == 1


@pytest.mark.timeout(600)  # two gateways, sixty commands, six files of 50 MB
def test_the_whole_story_goes_as_written(tmp_path: Path) -> None:
    written = io.StringIO()
    pages = Pages(Console(file=written, width=140))
    code = play(tmp_path / "story", pages)
    assert code == 0, written.getvalue()[-3000:]
    assert re.search(r"not_logged mailbox-disconnected\s+│", written.getvalue())
    assert len(list((tmp_path / "story" / "delivered" / "new").iterdir())) > 2 * len(STORY)
