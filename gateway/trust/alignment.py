"""Whether one domain speaks for another, by DMARC's relaxed rule.

Standards: RFC 7489 §3.1 and §3.2 (relaxed alignment, organizational domain).

Limits: a domain owner's wish for strict alignment (`adkim=s`) is not asked for.
"""

from __future__ import annotations

from functools import cache

import idna
from publicsuffixlist import PublicSuffixList


@cache
def _suffixes() -> PublicSuffixList:
    """Return the list, read once per process."""
    return PublicSuffixList()


def ascii_domain(domain: str) -> str:
    """Return the domain in lower case as DNS has it (RFC 5890); empty when it is none."""
    name = domain.strip().rstrip(".").lower()
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return ""


def organizational_domain(domain: str) -> str:
    """Return the domain that was registered, such as `example.co.jp`; empty for none.

    A public suffix is its own: nobody below it may speak for it.
    """
    name = ascii_domain(domain)
    if not name or "" in name.split("."):
        return ""
    return _suffixes().privatesuffix(name) or name


def is_aligned(domain: str, author_domain: str) -> bool:
    """Whether a signature or result of `domain` speaks for an author at `author_domain`."""
    found = organizational_domain(domain)
    return bool(found) and found == organizational_domain(author_domain)
