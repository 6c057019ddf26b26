"""The ids of the gateway's own notices: signed, so that nobody can pass for one.

An id is `replygate.<token>.<signature>@<domain>`; the signature is over token and domain.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

PREFIX: Final = "replygate."


def notice_id(token: str, domain: str, key: bytes) -> str:
    """Return the Message-ID of a notice, without angle brackets; `token` is unique, no dots."""
    return f"{PREFIX}{token}.{_signature(token, domain, key)}@{domain}"


def is_notice_id(message_id: str, key: bytes) -> bool:
    """Whether a msg-id is one that we signed with this key; never with an empty key."""
    if not key or not message_id.startswith(PREFIX):
        return False
    local_part, _, domain = message_id.removeprefix(PREFIX).rpartition("@")
    token, _, signature = local_part.partition(".")
    return hmac.compare_digest(signature.encode(), _signature(token, domain, key).encode())


def _signature(token: str, domain: str, key: bytes) -> str:
    """Return the first half of the HMAC-SHA256, in hexadecimal."""
    return hmac.new(key, f"{token}@{domain}".encode(), hashlib.sha256).hexdigest()[:32]
