"""Stage C: a later version brings the file that was missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.model.decision import Outcome, Reason
from gateway.model.message import Attachment
from gateway.rules.judge import judge
from tests.rules.cases import GATE, IVY, OURS, Pair, again, holds, seen

REPORT = Attachment("2", "report.pdf", "application/pdf", 10, b"\3" * 32)
LACKING = seen(outcome=Outcome.PARTIAL, incomplete=frozenset({"report.pdf"}))
COMPLETING = replace(GATE, complete_attachments=True)
PLACEHOLDER = seen(outcome=Outcome.PARTIAL, incomplete=frozenset({"Scan In Progress.eml"}))
VERSION = {"attachments": (REPORT,), "digest": b"\7" * 32}

PAIRS = [
    Pair(
        Reason.COMPLETED,
        "logged",
        again,
        {"entry": LACKING, "message": {"attachments": (REPORT,)}, "policy": COMPLETING},
        {"policy": OURS},
        "duplicate redelivered",
    ),
    Pair(
        Reason.COMPLETED,
        "logged",
        again,
        {"entry": LACKING, "message": {"attachments": (REPORT,)}, "policy": COMPLETING},
        {"message": {"attachments": (replace(REPORT, state="pending"),)}},
        "duplicate redelivered",
        "by the file itself",
    ),
    Pair(
        Reason.COMPLETED,
        "logged",
        again,
        {"entry": LACKING, "message": {"attachments": (REPORT,)}, "policy": COMPLETING},
        {"entry": seen()},
        "duplicate redelivered",
        "where one is missing",
    ),
]


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_single_fact_decides(pair: Pair) -> None:
    holds(pair)


def test_completed_version_is_partial_while_another_file_is_missing() -> None:
    other = Attachment("3", "b.pdf", "application/pdf", 10, b"\4" * 32, state="stripped")
    decision = judge(again(LACKING, message={"attachments": (REPORT, other)}, policy=COMPLETING))
    assert (decision.outcome, decision.reason) == (Outcome.PARTIAL, Reason.COMPLETED)


def test_completing_version_of_what_is_no_longer_logged_changes_nothing_to_completed() -> None:
    decision = judge(
        again(
            LACKING, message={"attachments": (REPORT,)}, policy=COMPLETING, contacts={}, author=IVY
        )
    )
    assert decision.reason is not Reason.COMPLETED


def test_a_version_without_the_placeholder_completes_its_entry() -> None:
    found = judge(again(PLACEHOLDER, message=VERSION, policy=COMPLETING))
    assert (found.reason, found.outcome) == (Reason.COMPLETED, Outcome.LOGGED)
    assert found.evidence["added"] == "report.pdf"
    assert found.version


def test_a_version_that_still_holds_the_placeholder_completes_nothing() -> None:
    held = Attachment("3", "Scan In Progress.eml", "message/rfc822", 1, b"", state="pending")
    files = {**VERSION, "attachments": (REPORT, held)}
    found = judge(again(PLACEHOLDER, message=files, policy=COMPLETING))
    assert found.reason is Reason.REDELIVERED


def test_the_same_octets_again_complete_nothing() -> None:
    found = judge(again(PLACEHOLDER, message={"attachments": (REPORT,)}, policy=COMPLETING))
    assert found.reason is Reason.REDELIVERED


def test_a_file_that_is_still_too_large_completes_nothing() -> None:
    large = replace(REPORT, size=COMPLETING.attachment_limit_in + 1)
    found = judge(again(LACKING, message={"attachments": (large,)}, policy=COMPLETING))
    assert found.reason is Reason.REDELIVERED


def test_a_logo_completes_nothing() -> None:
    logo = replace(REPORT, inline=True)
    files = {**VERSION, "attachments": (logo,)}
    found = judge(again(PLACEHOLDER, message=files, policy=COMPLETING))
    assert found.reason is Reason.REDELIVERED
