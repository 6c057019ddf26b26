"""Reads journal reports of Exchange: who the message inside really went to, and where it stands.

Standards: MS-XJRNL (lines `Field: value`, then one line for each recipient).

Limits: a report that holds its message as TNEF, or rights-protected without the clear copy beside
it, has no message that can be read. Fields of other languages are not known: Exchange writes
them in English everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gateway.mail import limits
from gateway.mail.addresses import parse_addresses
from gateway.mail.charsets import decode_text
from gateway.mail.decode import cut_whole
from gateway.mail.fields import split_fields
from gateway.mail.html import html_to_text
from gateway.mail.msgids import parse_msg_id
from gateway.model.envelope import Octets
from gateway.model.message import Address, Heading, JournalRecipient, JournalReport, Part

BODY_OCTETS: Final = 1_000_000
"""Of the report's own text; more recipients than fit are not read."""

_MARKERS: Final = frozenset({"x-ms-journal-report", "x-ms-exchange-organization-journal-report"})
# Exchange 2003 misspelt its own field; both are on the way still.
_OLD_MARKERS: Final = frozenset({"content-identifier", "content-identifer"})
_LINE: Final = re.compile(r"[ \t]*([A-Za-z-]+)[ \t]*:[ \t]*(.*)")
_SOURCE: Final = re.compile(r",[ \t]*(Expanded|Forwarded)[ \t]*:", re.IGNORECASE)
_RECIPIENT_FIELDS: Final = frozenset({"to", "cc", "bcc", "recipient"})
_SYSTEM_SENDER: Final = re.compile(r"microsoftexchange[0-9a-f]{32}@.+")
_MESSAGE_TYPES: Final = frozenset({"message/rfc822", "message/global"})
_PROTECTED_TYPE: Final = "application/x-microsoft-rpmsg-message"
_TEXT_TYPES: Final = ("text/plain", "text/html")


def is_journal_report(heading: Heading) -> bool:
    """Whether the header section says that this is a journal report."""
    for field in heading.fields:
        # The field is often there without a value.
        if field.name in _MARKERS:
            return True
        if field.name in _OLD_MARKERS and field.value.strip().lower() == b"exjournalreport":
            return True
    return False


def journal_word(heading: Heading, report: JournalReport | None) -> str:
    """Return what came to a journal address without a message inside, as Message.journal has it.

    `unreadable` for a report of none that can be read, `notice` for a word of Exchange itself;
    empty for a report with its message, and for mail that an MTA copied.
    """
    if report is not None:
        return "" if report.chain else "unreadable"
    author = heading.author.key if heading.author else ""
    return "notice" if _SYSTEM_SENDER.fullmatch(author) else ""


def read_journal_report(
    octets: Octets, heading: Heading, parts: Sequence[Part]
) -> JournalReport | None:
    """Return what a journal report says, or None for all other mail. Total."""
    if not is_journal_report(heading):
        return None
    own = _own_parts(parts)
    report = _read_lines(_text_of(octets, own))
    inside = _choose([part for part in own if part.media_type in _MESSAGE_TYPES], parts)
    if inside is None or not _is_message(octets, inside):
        return report
    return replace(report, chain=inside.chain)


def _own_parts(parts: Sequence[Part]) -> list[Part]:
    """Return the parts of the report itself, without what the message inside holds."""
    own: list[Part] = []
    nested = ""
    for part in parts:
        if nested and part.number.startswith(nested):
            continue
        own.append(part)
        if part.media_type in _MESSAGE_TYPES:
            nested = f"{part.number}."
    return own


def _choose(messages: Sequence[Part], parts: Sequence[Part]) -> Part | None:
    """Return the message of the report: the clear copy, where a protected one stands beside it."""
    for message in messages:
        inside = (part for part in parts if part.number.startswith(f"{message.number}."))
        if all(part.media_type != _PROTECTED_TYPE for part in inside):
            return message
    return messages[0] if messages else None


def _is_message(octets: Octets, part: Part) -> bool:
    """Whether the part begins with a header section."""
    head = cut_whole(octets, part.chain, limits.FIELD_OCTETS)
    return bool(split_fields(head)[0])


def _text_of(octets: Octets, own: Sequence[Part]) -> str:
    """Return the report's own words: its first text part, the plain one first."""
    for media_type in _TEXT_TYPES:
        part = next((part for part in own if part.media_type == media_type), None)
        if part is not None:
            text, _ = decode_text(cut_whole(octets, part.chain, BODY_OCTETS), part.charset)
            return html_to_text(text)[0] if media_type == "text/html" else text
    return ""


def _read_lines(text: str) -> JournalReport:
    """Return what the lines of a report say.

    Recipients stand behind Message-Id. What stands before it may be a subject that a stranger made
    look like one: the first Sender counts, and of recipients only those behind the last Message-Id.
    """
    found = [match.groups() for match in map(_LINE.fullmatch, text.splitlines()) if match]
    lines = [(name.lower(), value.strip()) for name, value in found]
    names = [name for name, _ in lines]
    last_id = len(names) - 1 - names[::-1].index("message-id") if "message-id" in names else -1
    recipients: dict[JournalRecipient, None] = {}
    for name, value in lines[last_id + 1 :]:
        if name in _RECIPIENT_FIELDS and len(recipients) < limits.ADDRESSES:
            recipients.update(dict.fromkeys(_read_recipient(name, value)))
    before = dict(reversed(lines[: last_id + 1]))
    return JournalReport(
        sender=_address(before.get("sender", "")),
        on_behalf_of=_address(before.get("on-behalf-of", "")),
        subject=before.get("subject", ""),
        message_id=parse_msg_id(lines[last_id][1].encode()) if last_id >= 0 else "",
        recipients=tuple(recipients),
    )


def _read_recipient(field: str, value: str) -> list[JournalRecipient]:
    """Return the recipient of one line, or nobody when it holds no address."""
    address, *sources = _SOURCE.split(value)
    named = _address(address)
    if named is None:
        return []
    told = {
        kind.lower(): source.key
        for kind, text in zip(sources[::2], sources[1::2], strict=True)
        if (source := _address(text)) is not None
    }
    return [JournalRecipient(named.key, field, told.get("expanded", ""), told.get("forwarded", ""))]


def _address(text: str) -> Address | None:
    """Return the first address of a line, or None when there is none."""
    found, _ = parse_addresses(text.encode("utf-8", "surrogateescape"))
    return next((address for address in found if address.key), None)
