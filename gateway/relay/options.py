"""Which options of MAIL and RCPT the next hop gets, and which it cannot take: pure.

Options pass verbatim, unknown ones too. Where the next hop lacks an extension, its options are
dropped when nothing is lost for the recipient, else the message is refused.

Standards: RFC 1870 (SIZE), RFC 3461 (DSN), RFC 4954 §5 (AUTH), RFC 6152 (8BITMIME), RFC 6531
§3.2 (SMTPUTF8); XFORWARD is Postfix's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.model.envelope import Reply

COMMAND_OCTETS: Final = 512

_NEEDS: Final = {"SIZE": "SIZE", "RET": "DSN", "ENVID": "DSN", "AUTH": "AUTH", "BODY": "8BITMIME"}
_RCPT_NEEDS: Final = {"NOTIFY": "DSN", "ORCPT": "DSN"}
_XFORWARD: Final = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE", "DOMAIN")


class UnsupportedError(Exception):
    """The next hop cannot take the message as it is."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text[0])
        self.reply = reply


def fit_mail(
    options: Sequence[str], extensions: Mapping[str, str], *, loopback: bool
) -> Sequence[str]:
    """Return the options of MAIL for a next hop. Raises UnsupportedError."""
    if not options:
        return options
    for option in options:
        shouted = option.upper()
        if shouted == "SMTPUTF8" and "SMTPUTF8" not in extensions:
            raise UnsupportedError(Reply(550, ("5.6.7 The next hop does not take SMTPUTF8",)))
        # What stands on this machine takes eight bits whatever it says.
        if shouted == "BODY=8BITMIME" and "8BITMIME" not in extensions and not loopback:
            raise UnsupportedError(Reply(550, ("5.6.3 The next hop does not take 8BITMIME",)))
    return _fitting(options, extensions, _NEEDS)


def fit_rcpt(options: Sequence[str], extensions: Mapping[str, str]) -> Sequence[str]:
    """Return the options of RCPT for a next hop."""
    return _fitting(options, extensions, _RCPT_NEEDS) if options else options


def xforward(attributes: Mapping[str, str], extensions: Mapping[str, str]) -> list[bytes]:
    """Return the XFORWARD commands that tell a next hop what a trusted client told us."""
    if not attributes:
        return []
    offered = extensions.get("XFORWARD", "").upper().split()
    words = [
        b" " + name.encode("ascii") + b"=" + _xtext(attributes[name])
        for name in _XFORWARD
        if name in offered and name in attributes
    ]
    lines: list[bytes] = []
    for word in words:
        if lines and len(lines[-1]) + len(word) + 2 <= COMMAND_OCTETS:
            lines[-1] += word
        else:
            lines.append(b"XFORWARD" + word)
    return [line + b"\r\n" for line in lines]


def _fitting(
    options: Sequence[str], extensions: Mapping[str, str], needs: Mapping[str, str]
) -> Sequence[str]:
    keywords = (needs.get(option.partition("=")[0].upper()) for option in options)
    return [
        option
        for option, keyword in zip(options, keywords, strict=True)
        if keyword is None or keyword in extensions
    ]


def _xtext(value: str) -> bytes:
    """Return a value in xtext (RFC 3461 §4)."""
    octets = value.encode("utf-8", "surrogateescape")
    plain = frozenset(range(33, 127)) - {0x2B, 0x3D}
    return b"".join(bytes((o,)) if o in plain else b"+%02X" % o for o in octets)
