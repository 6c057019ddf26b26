"""The company of an address: its registrable domain; free mail is nobody's.

Standards: the public suffix list (a company at `acme.co.uk` is `acme.co.uk`, and not `co.uk`).
"""

from __future__ import annotations

from functools import cache

from publicsuffixlist import PublicSuffixList

from gateway.rules.free_mail import own_domain


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def company_of(key: str) -> str:
    """Return the domain of the company that an address is of; empty for none."""
    domain = own_domain(key)
    return (_suffixes().privatesuffix(domain) or "") if domain else ""
