"""The scoreboard: what it counts, and what it does not keep quiet about."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.bench.accuracy import run
from tests.bench.argued import NOTES, argue, case_of
from tests.bench.results import Result, summarise
from tests.mail.build import letter, multipart

HARD = "bounce-1"
BOUNCE = multipart(
    "report; report-type=delivery-status",
    "\nNo such user.",
    "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
    "Final-Recipient: rfc822; bob@x.example\nAction: failed\nStatus: 5.1.1\n",
    From="MAILER-DAEMON@x.example",
)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A note that holds the report to tell of a hard bounce."""
    path = tmp_path / "notes.toml"
    path.write_text(
        f'[[note]]\ncase = "{case_of(HARD)}"\nfield = "hard"\nours = "[True]"\nreason = "r"\n'
    )
    return path


def scored(
    folder: Path, label: dict[str, object], octets: bytes | None, task: str = ""
) -> list[Result]:
    if octets is not None:
        (folder / "one.eml").write_bytes(octets)
    (folder / "labels.jsonl").write_text(json.dumps({"path": "one.eml", "source": "own", **label}))
    return run(folder, {task or str(label["task"])}, jobs=1)


def bounce_label(*, hard: bool) -> dict[str, object]:
    told = {"status": "5.1.1", "reason": "userunknown", "hard": hard}
    return {"id": HARD, "task": "bounce", "expected": {"bounce": True, "results": [told]}}


def test_a_missing_file_is_named_and_counted(tmp_path: Path) -> None:
    label: dict[str, object] = {"id": "a", "task": "no_crash", "expected": {}}
    (result,) = scored(tmp_path, label, None)
    assert "one.eml" in result.detail
    assert summarise([result])[0]["missing"] == 1


def test_what_is_read_otherwise_than_labelled_is_a_miss(tmp_path: Path) -> None:
    label: dict[str, object] = {
        "id": "a",
        "task": "encoding_subject",
        "expected": {"subject": "Goodbye"},
    }
    (result,) = scored(tmp_path, label, letter("x"))
    assert summarise([result])[0]["right"] == 0


def test_a_miss_that_is_argued_stays_a_miss_and_is_counted_aside(
    tmp_path: Path, notes: Path
) -> None:
    results = scored(tmp_path, bounce_label(hard=False), BOUNCE)
    assert argue(results, notes) == []
    (row,) = summarise(results)
    assert (row["right"], row["argued"]) == (0, 1)


def test_a_note_about_what_is_right_by_now_is_a_fault(tmp_path: Path, notes: Path) -> None:
    assert argue(scored(tmp_path, bounce_label(hard=True), BOUNCE), notes) == [HARD]


def test_a_note_does_not_excuse_another_answer_than_its_own(tmp_path: Path, notes: Path) -> None:
    results = scored(tmp_path, bounce_label(hard=False), letter("x"))
    assert argue(results, notes) == [HARD]
    assert not results[0].argued


@pytest.mark.parametrize("note", tomllib.loads(NOTES.read_text("utf-8"))["note"])
def test_each_note_has_its_argument(note: Mapping[str, str]) -> None:
    assert tomllib.loads(NOTES.read_text("utf-8"))["reasons"][note["reason"]].strip()


@pytest.mark.parametrize(("said", "right"), [("no", True), ("auto-replied", False)])
def test_ordinary_mail_that_is_taken_for_a_robots_is_a_miss(
    tmp_path: Path, said: str, *, right: bool
) -> None:
    label: dict[str, object] = {"id": "a", "task": "no_crash", "expected": {}}
    octets = letter("x", Auto_Submitted=said)
    (result,) = scored(tmp_path, label, octets, "ordinary_mail")
    assert result.right is right
