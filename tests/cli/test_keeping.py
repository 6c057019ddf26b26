"""erase, export, backup, restore, vacuum: as a person calls them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.letters import letter

CAROL, DAVE = "carol@customer.example", "dave@customer.example"


@pytest.fixture
def mail(run: Run, config: Path, tmp_path: Path) -> Path:
    """A record with one logged message of Carol."""
    run("user", "add", "anna@corp.example")
    run("mailbox", "add", "anna@corp.example", "--user", "anna@corp.example")
    run("contact", "add", CAROL, "--name", "Carol")
    box = tmp_path / "Sent"
    box.mkdir()
    (box / "one.eml").write_bytes(letter(author="anna@corp.example", to=CAROL))
    run("import", str(box), "--folder", "Sent", "--as-logged")
    return box


def listed(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("decisions", "--json").output.splitlines()]


def test_erasing_leaves_a_tombstone(run: Run, mail: Path) -> None:
    said = json.loads(run("erase", CAROL, "--yes", "--json").output)
    assert (said["messages"], said["contacts"], said["left"]) == (1, 1, [])
    assert [row["reason"] for row in listed(run)] == ["erased"]


def test_erasing_names_backups_as_what_they_are(run: Run, mail: Path) -> None:
    assert "Backups made before" in run("erase", CAROL, "--yes").output


def test_erasing_asks_first(run: Run, mail: Path) -> None:
    run("erase", CAROL, given="n\n", fails=1)
    assert [row["author"] for row in listed(run)] == ["anna@corp.example"]


def test_an_export_tells_the_person_and_each_message(run: Run, mail: Path, tmp_path: Path) -> None:
    lines = run("export", CAROL, "--to", str(tmp_path / "out")).output.splitlines()
    person, message = (json.loads(line) for line in lines)
    assert person["name"] == "Carol"
    (octets,) = (tmp_path / "out").iterdir()
    assert octets.name == f"{message['entry']}.eml"
    assert octets.read_bytes() == letter(author="anna@corp.example", to=CAROL)


def blindly(run: Run, tmp_path: Path, person: str) -> tuple[dict[str, Any], bytes]:
    """Return what an export tells of a message that went to Dave blindly, and its octets."""
    octets = letter(
        author="anna@corp.example", to=CAROL, message_id="blind@corp.example",
        Bcc=f"Dave <{DAVE}>", Cc="eve@customer.example",
    )  # fmt: skip
    (tmp_path / "Sent" / "two.eml").write_bytes(octets)
    run("import", str(tmp_path / "Sent"), "--folder", "Sent", "--as-logged")
    lines = run("export", person, "--to", str(tmp_path / "out")).output.splitlines()
    told = map(json.loads, lines[1:])
    message = next(one for one in told if one["message_id"] == "blind@corp.example")
    return message, (tmp_path / "out" / f"{message['entry']}.eml").read_bytes()


def test_an_export_tells_no_blind_recipients_of_others(
    run: Run, mail: Path, tmp_path: Path
) -> None:
    message, octets = blindly(run, tmp_path, CAROL)
    assert DAVE not in json.dumps(message)
    assert message["sightings"][0]["recipients"] == [CAROL, "eve@customer.example"]
    assert b"Dave" not in octets
    assert b"Cc: eve@customer.example\r\n" in octets
    assert octets.endswith(b"\r\n\r\nLooks good.\r\n")


def test_an_export_tells_a_blind_recipient_of_himself(run: Run, mail: Path, tmp_path: Path) -> None:
    message, octets = blindly(run, tmp_path, DAVE)
    assert DAVE in message["sightings"][0]["recipients"]
    assert b"Bcc: Dave" in octets


def test_an_export_tells_the_author_all(run: Run, mail: Path, tmp_path: Path) -> None:
    message, octets = blindly(run, tmp_path, "anna@corp.example")
    assert DAVE in message["sightings"][0]["recipients"]
    assert b"Bcc: Dave" in octets


def test_what_was_erased_is_back_after_a_restore(run: Run, mail: Path, tmp_path: Path) -> None:
    before = listed(run)
    run("backup", str(tmp_path / "copy"))
    run("erase", CAROL, "--yes")
    run("restore", str(tmp_path / "copy"), "--yes")
    assert listed(run) == before


def test_a_backup_is_never_written_over(run: Run, mail: Path, tmp_path: Path) -> None:
    run("backup", str(tmp_path / "copy"))
    assert "exists already" in run("backup", str(tmp_path / "copy"), fails=1).output


def test_a_backup_can_be_checked(run: Run, mail: Path, tmp_path: Path) -> None:
    run("backup", str(tmp_path / "copy"))
    said = json.loads(run("backup", str(tmp_path / "copy"), "--check", "--json").output)
    assert (said["entries"], said["contents"]) == (1, 1)


def test_what_is_no_backup_is_told(run: Run, mail: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    assert "no whole backup" in run("restore", str(tmp_path / "none"), "--yes", fails=1).output


def test_a_vacuum_says_what_it_gave_back(run: Run, mail: Path) -> None:
    assert "octets; it had" in run("vacuum").output
