"""Plays the story on two gateways at once, one for each preset, and asserts every step."""

from __future__ import annotations

import re
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from gateway.demo import next_hop
from gateway.demo.pages import Pages
from gateway.demo.stage import Stage, StoryError
from gateway.demo.story import PROLOGUE, STORY, Chapter, Look, Run, Send, Shows, Step
from gateway.model.entry import Entry
from gateway.store.entries import Entries

PRESETS = ("hubspot-2020", "gateway")
LOOKS = 100
LOOK_EVERY_S = 0.05
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
    pages = Pages()
    if folder is not None:
        if folder.exists() and any(folder.iterdir()):
            pages.failed(f"{folder} is not empty. Name a new folder with --folder.")
            return 1
        return play(folder, pages)
    with tempfile.TemporaryDirectory(prefix="replygate-demo-") as made:
        return play(Path(made), pages)


def play(folder: Path, pages: Pages) -> int:
    """Play the story in this folder, on these pages; return the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
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
            pages.closing(_rows(players))
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
    if isinstance(step, Send):
        said = list(pool.map(lambda told: _send(step, told), players))
        pages.letter(step.letter)
        for told, words in zip(players, said, strict=True):
            pages.decided(told.stage.preset, words, told.read(step.letter.name))
            _check_notes(step, told)
        return
    pages.looked(step.letter)
    for told in players:
        entry = _look(step, told)
        pages.decided(told.stage.preset, f"{entry.outcome} {entry.reason}", entry)


def _send(step: Send, told: Told) -> str:
    """Send a letter; return outcome and reason, as the reply to its final dot says them."""
    name, said = step.letter.name, told.stage.send(step.letter)
    found = _WORDS.search(said)
    if found is None:
        raise StoryError(f"{name}: the reply says no decision: {said}")
    told.entries[name] = found["entry"]
    _compare(name, step.shows, told, f"{found['outcome']} {found['reason']}")
    return f"{found['outcome']} {found['reason']}"


def _run(step: Run, told: Told) -> None:
    printed = told.stage.run(step.command)
    if step.prints not in printed:
        raise StoryError(f"replygate {step.command} did not print {step.prints}:\n{printed}")


def _look(step: Look, told: Told) -> Entry:
    """Return the entry once it shows what it must: judging anew runs behind the mail."""
    expected = step.shows.under(told.stage.preset)
    for _ in range(LOOKS):
        entry = told.read(step.letter)
        if f"{entry.outcome} {entry.reason}" == expected:
            break
        time.sleep(LOOK_EVERY_S)
    _compare(step.letter, step.shows, told, f"{entry.outcome} {entry.reason}")
    return entry


def _compare(name: str, shows: Shows, told: Told, seen: str) -> None:
    expected = shows.under(told.stage.preset)
    if seen != expected:
        raise StoryError(f"{name} under {told.stage.preset}: expected {expected}, got {seen}")


def _check_notes(step: Send, told: Told) -> None:
    there = {str(note.reason) for note in told.read(step.letter.name).notes}
    differing = {step.note.under(told.stage.preset)} if step.note else set()
    missing = {*step.notes, *differing} - there
    if missing:
        raise StoryError(f"{step.letter.name}: the note {', '.join(sorted(missing))} is missing")


def _rows(players: list[Told]) -> list[tuple[Chapter, str, list[Entry]]]:
    """Return each letter of each chapter with its entry under each preset."""
    return [
        (chapter, step.letter.name, [told.read(step.letter.name) for told in players])
        for chapter in STORY
        for step in chapter.steps
        if isinstance(step, Send) and not step.letter.again
    ]
