"""Verifies the ARC chain of a message whose newest seal is by a trusted sealer.

Standards: RFC 8617.

Limits: of a chain of more than ten sets nothing is believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dkim import ARC, CV_Pass

from gateway.trust.keys import Found
from gateway.trust.results import Results, parse_sealed_results
from gateway.trust.sections import Signed, is_readable
from gateway.trust.signatures import (
    HOSTILE,
    WindowedBody,
    open_verifier,
    read_tags,
    signed_fields,
)

SETS: Final = 10
_SEAL: Final = b"arc-seal"
_SIGNATURE: Final = b"arc-message-signature"
_RESULTS: Final = b"arc-authentication-results"


class WindowedArc(WindowedBody, ARC):
    """ARC of a message that is already read."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain of ARC sets, not yet checked."""

    sealer: str
    """The `d=` of the newest seal, lower case."""
    covers: frozenset[str]
    """Names of the fields that the newest message signature signs."""
    key_names: tuple[str, ...]
    """Where its keys stand in DNS."""


def read_chain(signed: Signed) -> Chain | None:
    """Return the chain as it names itself, or None when there is none that can be checked."""
    if not signed.named(_SEAL):
        return None
    fields = [value for name in (_SEAL, _SIGNATURE, _RESULTS) for value in signed.named(name)]
    if len(fields) > 3 * SETS or not all(map(is_readable, fields)):
        return None
    seals = [read_tags(value) for value in signed.named(_SEAL)]
    signatures = [read_tags(value) for value in signed.named(_SIGNATURE)]
    sound = [tags for tags in (*seals, *signatures) if tags is not None]
    if len(sound) < len(seals) + len(signatures):
        return None
    newest = str(len(seals)).encode("ascii")
    seal = next((tags for tags in sound[: len(seals)] if tags.get(b"i") == newest), None)
    signature = next((tags for tags in sound[len(seals) :] if tags.get(b"i") == newest), None)
    if seal is None or signature is None:
        return None
    return Chain(
        seal[b"d"].decode("ascii").lower(), signed_fields(signature), tuple(map(_key_name, sound))
    )


def check_chain(signed: Signed, keys: Mapping[str, Found]) -> Results | None:
    """Return what the newest sealer found when it got the message; None when the chain is broken.

    May read the whole body: a large one belongs in a thread.
    """

    def record(name: bytes, **_: object) -> bytes:
        return keys[name.decode("ascii").rstrip(".").lower()].record

    verifier = open_verifier(WindowedArc, signed)
    try:
        verdict, sets, _ = verifier.verify(dnsfunc=record)
    except HOSTILE:
        return None
    return parse_sealed_results(sets[0]["aar-value"]) if verdict == CV_Pass else None


def _key_name(tags: Mapping[bytes, bytes]) -> str:
    """Return where the key of a seal or signature stands in DNS."""
    return b"._domainkey.".join((tags[b"s"], tags[b"d"])).decode("ascii").rstrip(".").lower()
