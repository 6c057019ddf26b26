"""Whether DMARC failed, by the word of a server that the admin trusts.

Standards: RFC 7489 §11 (the result in an Authentication-Results field).

Design notes: we do not check DMARC ourselves. It needs the client that handed the message to the
company's first server, which after one more hop is not to be seen.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.model.case import NOTHING_SAID, Authenticity
from gateway.trust.results import Results


def read_dmarc(believed: Iterable[Results]) -> Authenticity:
    """Return the newest DMARC result among what trusted servers wrote."""
    for results in believed:
        for result in results.results:
            if result.method == "dmarc":
                return Authenticity(result.verdict, result.domain, results.authserv_id)
    return NOTHING_SAID
