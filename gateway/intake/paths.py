"""What MAIL and RCPT say: a path and its options, octet for octet: pure.

Nothing is upper-cased or unquoted, no option is refused for being unknown: what we do not know
the next hop may know (Postfix passes options to a proxy that never offered them).

Standards: RFC 5321 §4.1.2 (paths), §4.1.1.11 (options); source routes are dropped as its
appendix C allows. RFC 6531 (UTF-8 in paths).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_PLAIN: Final = re.compile(
    rb"[ \t]*<([^<>\"\\\s\x00-\x1f\x7f@,:]*(?:@[^<>\"\\\s\x00-\x1f\x7f@]*)?)>"
)
_ANY: Final = re.compile(
    rb"[ \t]*<(?:@[^:<>\s\x00-\x1f]*:)?"
    rb"((?:\"(?:[^\"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*\"|\\[!-~]|[^\"\\<>\s\x00-\x1f\x7f])*)>"
)
_BARE: Final = re.compile(rb"[ \t]*([^\"\\<>\s\x00-\x1f\x7f]+)")
_OPTION: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9-]*(?:=[^\s\x00-\x1f\x7f]*)?")


@dataclass(frozen=True, slots=True)
class Path:
    """A reverse-path or forward-path without brackets, and its options in their own case."""

    addr_spec: str
    options: tuple[str, ...] = ()

    def option(self, keyword: str) -> str | None:
        """Return the value of an option, or None when it is not there."""
        for option in self.options:
            name, _, value = option.partition("=")
            if name.upper() == keyword:
                return value
        return None


def parse_path(argument: bytes, keyword: bytes) -> Path | None:
    """Return what stands behind MAIL or RCPT, or None when that is no SMTP.

    `keyword` is `FROM:` or `TO:`. Brackets may be missing, as Postfix allows by default.
    """
    if argument[: len(keyword)].upper() != keyword:
        return None
    rest = argument[len(keyword) :]
    found = _PLAIN.match(rest) or _ANY.match(rest) or _BARE.match(rest)
    if found is None:
        return None
    words = rest[found.end() :]
    if words[:1].strip(b" \t"):
        return None
    options = words.split()
    if not all(map(_OPTION.fullmatch, options)):
        return None
    try:
        return Path(found[1].decode(), tuple(option.decode() for option in options))
    except UnicodeDecodeError:
        return None
