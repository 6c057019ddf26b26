from __future__ import annotations

import pytest

from gateway.model.message import Kind, Message, RecipientStatus
from tests.mail.build import letter, multipart, read

DAEMON = "Mail Delivery System <MAILER-DAEMON@mx.example>"


def report(*groups: str, text: str = "Sorry.", original: str = "", **fields: str) -> Message:
    status = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n" + "\n".join(
        groups
    )
    parts = [f"\n{text}", status, *([original] if original else [])]
    fields.setdefault("From", DAEMON)
    return read(multipart("report", *parts, subject="Undelivered Mail", **fields))


def results(message: Message) -> tuple[RecipientStatus, ...]:
    assert message.kind is Kind.BOUNCE
    assert message.report is not None
    return message.report.results


def group(status: str = "5.1.1", diagnostic: str = "", action: str = "failed") -> str:
    said = f"Diagnostic-Code: smtp; {diagnostic}\n" if diagnostic else ""
    return f"Final-Recipient: rfc822; bob@x.example\nAction: {action}\nStatus: {status}\n{said}"


def test_a_delivery_report_names_recipient_status_and_original() -> None:
    original = "Content-Type: message/rfc822\n\nMessage-ID: <o@x>\n\nx"
    message = report(group(diagnostic="550 5.1.1 User unknown"), original=original)
    (result,) = results(message)
    assert (result.recipient, result.status, result.hard) == ("bob@x.example", "5.1.1", True)
    assert result.diagnostic == "550 5.1.1 User unknown"
    assert message.cited == ("o@x",)


def test_the_original_may_be_its_header_section_only() -> None:
    original = "Content-Type: text/rfc822-headers\n\nSubject: s\nMessage-ID: <o@x>\n"
    message = report(group(), original=original)
    assert message.report is not None
    assert message.report.original_ids == ("o@x",)


def test_an_original_without_id_gives_none() -> None:
    message = report(group(), original="Content-Type: text/rfc822-headers\n\nSubject: s\n")
    assert message.report is not None
    assert message.report.original_ids == ()


def test_each_recipient_has_a_result() -> None:
    other = group("4.2.2", "Mailbox full").replace("bob@", "eve@")
    found = results(report(group(diagnostic="User unknown"), other))
    assert [(r.recipient, r.hard) for r in found] == [
        ("bob@x.example", True),
        ("eve@x.example", False),
    ]


@pytest.mark.parametrize(
    ("action", "expected"),
    [("failed", "failed"), ("Delayed", "delayed"), ("delivered", "delivered"),
     ("relayed (to non-DSN)", "relayed"), ("strange", "failed")],
)  # fmt: skip
def test_actions_are_those_of_the_standard(action: str, expected: str) -> None:
    assert results(report(group(action=action)))[0].action == expected


def test_the_original_recipient_stands_in_for_a_missing_final_one() -> None:
    message = report("Original-Recipient: rfc822;bob@x.example\nAction: failed\nStatus: 5.0.0\n")
    assert results(message)[0].recipient == "bob@x.example"


def test_a_status_is_taken_from_the_diagnostic_when_there_is_none() -> None:
    assert (
        results(report("Final-Recipient: rfc822;b@x\nDiagnostic-Code: 550 5.2.2 full\n"))[0].status
        == "5.2.2"
    )


def test_a_group_without_recipient_still_fails() -> None:
    assert results(report("Action: failed\nStatus: 5.0.0\n", text=""))[0].recipient == ""


def test_what_the_machine_leaves_out_the_text_says() -> None:
    text = "<bob@x.example>:\n550 5.1.1 User unknown\n"
    (result,) = results(report(group("5.0.0"), text=text))
    assert (result.status, result.hard) == ("5.1.1", True)


def test_the_text_of_a_delay_makes_no_failure() -> None:
    (result,) = results(report(group("4.0.0", action="delayed"), text="<bob@x.example>: hm"))
    assert (result.action, result.hard) == ("delayed", False)


def test_a_report_without_groups_is_read_from_its_text() -> None:
    (result,) = results(report(text="<bob@x.example>: 550 5.1.1 unknown user\n"))
    assert (result.recipient, result.hard) == ("bob@x.example", True)


OLD = {
    "qmail": "Hi. This is the qmail-send program at x.\nI'm afraid I wasn't able to deliver your "
    "message to the following addresses.\n\n<bob@x.example>:\nSorry, no mailbox here by that name. "
    "(#5.1.1)\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <ann@out.example>\n",
    "exim": "A message that you sent could not be delivered to one or more of its recipients.\n\n"
    "  bob@x.example\n    host mx [192.0.2.1]: 550 5.1.1 unknown user\n\n"
    "------ This is a copy of the message ------\n\nTo: bob@x.example\n",
    "exchange": "Your message did not reach the following recipient(s):\n"
    "\nbob@x.example on Mon, 9 Nov\n"
    "    The recipient name is not recognized\n",
    "domino": "Your message was not delivered to:\n\n  bob@x.example\n\nbecause:\n\n"
    "  User bob.b (bob@x.example) not listed in Domino Directory\n",
    "gmail": "Delivery to the following recipient failed permanently:\n\n     bob@x.example\n\n"
    "550 5.1.1 User unknown\n\n----- Original message -----\n\nTo: x\n",
    "sendmail": "   ----- Transcript of session follows -----\n"
    "554 <bob@x.example>... 550 User unknown\n"
    "   ----- Unsent message follows -----\n",
    "in a sentence": "Could not be delivered to: <bob@x.example>\nUser unknown\n",
    "anywhere": "We were not able to deliver it: bob@x.example; no such user, 550 .\n",
    "smtp": "Sent <<< RCPT TO:<bob@x.example>\n"
    "Received >>> 550 5.1.1 user unknown\nnot delivered\n",
}


@pytest.mark.parametrize("text", OLD.values(), ids=OLD.keys())
def test_the_words_of_mtas_without_a_report_part_are_read(text: str) -> None:
    message = read(letter(text, subject="Delivery failure", From=DAEMON))
    (result,) = results(message)
    assert (result.recipient, result.hard) == ("bob@x.example", True)


TRANSLATED = {
    "de exchange": (
        "Unzustellbar: Angebot",
        (
            "Folgende Empfänger wurden nicht erreicht:\n\n      bob@x.example am 05.03.2024 10:13\n"
            "            Das E-Mail-Konto ist nicht vorhanden. <mx #5.1.1>\n"
        ),
    ),
    "es exchange": (
        "No se puede entregar: Oferta",
        (
            "No se puede contactar con:\n\n      bob@x.example el 05/03/2024\n"
            "            La cuenta no existe. <mx #5.1.1>\n"
        ),
    ),
    "fr exchange": (
        "Non remis : Devis",
        (
            "Votre message n'a pas été remis.\n\n      bob@x.example le 05/03/2024\n"
            "            <mx #5.1.1>\n"
        ),
    ),
    "en groupwise": (
        "Message status - undeliverable",
        (
            "The message was undeliverable to:\n\tbob@x.example (user not found)\n\n"
            "Possibly truncated original message follows:\n\nMessage-ID: <1@out.example>\n"
        ),
    ),
}


@pytest.mark.parametrize(("subject", "text"), TRANSLATED.values(), ids=TRANSLATED.keys())
def test_reports_in_other_languages_are_read(subject: str, text: str) -> None:
    (result,) = results(read(letter(text, subject=subject, From=DAEMON)))
    assert (result.recipient, result.hard) == ("bob@x.example", True)


@pytest.mark.parametrize(
    ("subject", "text", "action"),
    [
        ("Undeliverable Mail", "User mailbox exceeds allowed size: bob@x.example\n", "failed"),
        ("Returned Mail", "The account is over quota.\n\n<bob@x.example>\n", "failed"),
        (
            "Delivery status notification: warning",
            "A message is delayed for more than 4h for:\n\nbob@x.example: Connection timeout\n",
            "delayed",
        ),
    ],
)
def test_what_may_pass_is_reported_as_soft(subject: str, text: str, action: str) -> None:
    (result,) = results(read(letter(text, subject=subject, From=DAEMON)))
    assert (result.recipient, result.action, result.hard) == ("bob@x.example", action, False)


@pytest.mark.parametrize(
    ("fields", "text", "is_report"),
    [
        ({"Return_Path": "<shop@x.example>"}, "550 5.1.1 could not be delivered", False),
        ({}, "The order could not be delivered yet.", False),
        ({}, "Could not be delivered to: <bob@x.example>\n As: 550 User unknown", True),
        ({"Return_Path": "<>"}, "Could not be delivered to <bob@x.example>", True),
    ],
)
def test_a_robot_that_tells_of_an_order_is_no_mail_system(
    fields: dict[str, str], text: str, is_report: bool
) -> None:
    octets = letter(text, subject="Delivery status", From="no-reply@shop.example", **fields)
    assert (read(octets).kind is Kind.BOUNCE) is is_report


def test_a_null_return_path_and_a_subject_make_a_bounce_without_a_daemon() -> None:
    message = read(letter(OLD["exim"], subject="Returned mail", Return_Path="<>"))
    assert message.kind is Kind.BOUNCE


def test_the_failed_recipients_field_is_enough() -> None:
    message = read(letter("Group not found.", X_Failed_Recipients="bob@x.example, eve@x.example"))
    assert [r.recipient for r in results(message)] == ["bob@x.example", "eve@x.example"]


def test_a_bounce_that_names_nobody_has_one_result() -> None:
    text = "Message could not be delivered to mobile.\nError: No valid recipients\n"
    message = read(letter(text, subject="Undeliverable Message", From=DAEMON))
    assert [r.recipient for r in results(message)] == [""]


def test_a_declared_report_without_its_part_is_a_bounce() -> None:
    declared = "multipart/report; report-type=delivery-status; boundary=b"
    octets = letter("--b\n\nnothing said\n--b--\n", Content_Type=declared)
    assert read(octets).kind is Kind.BOUNCE


def test_a_notice_of_delay_is_no_failure() -> None:
    text = "has not yet been delivered:\n  bob@x.example\n    550 User unknown\n"
    (result,) = results(read(letter(text, subject="Warning: message delayed", From=DAEMON)))
    assert (result.action, result.hard) == ("delayed", False)


def test_the_id_of_a_quoted_original_is_found() -> None:
    text = f"{OLD['exim']}Message-ID: <o@x>\n"
    message = read(letter(text, subject="Returned mail", From=DAEMON))
    assert message.report is not None
    assert message.report.original_ids == ("o@x",)


def test_a_text_that_is_all_original_is_searched_whole() -> None:
    text = "Received: by x\nerror: bob@x.example user unknown, 550 not delivered\n"
    assert results(read(letter(text, subject="failure notice", From=DAEMON)))[0].recipient


@pytest.mark.parametrize(
    ("body", "action"),
    [
        ('{"notificationType":"Bounce","x":[{"emailAddress":"bob@x","status":"5.1.1"}]}', "failed"),
        ('{"notificationType":"Delivery","delivery":{"smtpResponse":"250 2.6.0 ok"}}', "delivered"),
    ],
)
def test_notifications_in_json_are_read(body: str, action: str) -> None:
    message = read(letter(body, From="no-reply@sns.example"))
    assert results(message)[0].action == action


@pytest.mark.parametrize(
    ("subject", "text", "author"),
    [
        ("Hello", "Nothing failed.", DAEMON),
        ("Undeliverable", "Nothing failed.", DAEMON),
        ("Undelivered Mail", OLD["exim"], "ann@x.example"),
        ("Re: user unknown", "What does 550 5.1.1 mean?", "ann@x.example"),
        ("Notification", '{"notificationType":"Complaint"}', "no-reply@sns.example"),
        ("Hello", "Nothing.", ""),
    ],
)
def test_what_only_speaks_of_failures_is_no_bounce(subject: str, text: str, author: str) -> None:
    assert read(letter(text, subject=subject, From=author)).kind is not Kind.BOUNCE


def test_a_daemon_that_gives_a_code_needs_no_subject() -> None:
    message = read(
        letter("could not deliver: 550 5.1.1 unknown user", From="daemon@x, mailer-daemon")
    )
    assert message.kind is not Kind.BOUNCE
    message = read(letter("It was not delivered.\n550 no such user\n", From=DAEMON))
    assert message.kind is Kind.BOUNCE


def test_a_daemon_without_an_address_is_one() -> None:
    message = read(letter(OLD["qmail"], subject="failure notice", From="MAILER-DAEMON <>"))
    assert message.kind is Kind.BOUNCE


def test_a_null_return_path_alone_makes_no_bounce() -> None:
    message = read(letter("could not be delivered", subject="Hello", Return_Path="<>"))
    assert message.kind is Kind.PERSONAL


def test_who_wrote_the_original_is_no_recipient() -> None:
    text = "Not delivered.\n<bob@corp.example>:\nMAIL FROM:<eve@x.example> 550 user unknown\n"
    (result,) = results(read(letter(text, subject="failure notice", From=DAEMON)))
    assert result.recipient == ""


def test_an_administrator_whose_words_bear_it_out_is_a_daemon() -> None:
    message = read(letter(OLD["exim"], subject="Undeliverable", From="admin@x.example"))
    assert message.kind is Kind.BOUNCE
    message = read(letter("See you.", subject="Undeliverable", From="admin@x.example"))
    assert message.kind is Kind.PERSONAL


@pytest.mark.parametrize(
    ("to", "recipient"), [("Bob <bob@x.example>", "bob@x.example"), ("a@x, b@x", ""), ("", "")]
)
def test_a_report_that_names_nobody_means_the_only_recipient_of_the_original(
    to: str, recipient: str
) -> None:
    original = f"Content-Type: message/rfc822\n\nTo: {to}\nMessage-ID: <o@x>\n\nx"
    message = report("Action: failed\nStatus: 5.0.0\n", text="", original=original)
    assert results(message)[0].recipient == recipient


def test_the_only_recipient_of_a_quoted_original_is_read() -> None:
    text = "Message could not be delivered to mobile.\n\nOriginal Message:\nTo: bob@x.example\n"
    message = read(letter(text, subject="Undeliverable Message", From=DAEMON))
    assert results(message)[0].recipient == "bob@x.example"
