"""Reads Authentication-Results, and only those that a trusted server wrote.

Standards: RFC 8601 (§5: anyone can write such a field; believe your own servers only), RFC 8617
(the same results inside an ARC set).

Limits: results that a server puts below its own Received field, as Gmail does, are not believed:
nothing tells them from what a stranger wrote. Its ARC seal speaks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from authres import AuthenticationResultsHeader, AuthResError

from gateway.mail.fields import unfold
from gateway.model.message import Field
from gateway.model.trust import TrustedServer
from gateway.trust.alignment import is_aligned

RESULTS_OCTETS: Final = 8192
"""A longer field is not read."""
RESULTS_FIELDS: Final = 10
"""More of one server are not read."""

_PARSE: Final[Any] = AuthenticationResultsHeader.parse_value
_COMMENT: Final = re.compile(rb"\([^()]*+\)")
_NESTED_COMMENTS: Final = 4
_INSTANCE: Final = re.compile(rb"\s*i\s*=\s*[0-9]{1,2}\s*;")
_METHOD: Final = re.compile(r"\s*[A-Za-z][\w-]*\s*(?:/\s*[0-9]+\s*)?=")
# A piece ends at a semicolon, but not at one in a comment or a quoted string.
_SEGMENT: Final = re.compile(
    r"((?:[^;\"()]|\"(?:[^\"\\]|\\.)*+\"|\((?:[^()]|\([^()]*+\))*+\))*+)(?:;|\Z)"
)
_AUTHSERV_ID: Final = re.compile(r"([^\s;=\"()]+)(?:\s.*)?", re.DOTALL)
_NO_ID: Final = "no-authserv-id.invalid"


@dataclass(frozen=True, slots=True)
class Result:
    """One result: what was checked, what came of it, and whose domain it is about."""

    method: str
    """`dmarc`, `dkim`, `spf`, `arc` or another of the registry, lower case."""
    verdict: str
    """`pass`, `fail`, `none`, `temperror` …, lower case."""
    domain: str
    """Of `header.from` for DMARC, of `header.d` or `header.i` for DKIM; empty otherwise."""


@dataclass(frozen=True, slots=True)
class Results:
    """What one field says."""

    authserv_id: str
    """Lower case; empty when the field names nobody."""
    results: tuple[Result, ...]

    def vouch_for(self, author_domain: str) -> str:
        """Return the method that vouches for the author, `dmarc` or `dkim`, or nothing."""
        if any(r.method == "dmarc" and r.verdict == "fail" for r in self.results):
            return ""
        for method in ("dmarc", "dkim"):
            for result in self.results:
                passed = result.method == method and result.verdict == "pass"
                if passed and is_aligned(result.domain, author_domain):
                    return method
        return ""


def parse_results(value: bytes) -> Results | None:
    """Return what the body of such a field says, or None when it cannot be taken apart.

    Real servers write more than the standard has: Exchange Online leaves the authserv-id out
    and puts bare domains between the results. What cannot be read is left out.
    """
    if len(value) > RESULTS_OCTETS:
        return None
    text = unfold(value).decode("utf-8", "replace")
    pieces = _split(text)
    if not pieces:
        return None
    if _METHOD.match(pieces[0]):
        name = ""
    elif (first := _AUTHSERV_ID.fullmatch(pieces.pop(0))) is not None:
        name = first[1].lower()
    else:
        return None
    return Results(name, tuple(one for piece in pieces for one in _parse(piece)))


def parse_sealed_results(value: bytes) -> Results | None:
    """Return what an ARC-Authentication-Results field says: the same, behind its instance."""
    instance = _INSTANCE.match(value)
    return parse_results(value[instance.end() :]) if instance else None


def trusted_results(
    fields: Iterable[Field], servers: Sequence[TrustedServer]
) -> tuple[Results, ...]:
    """Return what trusted servers wrote at the place that only they can write to, newest first.

    A server puts its results above the Received field that it made when the message came to it
    (RFC 8601 §4.1). What stands below the topmost Received of a server may be anybody's.
    """
    waiting = list(servers)
    above: list[Field] = []
    believed: list[Results] = []
    for field in fields if servers else ():
        if field.name == "authentication-results":
            above.append(field)
        elif field.name == "received":
            host = receiving_host(field.value)
            if not host and _names_nobody(field.value):
                continue
            # Who made this one cannot be told, nor who wrote what is below it.
            if not host:
                break
            for server in [server for server in waiting if server.is_host(host)]:
                waiting.remove(server)
                believed.extend(_of_server(server, above))
    return tuple(dict.fromkeys(believed))


def receiving_host(received: bytes) -> str:
    """Return the name after `by` in a Received field, lower case; empty when in doubt.

    The name after `from` is the client's own word: it must not be taken for another clause.
    """
    text = _without_comments(received)
    words = text.partition(b";")[0].split()
    if b"(" in text or b")" in text or not words:
        return ""
    if words[0].lower() == b"from":
        # Some write the address behind the name without parentheses round it.
        words = words[3:] if words[2:3] and words[2].startswith(b"[") else words[2:]
    if len(words) < 2 or words[0].lower() != b"by":
        return ""
    return words[1].decode("ascii", "replace").rstrip(".").lower()


def _names_nobody(received: bytes) -> bool:
    """Whether a Received field is a remark only, as qmail's `(qmail 1 invoked by uid 2)`."""
    return not _without_comments(received).partition(b";")[0].strip()


def _without_comments(value: bytes) -> bytes:
    """Return a field body with a space for each comment, as deep as real ones are nested."""
    for _ in range(_NESTED_COMMENTS):
        value = _COMMENT.sub(b" ", value)
    return value


def _of_server(server: TrustedServer, above: Sequence[Field]) -> list[Results]:
    """Return what the server wrote in these fields."""
    found = (parse_results(field.value) for field in above[:RESULTS_FIELDS])
    return [one for one in found if one is not None and one.authserv_id == server.authserv_id]


def _split(text: str) -> list[str]:
    """Return the pieces between semicolons; none when a comment or a string does not end.

    What a stranger wrote into an open comment must not become a piece of its own.
    """
    pieces: list[str] = []
    position = 0
    while position < len(text):
        piece = _SEGMENT.match(text, position)
        if piece is None:
            return []
        pieces.append(piece[1].strip())
        position = piece.end()
    return pieces


def _parse(piece: str) -> list[Result]:
    """Return the result that one piece between semicolons holds, or none."""
    if not _METHOD.match(piece):
        return []
    try:
        parsed = _PARSE(f"{_NO_ID}; {piece}")
    except (AuthResError, RecursionError, ValueError, LookupError):
        return []
    return [_result(one) for one in parsed.results]


def _result(parsed: object) -> Result:
    """Return what authres read of one result."""
    method = str(getattr(parsed, "method", "")).lower()
    verdict = str(getattr(parsed, "result", "")).lower()
    named = {
        f"{one.type}.{one.name}".lower(): str(one.value)
        for one in getattr(parsed, "properties", ())
    }
    if method == "dmarc":
        domain = named.get("header.from", "")
    elif method == "dkim":
        domain = named.get("header.d", "") or named.get("header.i", "")
    else:
        domain = ""
    return Result(method, verdict, domain.rpartition("@")[2].lower())
