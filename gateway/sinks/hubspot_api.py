"""Calls of HubSpot's API: the token, the pace, and what its answers mean.

Standards: "API usage guidelines and limits" and "Handling errors" of its documentation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

import httpx

from gateway.interfaces import SinkRefusedError, SinkUnavailableError
from gateway.sinks.http import ask, fault_of, new_client

PUBLIC: Final = "https://api.hubapi.com"
WAITS_S: Final = {423: 2.0, 429: 10.0}
"""What to wait where the answer does not say: a lock "will last for 2 seconds" (Handling errors,
423); the burst limit counts requests of 10 seconds (usage guidelines, private apps)."""


@dataclass(frozen=True, slots=True)
class HubspotSettings:
    """What an admin chooses."""

    url: str = PUBLIC
    timeout_s: float = 30.0
    create_contacts: bool = True
    attachments: bool = True
    attachment_limit: int = 20_000_000
    folder: str = "/replygate"
    deals: int = 5
    """It ties its own emails to the five newest open deals as well."""
    requests_per_second: float = 9.0
    """Below 100 in 10 seconds, the least burst limit of a private app (usage guidelines)."""


class HubspotApi:
    """One account, at its pace."""

    def __init__(
        self, token: str, settings: HubspotSettings, clock: Callable[[], datetime]
    ) -> None:
        self._client = new_client(
            settings.timeout_s,
            base_url=settings.url,
            headers={"authorization": f"Bearer {token.strip()}", "user-agent": "replygate"},
        )
        self._clock = clock
        self._gap_s = 1.0 / settings.requests_per_second
        self._next_s = 0.0

    async def call(
        self, method: str, place: str, *, conflict: bool = False, **options: Any
    ) -> dict[str, Any]:
        """Return what is answered; empty for 409 where a `conflict` is foreseen.

        Raises what the answer means.
        """
        answer = await self._ask(method, place, **options)
        if conflict and answer.status_code == 409:
            return {}
        self._judge(answer)
        return _json(answer)

    async def find(self, method: str, place: str, **options: Any) -> dict[str, Any] | None:
        """Return what is answered, or None for what is not there (404)."""
        answer = await self._ask(method, place, **options)
        if answer.status_code == 404:
            return None
        self._judge(answer)
        return _json(answer)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, method: str, place: str, **options: Any) -> httpx.Response:
        loop = asyncio.get_running_loop()
        now = loop.time()
        turn = self._next_s = max(now, self._next_s + self._gap_s)
        if turn > now:
            await asyncio.sleep(turn - now)
        return await ask(self._client, method, place, **options)

    def _judge(self, answer: httpx.Response) -> None:
        fault = fault_of(answer, self._clock())
        if isinstance(fault, SinkUnavailableError) and fault.retry_after_s is None:
            fault.retry_after_s = WAITS_S.get(answer.status_code)
        if fault is not None:
            raise fault


def _json(answer: httpx.Response) -> dict[str, Any]:
    if not answer.content:
        return {}
    try:
        return cast("dict[str, Any]", answer.json())
    except ValueError as error:
        raise SinkRefusedError(f"HubSpot answered {answer.status_code} with no JSON.") from error
