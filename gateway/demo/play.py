"""Plays the story on two gateways at once, one for each preset, and asserts every step."""

from __future__ import annotations

import asyncio
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from gateway.demo import next_hop
from gateway.demo.pages import Pages
from gateway.demo.stage import Stage, StoryError
from gateway.demo.story import OPEN, PROLOGUE, STORY, Chapter, Run, Send, Shows, Step
from gateway.model.entry import Entry
from gateway.store.entries import Entries

PRESETS = ("hubspot-2020", "gateway")
_WORDS = re.compile(r"\[replygate: (?P<outcome>\S+) (?P<reason>\S+) e=(?P<entry>\S+)\]")


@dataclass
class Told:
    """What one gateway said of the letters, so far."""

    stage: Stage
    entries: dict[str, str] = field(default_factory=dict)
    """Entry ids by the name of their letter."""

    def read(self, name: str) -> Entry:
        """Return the entry of a letter as it stands in the store now."""
        with Entries(self.stage.folder / "state" / "replygate.db") as entries:
            entry = entries.find(self.entries[name])
        if entry is None:
            raise StoryError(f"{name} has no entry under preset {self.stage.preset}")
        return entry


def main(folder: Path | None = None) -> int:
    """Play the whole story; return 0, or 1 when a step differed."""
    with tempfile.TemporaryDirectory(prefix="replygate-demo-") as made:
        return play(folder or Path(made), Pages())


def play(folder: Path, pages: Pages) -> int:
    """Play the story in this folder, on these pages; return the exit code."""
    hop = next_hop.start(folder / "delivered")
    stages = [Stage(folder / preset, preset, hop.port) for preset in PRESETS]
    try:
        with ThreadPoolExecutor(len(stages)) as pool:
            list(pool.map(Stage.start, stages))
            players = [Told(stage) for stage in stages]
            pages.opening(folder, PRESETS)
            for begun in PROLOGUE:
                _play(begun, players, pages, pool)
            for chapter in STORY:
                pages.chapter(chapter)
                for step in chapter.steps:
                    _play(step, players, pages, pool)
            pages.closing(_rows(players), OPEN)
    except StoryError as error:
        pages.failed(str(error))
        return 1
    finally:
        for stage in stages:
            stage.stop()
        hop.stop()
    return 0


def _play(step: Step, players: list[Told], pages: Pages, pool: ThreadPoolExecutor) -> None:
    """Play one step on both gateways and show what they said."""
    if isinstance(step, Run):
        pages.command(step.command)
        list(pool.map(lambda told: _run(step, told), players))
        return
    name = step.letter.name if isinstance(step, Send) else step.letter
    if isinstance(step, Send):
        list(pool.map(lambda told: _send(step, told), players))
    shown = {told.stage.preset: _look(name, step.shows, told) for told in players}
    if isinstance(step, Send):
        pages.letter(step.letter, shown)
        for told in players:
            _check_notes(step, told)
    else:
        pages.looked(name, shown)


def _send(step: Send, told: Told) -> None:
    said = told.stage.send(step.letter)
    found = _WORDS.search(said)
    if found is None:
        raise StoryError(f"{step.letter.name}: the reply says no decision: {said}")
    told.entries[step.letter.name] = found["entry"]


def _run(step: Run, told: Told) -> None:
    printed = told.stage.run(step.command.format_map(told.entries))
    if step.prints not in printed:
        raise StoryError(f"replygate {step.command} did not print {step.prints}:\n{printed}")


def _look(name: str, shows: Shows, told: Told) -> Entry:
    """Return the entry once it shows what it must; judging anew runs behind the mail."""
    expected = shows.under(told.stage.preset)
    entry = asyncio.run(_eventually(name, expected, told))
    seen = f"{entry.outcome} {entry.reason}"
    if seen != expected:
        raise StoryError(f"{name} under {told.stage.preset}: expected {expected}, got {seen}")
    return entry


async def _eventually(name: str, expected: str, told: Told) -> Entry:
    for _ in range(100):
        entry = told.read(name)
        if f"{entry.outcome} {entry.reason}" == expected:
            break
        await asyncio.sleep(0.05)
    return entry


def _check_notes(step: Send, told: Told) -> None:
    there = {str(note.reason) for note in told.read(step.letter.name).notes}
    missing = set(step.notes) - there
    if missing:
        raise StoryError(f"{step.letter.name}: the note {', '.join(sorted(missing))} is missing")


def _rows(players: list[Told]) -> list[tuple[Chapter, str, list[Entry]]]:
    """Return each letter of each chapter with its entry under each preset."""
    return [
        (chapter, step.letter.name, [told.read(step.letter.name) for told in players])
        for chapter in STORY
        for step in chapter.steps
        if isinstance(step, Send)
    ]
