"""Calls of HubSpot's API: the token, the pace, and how long to wait where it does not say.

Standards: "API usage guidelines and limits" and "Handling errors" of its documentation. The pace
of `CrmSettings` is below 100 in 10 seconds, the least burst limit of a private app.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from gateway.sinks.crm import CrmClient, CrmSettings

PUBLIC: Final = "https://api.hubapi.com"
WAITS_S: Final = {423: 2.0, 429: 10.0}
"""A lock "will last for 2 seconds" (Handling errors, 423); the burst limit counts requests of
10 seconds (usage guidelines, private apps)."""


def hubspot_client(token: str, settings: CrmSettings, clock: Callable[[], datetime]) -> CrmClient:
    """Return one account, by the token of a private app."""
    headers = {"authorization": f"Bearer {token.strip()}"}
    return CrmClient(settings, clock, lambda *_: headers, waits_s=WAITS_S)
