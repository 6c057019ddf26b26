"""Octets to Case."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from gateway.mail.decode import cut
from gateway.mail.reading import read_message
from gateway.model.arrival import Arrival
from gateway.model.directory import Directory, LoggingAddress
from gateway.model.envelope import Direction, Envelope
from gateway.model.facts import Facts
from gateway.model.message import Address, Forward, Message
from gateway.model.policy import Policy
from gateway.understand import arrive, complete, lookup_of, opened, unread, unwrap
from tests.letters import NOON, envelope_of, forward_of, journal_report, letter

OURS = Directory(
    domains=frozenset({"corp.example"}),
    logging_addresses=(
        LoggingAddress("log@gate.example"),
        LoggingAddress("journal@gate.example", "journal"),
        LoggingAddress("log+thread@gate.example", cites="first@corp.example"),
    ),
)


def at_gate(envelope: Envelope, **policy: object) -> Arrival:
    return arrive(envelope, OURS, replace(Policy(), **policy), NOON)  # type: ignore[arg-type]


def copy_of(octets: bytes) -> Arrival:
    return at_gate(envelope_of(octets, direction=Direction.OUTGOING, rcpt_to="log@gate.example"))


def test_recipients_are_compared_by_key() -> None:
    assert at_gate(envelope_of(letter(), rcpt_to="Anna@Corp.Example")).recipient_keys == (
        "anna@corp.example",
    )


def test_a_trusted_client_tells_the_folder() -> None:
    octets = letter(X_Folder="INBOX/Projects")
    assert at_gate(envelope_of(octets), folder_field="x-folder").envelope.folder == (
        "INBOX/Projects"
    )


def test_a_stranger_tells_no_folder() -> None:
    octets = letter(X_Folder="INBOX/Projects")
    arrival = at_gate(envelope_of(octets, trusted=False), folder_field="x-folder")
    assert arrival.envelope.folder == ""


def test_a_folder_of_the_intake_stays_when_no_field_tells_one() -> None:
    envelope = replace(envelope_of(letter()), folder="Archive")
    assert at_gate(envelope, folder_field="x-folder").envelope.folder == "Archive"


def test_the_store_is_asked_for_all_that_the_message_cites() -> None:
    octets = letter(In_Reply_To="<b@corp.example>", References="<a@corp.example> <b@corp.example>")
    arrival = at_gate(envelope_of(octets))
    asked = lookup_of(arrival, read_message(octets, arrival.heading))
    assert asked.cited == ("b@corp.example", "a@corp.example")
    assert asked.message_id == "one@customer.example"
    assert asked.addresses >= {"carol@customer.example"}


def test_a_case_keeps_what_stood_at_the_gate() -> None:
    octets = letter()
    arrival = at_gate(envelope_of(octets))
    message = read_message(octets, arrival.heading)
    case = complete(arrival, message, Facts())
    assert (case.envelope, case.heading, case.message) == (
        arrival.envelope,
        arrival.heading,
        message,
    )


def test_over_the_inspection_limit_only_the_header_section_is_read() -> None:
    arrival = at_gate(envelope_of(letter()))
    message = unread(arrival)
    assert (message.heading, message.text) == (arrival.heading, "")


def test_a_copy_with_an_outside_party_is_not_unwrapped() -> None:
    arrival = copy_of(forward_of(letter(), to="carol@customer.example"))
    message = read_message(arrival.envelope.content.octets, arrival.heading)
    assert not list(unwrap(arrival, message))


def test_a_forward_holds_the_message_inside() -> None:
    octets = forward_of(letter())
    arrival = copy_of(octets)
    inside, inner = next(unwrap(arrival, read_message(octets, arrival.heading)))
    assert inner.message_id == "one@customer.example"
    assert inside.author == Address(
        "carol@customer.example", "Carol Cruz", "carol@customer.example"
    )
    assert inside.direction is Direction.INCOMING
    assert inside.wrapping is not None
    assert inside.wrapping.author == Address("anna@corp.example", "", "anna@corp.example")


def test_several_forwards_are_several_messages() -> None:
    octets = forward_of(letter(), letter(message_id="two@customer.example"))
    arrival = copy_of(octets)
    found = [m.message_id for _, m in unwrap(arrival, read_message(octets, arrival.heading))]
    assert found == ["one@customer.example", "two@customer.example"]


def test_the_file_inside_a_forward_is_cut_out_of_the_outer_octets() -> None:
    inner = forward_of(letter(), author="carol@customer.example", to="anna@corp.example").replace(
        b"Content-Type: message/rfc822",
        b'Content-Type: text/csv\r\nContent-Disposition: attachment; filename="a.csv"',
    )
    octets = forward_of(inner.replace(b"=_b", b"=_i"))
    arrival = copy_of(octets)
    _, message = next(unwrap(arrival, read_message(octets, arrival.heading)))
    (file,) = message.attachments
    assert b"".join(cut(octets, file.chain)).rstrip() == letter().rstrip()


def test_a_message_in_path_is_not_unwrapped() -> None:
    octets = forward_of(letter())
    arrival = at_gate(envelope_of(octets))
    assert not list(unwrap(arrival, read_message(octets, arrival.heading)))


def test_an_inline_forward_has_the_author_that_it_names() -> None:
    arrival = copy_of(letter(author="anna@corp.example", to="log@gate.example"))
    outer = read_message(arrival.envelope.content.octets, arrival.heading)
    carol = Address("carol@customer.example", "", "carol@customer.example")
    inline = Forward("inline", carol, subject="Our offer", body="Looks good.")
    ((inside, inner),) = unwrap(arrival, structs.replace(outer, forwards=(inline,)))
    assert (inside.author, inner.text) == (carol, "Looks good.")


def test_an_inline_forward_without_author_is_left_to_the_rules() -> None:
    arrival = copy_of(letter(author="anna@corp.example", to="log@gate.example"))
    outer = read_message(arrival.envelope.content.octets, arrival.heading)
    assert not list(unwrap(arrival, structs.replace(outer, forwards=(Forward("inline", None),))))


def test_an_inline_forward_is_the_message_that_it_answers() -> None:
    outer = letter(
        author="anna@corp.example",
        to="log@gate.example",
        subject="Fwd: Our offer",
        text="---------- Forwarded message ---------\r\nFrom: Carol Cruz <carol@customer.example>"
        "\r\nDate: Mon, 23 Nov 2026\r\nSubject: Our offer\r\nTo: Anna <anna@corp.example>"
        "\r\n\r\nLooks good.",
        In_Reply_To="<true@customer.example>",
        References="<first@corp.example> <true@customer.example>",
    )
    arrival = copy_of(outer)
    ((_, inner),) = unwrap(arrival, read_message(outer, arrival.heading))
    assert (inner.message_id, inner.cited) == ("true@customer.example", ("first@corp.example",))


def test_a_redirected_message_is_judged_as_itself() -> None:
    octets = letter(Resent_From="Anna <anna@corp.example>", Resent_To="log@gate.example")
    arrival = copy_of(octets)
    message = read_message(octets, arrival.heading)
    ((inside, inner),) = unwrap(arrival, message)
    assert (inner, inside.author) == (message, arrival.author)
    assert inside.brought_by == Address("anna@corp.example", "Anna", "anna@corp.example")


def test_a_redirected_message_of_several_outsiders_is_no_bcc_copy() -> None:
    octets = letter(to="anna@corp.example, joe@other.example", Resent_From="anna@corp.example")
    assert copy_of(octets).copy == "forward"


def test_what_a_stranger_redirects_is_nobodys_forward() -> None:
    octets = letter(to="joe@other.example", Resent_From="eve@evil.example")
    assert copy_of(octets).copy == "bcc"


# ---- journals


def journalled(octets: bytes) -> tuple[Arrival, Message]:
    arrival = at_gate(envelope_of(octets, mail_from="", rcpt_to="journal@gate.example"))
    ((inside, message),) = opened(arrival, read_message(octets, arrival.heading))
    return inside, message


def test_a_journal_report_holds_the_message_inside() -> None:
    inside, message = journalled(journal_report(letter()))
    assert (message.message_id, inside.heading.subject) == ("one@customer.example", "Our offer")
    assert inside.wrapping is not None
    assert inside.wrapping.kind == "journal"


def test_the_report_tells_whom_the_message_went_to() -> None:
    lines = "To: anna@corp.example, Expanded: all@corp.example\nBcc: joe@corp.example\n"
    inside, message = journalled(journal_report(letter(), lines))
    assert inside.recipient_keys == ("anna@corp.example", "joe@corp.example")
    assert message.journal_report is not None
    assert message.journal_report.hidden == ("joe@corp.example",)


def test_a_report_without_a_message_is_unreadable() -> None:
    report = journal_report(letter()).replace(b"message/rfc822", b"application/octet-stream")
    inside, message = journalled(report)
    assert (inside.wrapping, message.journal) == (None, "unreadable")


def test_a_word_about_journalling_is_a_notice() -> None:
    system = f"MicrosoftExchange{'0' * 32}@corp.example"
    inside, message = journalled(letter(author=system))
    assert (inside.wrapping, message.journal) == (None, "notice")


def test_an_mtas_copy_is_the_message_itself() -> None:
    inside, message = journalled(letter())
    assert (inside.wrapping, inside.copy, message.journal) == (None, "always-bcc", "")


def test_google_tells_whom_the_original_of_its_copy_went_to() -> None:
    inside, _ = journalled(letter(X_Gm_Original_To="anna@corp.example"))
    assert (inside.recipient_keys, inside.direction) == (
        ("anna@corp.example",),
        Direction.INCOMING,
    )


def test_a_report_beside_real_recipients_is_no_copy() -> None:
    octets = journal_report(letter())
    rcpt_to = "journal@gate.example anna@corp.example"
    arrival = at_gate(envelope_of(octets, rcpt_to=rcpt_to))
    message = read_message(octets, arrival.heading)
    assert opened(arrival, message) == ((arrival, message),)


# ---- addresses of a thread


def cited(octets: bytes, to: str = "log+thread@gate.example") -> list[tuple[str, ...]]:
    arrival = at_gate(envelope_of(octets, direction=Direction.OUTGOING, rcpt_to=to))
    found = opened(arrival, read_message(octets, arrival.heading))
    return [message.cited for _, message in found]


def test_what_a_user_sends_to_the_address_of_a_thread_belongs_to_it() -> None:
    octets = letter(author="anna@corp.example", to="carol@customer.example")
    assert cited(octets) == [("first@corp.example",)]


def test_its_own_ids_go_before_that() -> None:
    octets = letter(author="anna@corp.example", In_Reply_To="<near@customer.example>")
    both = "log+thread@gate.example carol@customer.example"
    assert cited(octets, both) == [("near@customer.example", "first@corp.example")]


def test_each_message_of_a_forward_belongs_to_it() -> None:
    two = forward_of(letter(), letter(message_id="two@customer.example"))
    assert cited(two) == [("first@corp.example",)] * 2


def test_a_stranger_ties_nothing_to_a_thread() -> None:
    assert cited(letter(to="joe@other.example")) == [()]


def test_the_message_of_the_thread_does_not_answer_itself() -> None:
    octets = letter(
        author="anna@corp.example", to="carol@customer.example", message_id="first@corp.example"
    )
    assert cited(octets) == [()]
