"""Stage G: what of the content is left out, or odd."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.model.decision import Outcome, Reason
from gateway.model.message import Attachment, ScannerTrace
from gateway.model.policy import Policy
from gateway.rules.file_types import contradicted
from gateway.rules.judge import judge
from gateway.rules.presets import HUBSPOT_2026
from gateway.rules.wording import size
from tests.rules.cases import (
    ANNA,
    BOB,
    CAROL,
    GATE,
    IVY,
    NOW,
    OURS,
    case,
    marked,
    reply,
    seen,
)

LIMIT = 50_000_000


def file(octets: int = 10, name: str = "a.bin", **facts: Any) -> Attachment:
    plain: dict[str, Any] = {"part": "2", "media_type": "application/octet-stream"}
    given = {**plain, **facts}
    return Attachment(name=name, size=octets, sha256=b"\5" * 32, **given)


def has(*files: Attachment, **facts: Any) -> Mapping[str, Any]:
    return {"attachments": files, **facts}


def traces(*found: ScannerTrace) -> Mapping[str, Any]:
    return {"scanner": found}


OVER, FITS = has(file(LIMIT + 1)), has(file(LIMIT))
BY_USER = replace(OURS, attachment_limit_by_user=((ANNA, 5),))
BY_BOB = replace(OURS, attachment_limit_by_user=((BOB, 5),))
BY_TYPE = replace(OURS, attachment_limit_by_type=(("video/*", 5), ("audio/ogg", 5)))
PENDING = has(file(state="pending"))
STRIPPED = has(file(state="stripped"))
BOTH_PARTS = (file(12_000_000), file(8_000_001, part="3"))

HITS_AND_MISSES = [
    (Reason.ATTACHMENT_TOO_LARGE, {"message": OVER}, {"message": FITS}),
    (
        Reason.ATTACHMENT_TOO_LARGE,
        {"message": OVER},
        {"policy": replace(OURS, attachment_limit_in=LIMIT + 1)},
    ),
    (Reason.ATTACHMENT_TOO_LARGE, {"message": has(file()), "policy": BY_USER}, {"policy": BY_BOB}),
    (
        Reason.ATTACHMENT_TOO_LARGE,
        {"message": has(file(media_type="video/mp4")), "policy": BY_TYPE},
        {"message": has(file(media_type="audio/mp4"))},
    ),
    (
        Reason.ATTACHMENT_TOO_LARGE,
        {"message": has(file(media_type="audio/ogg")), "policy": BY_TYPE},
        {"policy": replace(BY_TYPE, attachment_limit_by_user=((BOB, 5), (ANNA, 10)))},
    ),
    (Reason.ATTACHMENT_PENDING, {"message": PENDING, "policy": GATE}, {"policy": OURS}),
    (
        Reason.ATTACHMENT_PENDING,
        {"message": PENDING, "policy": GATE},
        {"envelope": {"received_at": NOW - timedelta(minutes=60)}},
    ),
    (Reason.ATTACHMENT_STRIPPED, {"message": PENDING, "policy": OURS}, {"policy": GATE}),
    (Reason.ATTACHMENT_STRIPPED, {"message": STRIPPED}, {"message": has(file())}),
    (
        Reason.ATTACHMENT_STRIPPED,
        {"message": traces(ScannerTrace("Filter", "stripped", "gone.exe"))},
        {"message": traces(ScannerTrace("Filter", "scanned", "gone.exe"))},
    ),
    (
        Reason.ATTACHMENT_STRIPPED,
        {"message": traces(ScannerTrace("Filter", "stripped", "gone.exe"))},
        {"message": traces(ScannerTrace("Filter", "tagged", "gone.exe"))},
    ),
    (
        Reason.ATTACHMENT_STRIPPED,
        {"message": traces(ScannerTrace("Filter", "stripped"))},
        {"message": traces(ScannerTrace("Filter", "blocked"))},
    ),
    (
        Reason.ATTACHMENT_TYPE_MISMATCH,
        {"message": has(file(name="a.pdf", detected_type="application/x-dosexec"))},
        {"message": has(file(name="a.exe", detected_type="application/x-dosexec"))},
    ),
    (
        Reason.ATTACHMENTS_OFF,
        {"message": has(file()), "policy": replace(OURS, attachments=False)},
        {"policy": OURS},
    ),
    (
        Reason.ATTACHMENTS_OFF,
        {"message": has(file()), "policy": replace(OURS, attachments=False)},
        {"message": has()},
    ),
    (
        Reason.ATTACHMENT_ENCODING,
        {"message": has(file(state="damaged"))},
        {"message": has(file())},
    ),
    (
        Reason.BODY_TOO_LARGE,
        {"message": {"text_size": 2_000_001}},
        {"message": {"text_size": 2_000_000}},
    ),
    (Reason.ENCRYPTED, {"message": {"encrypted": "smime"}}, {"message": {}}),
]


def notes(**facts: Any) -> set[Reason]:
    return {note.reason for note in judge(reply(**facts)).notes}


@pytest.mark.parametrize(("reason", "given", "but"), HITS_AND_MISSES)
def test_a_single_fact_decides(
    reason: Reason, given: Mapping[str, Any], but: Mapping[str, Any]
) -> None:
    assert len(but) == 1
    assert reason in notes(**given)
    assert reason not in notes(**{**given, **but})


@pytest.mark.parametrize(("reason", "given", "but"), HITS_AND_MISSES)
def test_what_is_left_out_makes_a_logged_message_partial(
    reason: Reason, given: Mapping[str, Any], but: Mapping[str, Any]
) -> None:
    whole = reason is Reason.ATTACHMENT_TYPE_MISMATCH
    assert judge(reply(**given)).outcome is (Outcome.LOGGED if whole else Outcome.PARTIAL)


def test_what_is_not_logged_does_not_become_partial() -> None:
    decision = judge(case(author=IVY, message=OVER))
    assert decision.outcome is Outcome.NOT_LOGGED


def test_outgoing_limit_holds_for_outgoing_mail() -> None:
    small = replace(OURS, attachment_limit_out=5)
    assert judge(marked(message=has(file()), policy=small)).outcome is Outcome.PARTIAL
    assert judge(reply(message=has(file()), policy=small)).outcome is Outcome.LOGGED


def test_total_leaves_out_what_does_not_fit_beside_the_others() -> None:
    decision = judge(marked(message=has(*BOTH_PARTS), policy=HUBSPOT_2026))
    assert [(note.subject, note.evidence["limit"]) for note in decision.notes] == [("3", "20 MB")]


def test_total_is_no_limit_for_incoming_mail() -> None:
    asked = reply(message=has(*BOTH_PARTS), policy=HUBSPOT_2026)
    assert judge(asked).outcome is Outcome.LOGGED


def test_exactly_the_total_is_within_it() -> None:
    parts = (file(12_000_000), file(8_000_000, part="3"))
    assert judge(marked(message=has(*parts), policy=HUBSPOT_2026)).notes == ()


def test_each_file_has_a_note_of_its_own() -> None:
    parts = (file(LIMIT + 1), file(LIMIT + 2, part="3"))
    assert [note.subject for note in judge(reply(message=has(*parts))).notes] == ["2", "3"]


def test_note_tells_size_and_digest_of_what_is_left_out() -> None:
    (note,) = judge(reply(message=OVER)).notes
    assert note.remedy == "a.bin (50 000 001 octets) is over 50 MB and was not stored."
    assert note.evidence["sha256"] == "05" * 32


def test_file_without_a_name_is_told_by_its_part() -> None:
    (note,) = judge(reply(message=has(file(LIMIT + 1, name="")))).notes
    assert note.remedy.startswith("part 2 (")


def test_scanner_is_named_by_its_trace() -> None:
    named = has(
        file(state="stripped"),
        scanner=(
            ScannerTrace("One", "replaced", "b.bin"),
            ScannerTrace("Two", "replaced", "a.bin"),
        ),
    )
    found = [(note.subject, note.evidence["product"]) for note in judge(reply(message=named)).notes]
    assert found == [("2", "Two"), ("", "One")]


def test_scanner_that_names_no_file_is_taken_at_its_word() -> None:
    told = has(file(state="stripped"), scanner=(ScannerTrace("One", "replaced"),))
    assert judge(reply(message=told)).notes[0].evidence["product"] == "One"


def test_scanner_without_a_trace_is_told_of_in_general() -> None:
    (note,) = judge(reply(message=STRIPPED)).notes
    assert note.remedy.startswith("A security scanner removed a.bin before we saw it.")


def test_held_file_that_only_a_trace_tells_of_is_pending() -> None:
    held = traces(ScannerTrace("One", "held", "late.pdf"))
    assert notes(message=held, policy=GATE) == {Reason.ATTACHMENT_PENDING}


def test_note_is_kept_for_what_is_held() -> None:
    decision = judge(reply(author=IVY, policy=GATE, message=OVER))
    assert (decision.outcome, len(decision.notes)) == (Outcome.HELD, 1)


def test_duplicate_says_nothing_of_its_files() -> None:
    assert judge(reply(message=OVER, facts={"seen": (seen(),)})).notes == ()


def test_content_of_marked_mail_is_judged_too() -> None:
    assert judge(marked(to=(CAROL,), message=OVER)).outcome is Outcome.PARTIAL


@pytest.mark.parametrize(
    ("name", "media_type", "detected"),
    [
        ("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
         "application/zip"),
        ("a.doc", "application/msword", "application/CDFV2"),
        ("a.csv", "application/octet-stream", "text/plain"),
        ("a.txt", "text/plain", "application/json"),
        ("a.pdf", "application/pdf", "application/pdf"),
        ("a.unknown", "application/x-unknown", "application/x-dosexec"),
        ("a", "application/octet-stream", "application/zip"),
        ("a.pdf", "application/pdf", ""),
        ("a.pdf", "application/pdf", "application/octet-stream"),
        ("a.ogg", "audio/ogg", "video/ogg"),
        ("a.zip", "application/zip", "application/epub+zip"),
    ],
)  # fmt: skip
def test_kindred_types_agree(name: str, media_type: str, detected: str) -> None:
    assert contradicted(name, media_type, detected) == ""


@pytest.mark.parametrize(
    ("name", "media_type", "detected", "said"),
    [
        ("a.pdf", "application/octet-stream", "application/x-dosexec", ".pdf"),
        ("a", "image/png", "text/html", "image/png"),
        ("a.PDF", "application/pdf", "application/zip", ".pdf"),
        ("a.exe", "text/plain", "application/x-dosexec", "text/plain"),
    ],
)
def test_strange_types_do_not(name: str, media_type: str, detected: str, said: str) -> None:
    assert contradicted(name, media_type, detected) == said


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (50_000_000, "50 MB"),
        (1_500_000, "1.5 MB"),
        (50_000_001, "50 000 001 octets"),
        (2_300, "2.3 kB"),
        (2_345, "2 345 octets"),
        (10, "10 octets"),
    ],
)
def test_size_never_reads_like_the_limit_that_it_is_over(octets: int, words: str) -> None:
    assert size(octets) == words


def test_a_file_that_nobody_waits_for_any_more_counts_as_taken_away() -> None:
    over = replace(reply(message=PENDING, policy=GATE).facts, patience_over=True)
    found = judge(replace(reply(message=PENDING, policy=GATE), facts=over))
    assert [note.reason for note in found.notes] == [Reason.ATTACHMENT_STRIPPED]


def test_a_scanner_that_names_no_file_is_told_once() -> None:
    unnamed = traces(ScannerTrace("Filter", "stripped"), ScannerTrace("Other", "replaced"))
    (note,) = judge(reply(message=unnamed)).notes
    assert note.remedy.startswith("Filter removed a file before we saw it.")


def test_an_unnamed_trace_adds_nothing_to_a_file_that_is_named() -> None:
    both = {**has(file(state="stripped")), **traces(ScannerTrace("Filter", "stripped"))}
    assert len(judge(reply(message=both)).notes) == 1


@pytest.mark.parametrize(
    ("policy", "then"),
    [
        (OURS, "A complete copy would add it with complete_attachments."),
        (replace(GATE, pending_minutes=0), "It is added when a complete copy arrives."),
    ],
)
def test_remedy_promises_only_what_the_switch_does(policy: Policy, then: str) -> None:
    (note,) = judge(reply(message=STRIPPED, policy=policy)).notes
    assert note.remedy.endswith(then)
