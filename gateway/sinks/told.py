"""What a file or a webhook is told of an event, as plain JSON.

Blind recipients are their sender's to know (D-22): nothing names them, unless the admin wants
`blind`, an object of its own that a receiver must show to nobody but `visible_to`.

Limits: To and Cc stand there only while the message is kept. Files are named with their digests,
not sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from gateway.model.entry import Entry
from gateway.model.envelope import Direction
from gateway.model.handover import Parcel
from gateway.model.message import Address


def told(parcel: Parcel, *, blind: bool = False) -> dict[str, Any]:
    """Return the event: its type, time and keys, and under `data` what happened.

    With `blind` it tells apart whom the message reached blindly.
    """
    push = parcel.push
    data: dict[str, Any] = {"entry": push.entry_id, **push.told}
    if parcel.entry is not None:
        stopped = not parcel.entry.outcome.on_timeline
        data |= _stopped(parcel, parcel.entry) if stopped else _entry(parcel, parcel.entry)
        if blind and parcel.blind:
            data["blind"] = _blind(parcel, parcel.entry)
    return {
        "id": push.key,
        "type": push.kind.word,
        "timestamp": push.made_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "ordering_key": push.thread,
        "sequence": push.number,
        "data": data,
    }


def encoded(event: dict[str, Any]) -> bytes:
    """Return the event as one line of UTF-8; half a character of odd mail is replaced."""
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def _entry(parcel: Parcel, entry: Entry) -> dict[str, Any]:
    heading = parcel.message.heading if parcel.message else None
    return {
        "message_id": entry.message_id,
        "direction": str(entry.direction),
        "received_at": entry.received_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "outcome": str(entry.outcome),
        "reason": str(entry.reason),
        "author": {"address": entry.author, "name": entry.author_name},
        "to": [_address(one) for one in heading.to] if heading else [],
        "cc": [_address(one) for one in heading.cc] if heading else [],
        "subject": entry.subject,
        "text": entry.text,
        "contacts": _contacts(parcel, parcel.open_contacts),
        "mailboxes": [one for one in entry.mailboxes if one not in parcel.blind],
        "user": entry.user,
        "attachments": [
            {
                "name": note.attachment.name,
                "media_type": note.attachment.media_type,
                "size": note.attachment.size,
                "sha256": note.attachment.sha256.hex(),
                "stored": note.reason is None,
                "reason": str(note.reason) if note.reason else None,
            }
            for note in entry.attachments
        ],
    }


def _stopped(parcel: Parcel, entry: Entry) -> dict[str, Any]:
    """Return what is told of a message that is not on the timeline: why, and none of its words.

    The remedy of a message that was sent may name whom it went to blindly.
    """
    remedy = entry.remedy if entry.direction is Direction.INCOMING else ""
    return {
        "message_id": entry.message_id,
        "direction": str(entry.direction),
        "received_at": entry.received_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "outcome": str(entry.outcome),
        "reason": str(entry.reason),
        "remedy": remedy,
        "author": {"address": entry.author, "name": entry.author_name},
        "subject": entry.subject,
        "mailboxes": [one for one in entry.mailboxes if one not in parcel.blind],
        "user": entry.user,
    }


def _blind(parcel: Parcel, entry: Entry) -> dict[str, Any]:
    return {
        "visible_to": entry.author,
        "contacts": _contacts(parcel, parcel.blind_contacts),
        "mailboxes": [one for one in entry.mailboxes if one in parcel.blind],
    }


def _contacts(parcel: Parcel, keys: Iterable[str]) -> list[dict[str, str]]:
    return [{"address": key, "name": parcel.names.get(key, "")} for key in keys]


def _address(address: Address) -> dict[str, str]:
    return {"address": address.key, "name": address.name}
