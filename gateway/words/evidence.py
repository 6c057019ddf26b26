"""What rules saw, told to people: the names of it, and its values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.model.decision import Evidence, Reason
from gateway.words.catalogue import Tongue
from gateway.words.phrases import phrase_in
from gateway.words.reasons import reason_in

EVIDENCE: Final[Mapping[str, str]] = {
    "a": "one side",
    "action": "action",
    "added": "added",
    "address": "address",
    "authserv_id": "checked by",
    "b": "other side",
    "because": "because",
    "by": "by",
    "changed": "subject changed",
    "cited": "cites",
    "contact": "contact",
    "copies": "copies",
    "date": "date",
    "declared": "says it is",
    "detail": "detail",
    "detected": "is really",
    "domain": "domain",
    "entry": "on the list as",
    "filter": "filter",
    "folder": "folder",
    "forwards": "forwards",
    "kind": "kind",
    "limit": "limit",
    "logging_address": "logging address",
    "mailbox": "mailbox",
    "mark": "mark",
    "media_type": "type",
    "message_id": "message id",
    "n": "contacts found",
    "name": "name",
    "new": "now",
    "nothing_to_do": "nothing to do",
    "notice": "notice",
    "old": "before",
    "original_reason": "decision on the first message",
    "parties": "people",
    "path": "path",
    "product": "product",
    "proof": "proof",
    "received": "servers passed",
    "recipient": "recipient",
    "route": "route",
    "setting": "setting",
    "sha256": "digest of its octets",
    "shared": "shared mailbox",
    "size": "size",
    "starter": "began it",
    "status": "status",
    "then": "then",
    "thread": "conversation",
    "threads": "conversations",
    "time": "time",
    "user": "user",
    "verdict": "verdict",
    "what": "what is new",
    "would_hold": "would be held",
}
"""What the rules call it, and what people do; a test holds it against the rules."""


def evidence_in(tongue: Tongue, evidence: Evidence) -> str:
    """Return what a rule saw, on one line, in this language."""
    return " · ".join(
        name if value == tongue.template(YES) else f"{name}: {value}"
        for name, value in (
            (tongue.template(EVIDENCE.get(key, key.replace("_", " "))), _value(tongue, key, value))
            for key, value in evidence.items()
        )
    )


YES: Final = "yes"


def _value(tongue: Tongue, key: str, value: str | int | bool) -> str:  # noqa: FBT001 - what was seen
    if isinstance(value, bool):
        return tongue.template(YES if value else "no")
    if key == "original_reason" and value in set(Reason):
        return reason_in(tongue, Reason(str(value)))
    return phrase_in(tongue, str(value))
