"""Posts each event to a URL, signed, so that the receiver knows who sent it and when.

Standards: Standard Webhooks 1.0 (specification, "Webhook Metadata", "Signature scheme",
"Webhook secret serialization"). `webhook-id` is the same for every attempt: a receiver that
remembers it takes each event once. `webhook-timestamp` is that of the attempt and is signed: an old
request that somebody recorded is told by it. The order of a thread is `ordering_key` and
`sequence` in the signed body.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime

from gateway.model.handover import Parcel
from gateway.sinks.http import ask, fault_of, new_client
from gateway.sinks.told import encoded, told

PREFIX = "whsec_"
KEY_OCTETS = range(24, 65)
"""Octets that a key may have (specification, on symmetric secrets)."""


def read_keys(secret: str) -> tuple[bytes, ...]:
    """Return the keys of a secret; several, parted by spaces, while one replaces another.

    Raises ValueError that says what is expected, and not what was given.
    """
    keys = tuple(_key(word) for word in secret.split())
    if not keys:
        raise ValueError(f"the secret is empty; {_EXPECTED}")
    return keys


def signature(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signatures of a message, one for each key, parted by spaces."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


class WebhookSink:
    """Posts to one URL."""

    def __init__(
        self,
        name: str,
        url: str,
        secret: str,
        *,
        clock: Callable[[], datetime],
        timeout_s: float = 30.0,
        blind: bool = False,
    ) -> None:
        """Take the parts; with `blind` it tells apart whom a message reached blindly.

        Raises ValueError when the secret is none.
        """
        self.name = name
        self._url = url
        self._keys = read_keys(secret)
        self._clock = clock
        self._blind = blind
        self._client = new_client(timeout_s)

    async def push(self, parcel: Parcel) -> str:
        """Post one event. Raises what the answer means."""
        body, now = encoded(told(parcel, blind=self._blind)), self._clock()
        timestamp, key = int(now.timestamp()), parcel.push.key
        headers = {
            "content-type": "application/json",
            "user-agent": "replygate",
            "webhook-id": key,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self._keys, key, timestamp, body),
        }
        answer = await ask(self._client, "POST", self._url, content=body, headers=headers)
        if (fault := fault_of(answer, now)) is not None:
            raise fault
        return parcel.push.entry_id

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


_EXPECTED = f'"{PREFIX}" and 24 to 64 random octets in base64 are expected'


def _key(word: str) -> bytes:
    try:
        key = base64.b64decode(word.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not word.startswith(PREFIX) or len(key) not in KEY_OCTETS:
        raise ValueError(f"the secret is not of Standard Webhooks; {_EXPECTED}")
    return key
