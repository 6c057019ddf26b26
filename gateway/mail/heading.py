"""Reads the header section: all that the privacy gate may see (D-9).

Standards: RFC 5322 §3.6, RFC 2156 (Sensitivity), MS-OXOMSG §2.2.1.3 (Thread-Index).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
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

_ADDRESS_FIELDS: Final = ("sender", "from", "reply-to", "to", "cc", "bcc", "resent-from")
_ALIAS_FIELDS: Final = (
    "x-microsoft-original-message-id",
    "x-google-original-message-id",
    "original-message-id",
    "x-original-message-id",
)
_ONCE: Final = (
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
)
_CHARSET: Final = re.compile(rb"charset\s*=\s*[\"']?([\w.:+-]{1,40})", re.IGNORECASE)
_SENSITIVE: Final = re.compile(rb"\s*(personal|private|company-confidential)\b", re.IGNORECASE)
_NOLOG: Final = re.compile(r"\[nolog\]", re.IGNORECASE)
_CONVERSATION_OCTETS: Final = 22
_KNOWN_OCTETS: Final = 250


def read_heading(octets: Octets) -> Heading:
    """Return the header section, read. Total: any octets give a Heading."""
    fields, size, defects = split_fields(octets)
    values = _Values(fields)
    firsts = values.first
    subject, base = _subject(values) if "subject" in firsts else ("", "")
    found = {name: _addresses(values, name, defects) for name in _ADDRESS_FIELDS if name in firsts}
    if values.others:
        defects += [Defect("duplicate-field", name) for name in _ONCE if name in values.others]
    return Heading(
        fields=fields,
        size=size,
        message_id=parse_msg_id(firsts["message-id"]) if "message-id" in firsts else "",
        in_reply_to=_msg_ids(values, "in-reply-to"),
        references=_msg_ids(values, "references"),
        aliases=_aliases(values),
        conversation=_conversation(firsts["thread-index"]) if "thread-index" in firsts else "",
        authors=found.get("from", ()),
        sender=found["sender"][0] if found.get("sender") else None,
        reply_to=found.get("reply-to", ()),
        to=found.get("to", ()),
        cc=found.get("cc", ()),
        bcc=found.get("bcc", ()),
        resent_from=found.get("resent-from", ()),
        subject=subject,
        base_subject=base,
        date=parse_date(firsts["date"]) if "date" in firsts else None,
        received_count=values.received,
        private=_private(values, subject),
        verdicts=_verdicts(fields, firsts),
        defects=tuple(defects[: limits.DEFECTS]),
        values=firsts,
    )


class _Values:
    """The bodies of fields by their name: the first one, and those behind it."""

    __slots__ = ("first", "others", "received")

    def __init__(self, fields: tuple[Field, ...]) -> None:
        # Backwards, so that the first of a name stays.
        self.first = {field.name: field.value for field in fields[::-1]}
        self.received = [field.name for field in fields].count("received")
        self.others: dict[str, list[bytes]] = {}
        # Received is mostly the only one that stands more than once; nobody asks for its bodies.
        if len(fields) > len(self.first) + max(0, self.received - 1):
            self._find_others(fields)

    def _find_others(self, fields: tuple[Field, ...]) -> None:
        met: set[str] = set()
        for field in fields:
            if field.name in met:
                self.others.setdefault(field.name, []).append(field.value)
            met.add(field.name)

    def hint_for(self, value: bytes) -> str:
        """Return the charset that the message declares, when a body holds raw octets."""
        if value.isascii():
            return ""
        found = _CHARSET.search(self.first.get("content-type", b""))
        return found.group(1).decode("ascii", "replace") if found else ""

    def all(self, name: str) -> Sequence[bytes]:
        """Return the bodies of all fields called `name`, which is not Received."""
        if name not in self.first:
            return ()
        return (self.first[name], *self.others.get(name, ()))


def _subject(values: _Values) -> tuple[str, str]:
    """Return the subject and its base; those of a conversation are remembered."""
    value = values.first["subject"]
    hint = values.hint_for(value)
    return _known_subject(value, hint) if len(value) <= _KNOWN_OCTETS else _decoded(value, hint)


def _decoded(value: bytes, hint: str) -> tuple[str, str]:
    """Return a subject and its base."""
    subject = decode_unstructured(value, hint)
    return subject, base_subject(subject)


_known_subject: Final = lru_cache(maxsize=1024)(_decoded)


def _verdicts(fields: tuple[Field, ...], firsts: Mapping[str, bytes]) -> tuple[Verdict, ...]:
    """Return what filters in front of us said."""
    if VERDICT_FIELDS.isdisjoint(firsts):
        return ()
    said = [read_verdict(one.name, one.value) for one in fields if one.name in VERDICT_FIELDS]
    return tuple([verdict for verdict in said if verdict])


def _addresses(values: _Values, name: str, defects: list[Defect]) -> tuple[Address, ...]:
    """Return the mailboxes of all fields called `name`."""
    value = values.first[name]
    found, odd = parse_addresses(value, values.hint_for(value))
    if odd:
        defects += odd
    if name in values.others:
        for value in values.others[name]:
            more, odd = parse_addresses(value, values.hint_for(value))
            found += more
            defects += odd
    return found[: limits.ADDRESSES]


def _msg_ids(values: _Values, name: str) -> tuple[str, ...]:
    """Return the msg-ids of all fields called `name`."""
    if name not in values.first:
        return ()
    if name not in values.others:
        return parse_msg_ids(values.first[name])
    return parse_msg_ids(b" ".join(values.all(name)[: limits.REFERENCES]))


def _aliases(values: _Values) -> tuple[str, ...]:
    """Return the ids that the message had before a provider gave it another."""
    if values.first.keys().isdisjoint(_ALIAS_FIELDS):
        return ()
    ids = [parse_msg_id(value) for name in _ALIAS_FIELDS for value in values.all(name)]
    return tuple(dict.fromkeys(filter(None, ids)))


def _conversation(value: bytes) -> str:
    """Return the first 22 octets of Thread-Index in hexadecimal.

    Source: MS-OXOMSG §2.2.1.3: a header of 22 octets, then 5 for each reply.
    """
    try:
        octets = binascii.a2b_base64(value[: limits.MESSAGE_ID_OCTETS])
    except binascii.Error:
        return ""
    head = octets[:_CONVERSATION_OCTETS]
    is_sound = len(head) == _CONVERSATION_OCTETS and head[0] == 1
    return head.hex() if is_sound else ""


def _private(values: _Values, subject: str) -> str:
    """Return why the message is private; empty when it is not."""
    for value in values.all("sensitivity"):
        if found := _SENSITIVE.match(value):
            return found.group(1).decode("ascii").lower()
    return "[nolog]" if "[" in subject and _NOLOG.search(subject) else ""
