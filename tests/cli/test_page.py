"""The page of explain, from one entry: each part is there when there is something to say."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.cli.page import explain_page
from gateway.cli.rows import entry_row
from gateway.model.decision import Answer, Note, Outcome, Reason, Stage
from gateway.model.entry import AttachmentNote, Entry, PastDecision
from gateway.model.envelope import Direction, Relayed, RelayState, Reply
from gateway.model.facts import Sighting
from gateway.model.message import Attachment
from gateway.rules.telling import OUTCOMES, STAGES

AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
SHA, OTHER = b"\x01" * 32, b"\x02" * 32
REPLY = Reply(250, ("2.0.0 Ok: queued as 4Xy",))
FILE = Attachment("1.2", "offer.pdf", "application/pdf", 60_000_000, SHA)

ENTRY = Entry(
    entry_id="1a208cb9f6465cba",
    message_id="b@customer.example",
    received_at=AT,
    direction=Direction.INCOMING,
    route="inbound",
    author="carol@customer.example",
    author_name="Carol",
    subject="Offer",
    outcome=Outcome.PARTIAL,
    reason=Reason.TRACKED_REPLY,
    remedy="",
    relayed=Relayed(RelayState.RELAYED, REPLY, SHA),
    sha256_in=SHA,
    thread_id=7,
    tracked=True,
    contacts=("carol@customer.example",),
    mailboxes=("anna@corp.example",),
    user="anna@corp.example",
    attachments=(AttachmentNote(FILE, Reason.ATTACHMENT_TOO_LARGE),),
    notes=(
        Note(Reason.ATTACHMENT_TOO_LARGE, "1.2", "offer.pdf was not stored.", {}, partial=True),
        Note(Reason.NEVER_LOG_PARTICIPANT, "eve@legal.example", "", {"entry": "legal.example"}),
    ),
    trace=(
        Answer(Stage.POLICY, "tracked-reply", True, {"thread": 7}),
        Answer(Stage.POLICY, "received", True, {"address": "carol@customer.example"}),
        Answer(Stage.GATE, "erased", False, {}),
    ),
    sightings=(
        Sighting(
            "inbound",
            Direction.INCOMING,
            frozenset({"anna@corp.example"}),
            SHA,
            AT,
            RelayState.RELAYED,
            marked=True,
            proof="login",
        ),
    ),
    decisions=(
        PastDecision(AT, Outcome.HELD, Reason.MAILBOX_DISCONNECTED, "", "gateway"),
        PastDecision(AT, Outcome.PARTIAL, Reason.TRACKED_REPLY, "", "gateway", "replay"),
    ),
    kept=True,
)


def page(capsys: pytest.CaptureFixture[str], entry: Entry = ENTRY) -> str:
    explain_page(entry)
    return capsys.readouterr().out


def test_every_outcome_has_words() -> None:
    assert OUTCOMES.keys() == set(Outcome)


def test_every_stage_has_a_title() -> None:
    assert STAGES.keys() == set(Stage)


@pytest.mark.parametrize(
    "words",
    [
        "Logged in part · tracked-reply",
        "Carol <carol@customer.example>",
        "2026-11-23 14:00:00 UTC, incoming",
        "7, tracked",
        "came by inbound for anna@corp.example, marked for the log, proved by login; passed on",
        "The next hop said: 250 2.0.0 Ok: queued as 4Xy",
        f"Passed on octet for octet, SHA-256\n  {SHA.hex()}",
        "offer.pdf · application/pdf · 60 MB · attachment-too-large",
        "attachment-too-large  offer.pdf was not stored.",
        "never-log-participant eve@legal.example  entry=legal.example",
        "held mailbox-disconnected  by gateway, preset gateway",
        "partial tracked-reply  by replay, preset gateway",
        "▶ tracked-reply  thread=7  ← decides",
        "• received  address=carol@customer.example",
        "no: erased",
    ],
)
def test_the_page_tells(capsys: pytest.CaptureFixture[str], words: str) -> None:
    assert " ".join(words.split()) in " ".join(page(capsys).split())


def test_one_rule_decides(capsys: pytest.CaptureFixture[str]) -> None:
    assert page(capsys).count("← decides") == 1


def test_octets_that_changed_stand_out(capsys: pytest.CaptureFixture[str]) -> None:
    said = page(capsys, replace(ENTRY, relayed=Relayed(RelayState.RELAYED, REPLY, OTHER)))
    assert re.search(rf"SHA-256 out {OTHER.hex()}: it\s+differs", said)


def test_what_did_not_leave_has_no_digest_of_leaving(capsys: pytest.CaptureFixture[str]) -> None:
    said = page(capsys, replace(ENTRY, relayed=Relayed(RelayState.CONSUMED)))
    assert "octet for octet" not in said


def test_what_is_not_kept_cannot_be_replayed(capsys: pytest.CaptureFixture[str]) -> None:
    entry = replace(ENTRY, kept=False, subject="", sha256_in=b"", attachments=(), notes=())
    said = page(capsys, entry)
    assert "it cannot be replayed" in said
    assert "(not kept)" in said
    assert "Attachments" not in said


def test_a_single_decision_has_no_history(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Decisions, oldest first" not in page(capsys, replace(ENTRY, decisions=()))


def test_a_stop_without_a_remedy_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    entry = replace(ENTRY, outcome=Outcome.NOT_LOGGED, reason=Reason.ABUSE_REPORT)
    assert "Nothing can be done about it." in page(capsys, entry)


def test_a_subject_cannot_steer_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\x1b" not in page(capsys, replace(ENTRY, subject="\x1b[2Jgone"))


def test_programs_are_told_notes_and_files() -> None:
    row = entry_row(ENTRY)
    assert row["attachments"][0]["reason"] == "attachment-too-large"
    assert [note["subject"] for note in row["notes"]] == ["1.2", "eve@legal.example"]
    assert (row["relayed"]["code"], row["relayed"]["enhanced"]) == (250, "2.0.0")
