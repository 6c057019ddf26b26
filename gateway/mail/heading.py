"""Reads the header section: all that the privacy gate may see (D-9).

Standards: RFC 5322 §3.6, RFC 2156 (Sensitivity), MS-OXOMSG §2.2.1.3 (Thread-Index).
"""

from __future__ import annotations

import binascii
import re
from typing import Final

from gateway.mail import limits
from gateway.mail.addresses import parse_addresses
from gateway.mail.dates import parse_date
from gateway.mail.fields import split_fields
from gateway.mail.msgids import parse_msg_id, parse_msg_ids
from gateway.mail.subject import base_subject
from gateway.mail.verdicts import VERDICT_FIELDS, read_verdict
from gateway.mail.words import decode_unstructured
from gateway.model.envelope import Octets
from gateway.model.message import Address, Defect, Field, Heading, Verdict

_Values = dict[str, list[bytes]]

_ADDRESS_FIELDS: Final = frozenset(("from", "sender", "reply-to", "to", "cc", "bcc", "resent-from"))
_ALIAS_FIELDS: Final = (
    "x-microsoft-original-message-id",
    "x-google-original-message-id",
    "original-message-id",
    "x-original-message-id",
)
_READ: Final = _ADDRESS_FIELDS | frozenset(_ALIAS_FIELDS) | frozenset(
    ("message-id", "in-reply-to", "references", "thread-index", "subject", "date", "sensitivity")
)  # fmt: skip
_ONCE: Final = frozenset(("from", "sender", "to", "cc", "subject", "date", "message-id"))
_CHARSET: Final = re.compile(rb"charset\s*=\s*[\"']?([\w.:+-]{1,40})", re.IGNORECASE)
_SENSITIVE: Final = re.compile(rb"\s*(personal|private|company-confidential)\b", re.IGNORECASE)
_NOLOG: Final = re.compile(r"\[nolog\]", re.IGNORECASE)
_CONVERSATION_OCTETS: Final = 22


def read_heading(octets: Octets) -> Heading:
    """Return the header section, read. Total: any octets give a Heading."""
    fields, size, defects = split_fields(octets)
    values, verdicts, received_count = _sort(fields)
    hint = _charset_hint(octets, size, fields)
    subject = decode_unstructured(values["subject"][0], hint) if "subject" in values else ""
    senders = _addresses(values, "sender", defects, hint)
    if len(values) < sum(map(len, values.values())):
        defects += [
            Defect("duplicate-field", name) for name in _ONCE & values.keys() if values[name][1:]
        ]
    return Heading(
        fields=fields,
        size=size,
        message_id=parse_msg_id(values["message-id"][0]) if "message-id" in values else "",
        in_reply_to=_msg_ids(values, "in-reply-to"),
        references=_msg_ids(values, "references"),
        aliases=_aliases(values),
        conversation=_conversation(values),
        authors=_addresses(values, "from", defects, hint),
        sender=senders[0] if senders else None,
        reply_to=_addresses(values, "reply-to", defects, hint),
        to=_addresses(values, "to", defects, hint),
        cc=_addresses(values, "cc", defects, hint),
        bcc=_addresses(values, "bcc", defects, hint),
        resent_from=_addresses(values, "resent-from", defects, hint),
        subject=subject,
        base_subject=base_subject(subject),
        date=parse_date(values["date"][0]) if "date" in values else None,
        received_count=received_count,
        private=_private(values, subject),
        verdicts=verdicts,
        defects=tuple(defects[: limits.DEFECTS]),
    )


def _sort(fields: tuple[Field, ...]) -> tuple[_Values, tuple[Verdict, ...], int]:
    """Return the values that are read, by name, the verdicts, and the number of hops."""
    values: _Values = {}
    verdicts: tuple[Verdict, ...] = ()
    received_count = 0
    for field in fields:
        name = field.name
        if name in _READ:
            values.setdefault(name, []).append(field.value)
        elif name == "received":
            received_count += 1
        elif name in VERDICT_FIELDS and (verdict := read_verdict(name, field.value)):
            verdicts = (*verdicts, verdict)
    return values, verdicts, received_count


def _charset_hint(octets: Octets, size: int, fields: tuple[Field, ...]) -> str:
    """Return the charset that the message declares, when its fields hold raw octets."""
    if bytes(octets[: min(size, limits.HEADING_OCTETS)]).isascii():
        return ""
    for field in fields:
        if field.name == "content-type" and (found := _CHARSET.search(field.value)):
            return found.group(1).decode("ascii", "replace")
    return ""


def _addresses(values: _Values, name: str, defects: list[Defect], hint: str) -> tuple[Address, ...]:
    """Return the mailboxes of all fields called `name`."""
    if name not in values:
        return ()
    found: tuple[Address, ...] = ()
    for value in values[name]:
        more, odd = parse_addresses(value, hint)
        found = found + more if found else more
        if odd:
            defects += odd
    return found[: limits.ADDRESSES]


def _msg_ids(values: _Values, name: str) -> tuple[str, ...]:
    """Return the msg-ids of all fields called `name`."""
    if name not in values:
        return ()
    found = values[name]
    return parse_msg_ids(found[0] if len(found) == 1 else b" ".join(found[: limits.REFERENCES]))


def _aliases(values: _Values) -> tuple[str, ...]:
    """Return the ids that the message had before a provider gave it another."""
    if values.keys().isdisjoint(_ALIAS_FIELDS):
        return ()
    ids = [parse_msg_id(value) for name in _ALIAS_FIELDS for value in values.get(name, ())]
    return tuple(dict.fromkeys(filter(None, ids)))


def _conversation(values: _Values) -> str:
    """Return the first 22 octets of Thread-Index in hexadecimal.

    Source: MS-OXOMSG §2.2.1.3: a header of 22 octets, then 5 for each reply.
    """
    if "thread-index" not in values:
        return ""
    try:
        octets = binascii.a2b_base64(values["thread-index"][0][: limits.MESSAGE_ID_OCTETS])
    except binascii.Error:
        return ""
    head = octets[:_CONVERSATION_OCTETS]
    is_sound = len(head) == _CONVERSATION_OCTETS and head[0] == 1
    return head.hex() if is_sound else ""


def _private(values: _Values, subject: str) -> str:
    """Return why the message is private; empty when it is not."""
    for value in values.get("sensitivity", ()):
        if found := _SENSITIVE.match(value):
            return found.group(1).decode("ascii").lower()
    return "[nolog]" if "[" in subject and _NOLOG.search(subject) else ""
