"""Real messages: each folder of tests/cases holds one, the facts, and the decision.

A folder is `<reason>/<what>/` with `message.eml`, `facts.toml` and `decision.toml`. Facts that are
not told are those of `tests.rules.cases`: Carol and Dave are contacts; the thread is the one that
Anna began with Carol.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.mail.reading import read_message
from gateway.model.case import Proof
from gateway.model.decision import Decision
from gateway.model.directory import NeverLog
from gateway.model.envelope import Content, Direction, Envelope, Recipient
from gateway.model.facts import Facts
from gateway.rules.judge import judge, judge_gate
from gateway.rules.presets import preset
from gateway.understand import arrive, complete, unwrap
from tests.rules.cases import (
    ANNA,
    CONTACTS,
    DIRECTORY,
    LOG,
    NOW,
    OFFER,
    tracked,
    untracked,
)

CASES = Path(__file__).parents[1] / "cases"
FOLDERS = sorted(path.parent for path in CASES.glob("*/*/message.eml"))
TOLD = {
    "preset",
    "listener",
    "recipients",
    "mail_from",
    "folder",
    "proof",
    "thread",
    "starter",
    "reported",
    "never_log",
}


def envelope_of(octets: bytes, told: Mapping[str, Any]) -> Envelope:
    submitted = told.get("listener", "inbound") == "submission"
    return Envelope(
        route=told.get("listener", "inbound"),
        direction=Direction.OUTGOING if submitted else Direction.INCOMING,
        mail_from=told.get("mail_from", "somebody@elsewhere.example"),
        recipients=tuple(map(Recipient, told.get("recipients", [ANNA]))),
        content=Content(octets, len(octets), b"\1" * 32),
        received_at=NOW,
        folder=told.get("folder", ""),
    )


def facts_of(told: Mapping[str, Any]) -> Facts:
    starter = told.get("starter", ANNA)
    threads = {
        "tracked": (tracked(starter=starter, began_in=starter),),
        "untracked": (untracked(),),
        "": (),
    }
    reported = (OFFER,) if told.get("reported") else ()
    return Facts(threads=threads[told.get("thread", "")], contacts=CONTACTS, reported=reported)


def decision_of(octets: bytes, told: Mapping[str, Any]) -> Decision:
    """Walk the message through gate, reading and judgement, as the pipeline does."""
    policy = replace(preset(told.get("preset", "hubspot-2020")), logging_address=LOG)
    listed = tuple(map(NeverLog, told.get("never_log", [])))
    directory = replace(DIRECTORY, never_log=listed)
    arrival = arrive(envelope_of(octets, told), directory, policy, NOW)
    if (stopped := judge_gate(arrival)) is not None:
        return stopped
    message = read_message(octets, arrival.heading)
    inside = next(unwrap(arrival, message), (arrival, message))
    if inside[0].wrapping and (stopped := judge_gate(inside[0])) is not None:
        return stopped
    proof = Proof(told["proof"]) if "proof" in told else None
    return judge(complete(*inside, facts_of(told), proof))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_message_is_decided_as_its_folder_says(folder: Path) -> None:
    told = tomllib.loads((folder / "facts.toml").read_text("utf-8"))
    expected = tomllib.loads((folder / "decision.toml").read_text("utf-8"))
    decision = decision_of((folder / "message.eml").read_bytes(), told)
    got = {
        "outcome": decision.outcome.value,
        "reason": decision.reason.value,
        "remedy": decision.remedy,
        "contacts": list(decision.contacts),
        "user": decision.user,
        "notes": [note.reason.value for note in decision.notes],
    }
    assert {key: got[key] for key in expected} == expected


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_folder_is_named_by_its_reason_and_tells_only_known_facts(folder: Path) -> None:
    told = tomllib.loads((folder / "facts.toml").read_text("utf-8"))
    expected = tomllib.loads((folder / "decision.toml").read_text("utf-8"))
    assert told.keys() <= TOLD
    assert folder.parent.name in {expected["reason"], *expected.get("notes", [])}


def test_there_are_messages() -> None:
    assert len(FOLDERS) > 30
