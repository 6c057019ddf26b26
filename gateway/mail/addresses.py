"""Reads mailboxes and groups out of address fields.

The identity is always the addr-spec in brackets, or the only one there is: a display name
that looks like an address never becomes it (CVE-2023-27043), and what is ambiguous gives no
address but a defect.

Standards: RFC 5322 §3.4 and §4.4, RFC 6532; local parts as docomo issues them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from gateway.mail import limits
from gateway.mail.words import decode_words, raw_text
from gateway.model.message import Address, Defect

# One mailbox as nearly everybody writes it, up to its comma.
_PLAIN: Final = re.compile(
    r"\s*(?:(?:\"([^\"\\]*+)\"|([^\"(),:;<>@\[\\\]]*+))\s*"
    r"<([^\s\"(),:;<>@\[\\\]]++@[^\s\"(),:;<>@\[\\\]]++)>|([^\s\"(),:;<>@\[\\\]]++@[^\s\"(),:;<>@\[\\\]]++))"
    r"\s*(?:,|\Z)"
)
_TOKEN: Final = re.compile(
    r"\"(?:[^\"\\]|\\.)*+(?P<close>\"?)|<(?P<angle>[^<>]*+)>?|(?P<special>[,;:()])|\s++|\\.|"
    r"[^\s\"<>,;:()\\]++|.",
    re.DOTALL,
)
_NO_QUOTES: Final = re.compile(
    r"<(?P<angle>[^<>]*+)>?|(?P<close>(?!))|(?P<special>[,;:()])|\s++|[^\s<>,;:()]++|.", re.DOTALL
)
_ADDR_SPEC: Final = re.compile(
    r"(?:\"(?:[^\"\\]|\\.)*+\"|[^\s\"@,;<>()\[\]\\]++)@(?:\[[^\s\[\]]*+\]|[^\s\"@,;:<>()\[\]\\]++)"
)
_QUOTED_ATOM: Final = re.compile(r"\"([^\s\"(),:;<>@\[\\\]]+)\"")
_KNOWN_OCTETS: Final = 250
_KNOWN_CHARS: Final = 320
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def parse_addresses(value: bytes, hint: str = "") -> tuple[tuple[Address, ...], Sequence[Defect]]:
    """Return the mailboxes of an address field in their order, groups dissolved, and defects.

    `hint` is the charset that the message declares for its text, for raw octets.
    """
    # The same people write to each other: short fields are remembered.
    return _parse_known(value, hint) if len(value) <= _KNOWN_OCTETS else _parse(value, hint)


def _parse(value: bytes, hint: str) -> tuple[tuple[Address, ...], Sequence[Defect]]:
    """Return what a field says."""
    text = raw_text(value, hint)
    found: list[Address] = []
    at = 0
    size = len(text)
    while at < size:
        plain = _PLAIN.match(text, at)
        if plain is None:
            break
        quoted, words, inner, alone = plain.groups()
        name = quoted or words
        if name:
            name = decode_words(name).strip()
        addr_spec = inner or alone
        found.append(Address(addr_spec, name or "", _plain_key(addr_spec)))
        at = plain.end()
        if len(found) >= limits.ADDRESSES:
            return tuple(found), (Defect("too-many-addresses"),)
    else:
        return tuple(found), ()
    if text[at:].isspace():
        return tuple(found), ()
    reader = _Reader()
    reader.read(text[at:])
    found += reader.found
    if len(found) > limits.ADDRESSES:
        reader.defects.append(Defect("too-many-addresses", str(len(found))))
    return tuple(found[: limits.ADDRESSES]), tuple(reader.defects[: limits.DEFECTS])


def key_of(addr_spec: str) -> str:
    """Return what addresses are compared by; empty when it is no address.

    Lower case, the domain in its Unicode form without a final dot, a needless pair of quotes
    round the local part taken off.
    """
    # What no mail system takes (RFC 5321 §4.5.3.1) is not remembered either.
    return _known_key(addr_spec) if len(addr_spec) <= _KNOWN_CHARS else _key(addr_spec)


def _key(addr_spec: str) -> str:
    """Return the key of an address."""
    local_part, at, domain = addr_spec.strip().rpartition("@")
    if not at or not local_part or not domain:
        return ""
    if local_part[0] == '"' and (atom := _QUOTED_ATOM.fullmatch(local_part)):
        local_part = atom.group(1)
    domain = domain.rstrip(".").lower()
    if not addr_spec.isascii() or "xn--" in domain:
        labels = unicodedata.normalize("NFKC", domain).replace("\u3002", ".")
        domain = ".".join(map(_unicode_label, labels.split(".")))
        local_part = unicodedata.normalize("NFC", local_part)
    return f"{local_part.lower()}@{domain}" if domain else ""


_parse_known: Final = lru_cache(maxsize=2048)(_parse)
_known_key: Final = lru_cache(maxsize=4096)(_key)


def _plain_key(addr_spec: str) -> str:
    """Return the key of what _PLAIN takes: one @, no quotes and no space."""
    lowered = addr_spec.lower()
    is_plain = addr_spec.isascii() and lowered[-1] != "." and "xn--" not in lowered
    return lowered if is_plain else _key(addr_spec)


def _unicode_label(label: str) -> str:
    """Return a domain label in its Unicode form (RFC 3492)."""
    if not label.startswith("xn--"):
        return label
    try:
        text = label[4:].encode("ascii").decode("punycode")
        text.encode("utf-8")
    except (UnicodeError, ValueError, OverflowError):
        return label
    return unicodedata.normalize("NFC", text).lower()


class _Reader:
    """Reads an address list token by token: for what is not plain."""

    def __init__(self) -> None:
        """Begin with an empty mailbox."""
        self.found: list[Address] = []
        self.defects: list[Defect] = []
        self._phrase: list[str] = []
        self._comment: list[str] = []
        self._angles: list[str] = []
        self._depth = 0

    def read(self, text: str) -> None:
        """Read the whole list."""
        at = 0
        pattern = _TOKEN
        while at < len(text) and len(self.found) <= limits.ADDRESSES:
            token = pattern.match(text, at)
            if token is None:  # pragma: no cover - the pattern takes any character
                break
            if token["close"] == "" and token.group()[0] == '"':
                # A quote that is never closed is only a character.
                self.defects.append(Defect("quote-without-end"))
                pattern = _NO_QUOTES
                continue
            self._take(token)
            at = token.end()
        self._finish()

    def _take(self, token: re.Match[str]) -> None:
        """Add one token to the mailbox in hand, or end it."""
        word = token.group()
        special = token["special"]
        if special in ("(", ")"):
            self._depth = max(0, self._depth + (1 if special == "(" else -1))
            if self._depth > 1 or (self._depth == 1 and special == ")"):
                self._comment.append(word)
        elif self._depth:
            self._comment.append(word)
        elif special in (",", ";"):
            self._finish()
        elif special == ":":
            self._group_or_colon()
        elif token["angle"] is not None:
            self._angles.append(token["angle"])
        else:
            self._phrase.append(word)

    def _group_or_colon(self) -> None:
        """Drop a group's name (RFC 5322 §3.4); keep the colon of a name such as `Re: x`."""
        if any("@" in word for word in self._phrase):
            self._phrase.append(":")
        else:
            self._phrase.clear()

    def _finish(self) -> None:
        """End the mailbox in hand."""
        phrase = "".join(self._phrase).strip()
        comment = "".join(self._comment).strip()
        angles = [one for one in self._angles if one.strip()]
        self._phrase, self._comment, self._angles, self._depth = [], [], [], 0
        if len(angles) > 1:
            self.defects.append(Defect("ambiguous-address", " ".join(angles)[:200]))
        elif angles:
            self._add(_strip_route(angles[0]), phrase or comment)
        elif phrase:
            self._add_bare(phrase, comment)

    def _add_bare(self, phrase: str, comment: str) -> None:
        """Add a mailbox that is written without brackets."""
        if _ADDR_SPEC.fullmatch(phrase) or " " not in phrase:
            self._add(phrase, comment)
            return
        words = phrase.split()
        at_words = [word for word in words if "@" in word]
        joined = phrase.replace(" ", "").replace("\t", "")
        if len(at_words) == 1 and at_words[0] == words[-1] and _ADDR_SPEC.fullmatch(words[-1]):
            self.defects.append(Defect("address-without-brackets", phrase[:200]))
            self._add(words[-1], " ".join(words[:-1]))
        elif "@" in words[1:-1] and len(words) == 3 and _ADDR_SPEC.fullmatch(joined):
            self._add(joined, comment)
        elif "@" in phrase:
            self.defects.append(Defect("ambiguous-address", phrase[:200]))
        else:
            self.defects.append(Defect("name-without-address", phrase[:200]))

    def _add(self, addr_spec: str, name: str) -> None:
        """Add a mailbox whose addr-spec is known."""
        spec = addr_spec.strip()
        if "@" in spec and not _ADDR_SPEC.fullmatch(spec):
            tight = "".join(spec.split())
            if not _ADDR_SPEC.fullmatch(tight):
                self.defects.append(Defect("malformed-address", spec[:200]))
                return
            spec = tight
        self.found.append(Address(decode_words(spec), _clean_name(name), key_of(spec)))


def _clean_name(name: str) -> str:
    """Return a display name decoded and without its quotes."""
    text = name.strip()
    if '"' in text:
        text = text.replace('\\"', "\0").replace('"', "").replace("\0", '"')
    text = _ESCAPED.sub(r"\1", text)
    return " ".join(decode_words(text).split())


def _strip_route(angle: str) -> str:
    """Return an addr-spec without its source route (RFC 5322 §4.4)."""
    if angle.lstrip().startswith("@"):
        return angle.partition(":")[2]
    return angle.removeprefix("mailto:")
