"""Reads the machine-readable parts of reports: delivery, disposition, feedback.

Standards: RFC 3464, RFC 6533, RFC 8098, RFC 5965, RFC 6522 (the original's header section).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gateway.mail import limits
from gateway.mail.addresses import key_of, parse_addresses
from gateway.mail.decode import cut_whole
from gateway.mail.diagnoses import find_status, is_hard
from gateway.mail.fields import split_fields, unfold
from gateway.mail.msgids import parse_msg_id, parse_msg_ids
from gateway.mail.words import raw_text
from gateway.model.envelope import Octets
from gateway.model.message import Part, RecipientStatus

DELIVERY_TYPES: Final = ("message/delivery-status", "message/global-delivery-status")
DISPOSITION_TYPES: Final = (
    "message/disposition-notification",
    "message/global-disposition-notification",
)
FEEDBACK_TYPE: Final = "message/feedback-report"
_HEADER_TYPES: Final = ("text/rfc822-headers", "message/global-headers", "text/rfc822")
_NESTED_TYPES: Final = ("message/rfc822", "message/global")
_REPORT_OCTETS: Final = 200_000
_GROUP_END: Final = re.compile(rb"\n[ \t]*\r?\n")
_ACTIONS: Final = frozenset(("failed", "delayed", "delivered", "relayed", "expanded"))
_TYPED_ADDRESS: Final = re.compile(
    r"(?:rfc822|utf-8|unknown|x-\S+|smtp|rfc\s*822)\s*;\s*", re.IGNORECASE
)
_ADDRESS: Final = re.compile(r"[^\s<>\"',;:()\[\]@]{1,64}@[^\s<>\"',;:()\[\]@]{1,255}")
_TO_LINE: Final = re.compile(r"(?m)^[ \t>|]*To:[ \t]*([^\n]*@[^\n]*)$", re.IGNORECASE)
_STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")

Group = dict[str, str]


def read_groups(octets: Octets, part: Part) -> list[Group]:
    """Return the groups of fields of a report part, names in lower case; the first wins."""
    whole = cut_whole(octets, part.chain, _REPORT_OCTETS)
    return [group for piece in _GROUP_END.split(whole) if (group := _group(piece))]


def _group(piece: bytes) -> Group:
    """Return one group of fields."""
    fields, _, _ = split_fields(piece.lstrip(b"\r\n") + b"\n\n")
    group: Group = {}
    for one in fields:
        group.setdefault(one.name, raw_text(unfold(one.value)).strip())
    return group


def delivery_results(groups: Sequence[Group], text: str = "") -> tuple[RecipientStatus, ...]:
    """Return what a delivery report says of each recipient (RFC 3464 §2.3)."""
    spoken = [
        group
        for group in groups
        if "final-recipient" in group or "original-recipient" in group or "action" in group
    ]
    context = text if len(spoken) == 1 else ""
    return tuple([delivery_result(group, context) for group in spoken])


def delivery_result(group: Group, context: str = "") -> RecipientStatus:
    """Return one recipient's group; `context` is what the report tells people of him alone."""
    diagnostic = group.get("diagnostic-code", "")
    _, _, said = diagnostic.partition(";")
    said = (said or diagnostic).strip()
    action = group.get("action", "failed").split("(")[0].split(";")[0].strip().lower()
    found = _STATUS.search(group.get("status", ""))
    status = found.group() if found else find_status(said)
    hard = is_hard(status, said, context) if action in ("failed", "") else False
    return RecipientStatus(
        recipient=_recipient(group),
        action=action if action in _ACTIONS else "failed",
        status=status,
        diagnostic=said[:1000],
        hard=hard,
    )


def _recipient(group: Group) -> str:
    """Return the key of the recipient that the sender wrote to, else the final one."""
    for name in ("final-recipient", "original-recipient", "x-actual-recipient"):
        value = _TYPED_ADDRESS.sub("", group.get(name, ""), count=1)
        found = _ADDRESS.search(value)
        if found and (key := key_of(found.group())):
            return key
    return ""


def disposition_results(groups: Sequence[Group]) -> tuple[RecipientStatus, ...]:
    """Return what a disposition notice says (RFC 8098 §3.2)."""
    results = []
    for group in groups:
        if "disposition" in group:
            action = group["disposition"].rpartition(";")[2].split("/")[0].strip().lower()
            results.append(RecipientStatus(_recipient(group), action, hard=False))
    return tuple(results)


def feedback_results(groups: Sequence[Group]) -> tuple[RecipientStatus, ...]:
    """Return whom a feedback report speaks of (RFC 5965 §3.2)."""
    results = []
    for group in groups:
        if found := _ADDRESS.search(group.get("original-rcpt-to", "")):
            kind = group.get("feedback-type", "abuse").lower()
            results.append(RecipientStatus(key_of(found.group()), kind, hard=False))
    return tuple(results)


def original_ids(octets: Octets, parts: Sequence[Part], groups: Sequence[Group]) -> tuple[str, ...]:
    """Return the msg-ids of the message that a report speaks of."""
    ids: list[str] = []
    for group in groups:
        for name in ("original-message-id", "x-original-message-id"):
            ids += parse_msg_ids(group.get(name, "").encode("utf-8", "surrogateescape"))
    for part in parts:
        if part.media_type in _HEADER_TYPES or part.media_type in _NESTED_TYPES:
            head = cut_whole(octets, part.chain, limits.FIELD_OCTETS)
            ids += ids_in_header(head)
    return tuple(dict.fromkeys(ids))


def original_recipient(octets: Octets, parts: Sequence[Part], text: str) -> str:
    """Return the key of the only recipient of the original, when a report returns it."""
    heads = [
        cut_whole(octets, part.chain, limits.FIELD_OCTETS)
        for part in parts
        if part.media_type in _HEADER_TYPES or part.media_type in _NESTED_TYPES
    ]
    if not heads and (quoted := _TO_LINE.search(text)):
        heads = [f"To: {quoted.group(1)}\n\n".encode("utf-8", "surrogatepass")]
    for head in heads:
        fields, _, _ = split_fields(head.lstrip(b"\r\n"))
        values = [one.value for one in fields if one.name == "to"]
        found = parse_addresses(b", ".join(values))[0]
        if len(found) == 1:
            return found[0].key
    return ""


def ids_in_header(head: bytes) -> list[str]:
    """Return the Message-ID in a header section, as a list of none or one."""
    fields, _, _ = split_fields(head.lstrip(b"\r\n"))
    for one in fields:
        if one.name == "message-id" and (found := parse_msg_id(one.value)):
            return [found]
    return []
