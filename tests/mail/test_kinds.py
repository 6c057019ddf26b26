from __future__ import annotations

import pytest

from gateway.model.message import Kind
from tests.mail.build import letter, multipart, read


def kind(**fields: str) -> Kind:
    return read(letter("Hello.", **fields)).kind


def test_a_letter_is_personal() -> None:
    assert kind() is Kind.PERSONAL


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("List_Id", "<a.x>", Kind.MAILING_LIST),
        ("Precedence", "list", Kind.MAILING_LIST),
        ("X_BeenThere", "a@x", Kind.MAILING_LIST),
        ("Precedence", "bulk", Kind.BULK),
        ("List_Unsubscribe", "<https://x>", Kind.BULK),
        ("Feedback_ID", "1:x", Kind.BULK),
        ("Auto_Submitted", "auto-generated", Kind.AUTO_GENERATED),
        ("Auto_Submitted", "no", Kind.PERSONAL),
        ("From", "no-reply@x.example", Kind.AUTO_GENERATED),
        ("From", "notifications@x.example", Kind.AUTO_GENERATED),
        ("From", "norbert@x.example", Kind.PERSONAL),
        ("From", "", Kind.PERSONAL),
        ("Precedence", "first-class", Kind.PERSONAL),
    ],
)
def test_lists_bulk_and_robots_are_told_by_their_fields(
    field: str, value: str, expected: Kind
) -> None:
    assert kind(**{field: value}) is expected


def test_a_list_is_a_list_even_when_it_is_bulk() -> None:
    assert kind(Precedence="bulk", List_Post="<mailto:a@x>") is Kind.MAILING_LIST


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("text/calendar; method=REQUEST", Kind.CALENDAR),
        ("text/calendar", Kind.PERSONAL),
        ("text/calendar; name=invite.ics", Kind.PERSONAL),
    ],
)
def test_meeting_mail_has_a_method(content_type: str, expected: Kind) -> None:
    part = f"Content-Type: {content_type}\n\nBEGIN:VCALENDAR"
    message = read(multipart("alternative", "\nCome.", part))
    assert message.kind is expected
    assert message.calendar_method == ("request" if expected is Kind.CALENDAR else "")


RECEIPT = (
    "Content-Type: message/disposition-notification\n\nReporting-UA: x\n"
    "Final-Recipient: rfc822;bob@x.example\nOriginal-Message-ID: <o@x>\n"
    "Disposition: manual-action/MDN-sent-manually; displayed\n"
)


def test_a_disposition_notice_is_a_receipt() -> None:
    message = read(multipart("report", "\nRead.", RECEIPT))
    assert message.kind is Kind.RECEIPT
    assert message.report is not None
    assert message.report.original_ids == ("o@x",)
    (result,) = message.report.results
    assert (result.recipient, result.action, result.hard) == ("bob@x.example", "displayed", False)
    assert message.cited == ("o@x",)


def test_a_receipt_that_says_nothing_has_no_results() -> None:
    message = read(multipart("report", "Content-Type: message/disposition-notification\n\nA: b\n"))
    assert message.report is not None
    assert message.report.results == ()


FEEDBACK = (
    "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x\nVersion: 1\n"
    "Original-Rcpt-To: <bob@x.example>\n"
)
ORIGINAL = "Content-Type: message/rfc822\n\nMessage-ID: <o@x>\nSubject: s\n\nbody"


def test_a_feedback_report_is_an_abuse_report() -> None:
    message = read(multipart("report", "\nSpam.", FEEDBACK, ORIGINAL))
    assert message.kind is Kind.ABUSE_REPORT
    assert message.report is not None
    assert message.report.original_ids == ("o@x",)
    assert [(r.recipient, r.action) for r in message.report.results] == [("bob@x.example", "abuse")]


def test_a_feedback_report_without_recipient_has_no_results() -> None:
    part = "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\n"
    message = read(multipart("report", "Content-Type: message/partial\n\nx", part))
    assert message.report is not None
    assert message.report.results == ()


def test_the_original_that_a_report_returns_is_no_forward() -> None:
    assert read(multipart("report", "\nSpam.", FEEDBACK, ORIGINAL)).forwards == ()
