"""What sinks that speak HTTP share: a client, and what an answer means.

Design notes: httpx runs on the daemon's own event loop. A request costs it some microseconds of
work and waits without a thread; whatever costs more, such as reading mail or cutting files out of
it, is done in threads. One client per sink keeps its connections.

Standards: RFC 9110 (§15 status codes, §10.2.3 Retry-After).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from gateway.interfaces import SinkDeniedError, SinkRefusedError, SinkUnavailableError

LONGEST_WAIT_S = 86_400.0
"""The longest that a sink may ask for; a typing error there must not stop us for a year."""
SAID_LIMIT = 300
_DENIED = frozenset({401, 403, 407, 410})
"""410: the receiver wants no more of them (Standard Webhooks, on responses)."""
_AWAY = frozenset({404, 408, 423, 425, 429, 477, 502, 503, 504, 521, 522, 523, 524})
"""Codes that tell of the whole place and not of what was sent."""


def new_client(timeout_s: float, **options: Any) -> httpx.AsyncClient:
    """Return a client that follows no redirection and reads nothing of the environment."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(timeout_s), follow_redirects=False, trust_env=False, **options
    )


async def ask(client: httpx.AsyncClient, method: str, url: str, **options: Any) -> httpx.Response:
    """Return an answer, whatever its code. Raises SinkUnavailableError when there is none."""
    try:
        return await client.request(method, url, **options)
    except httpx.TimeoutException as error:
        # It may hang over this very request: others may pass.
        raise SinkUnavailableError(
            f"{_host(client, url)} did not answer in time ({type(error).__name__}).",
            everything=isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout),
        ) from error
    except httpx.TransportError as error:
        raise SinkUnavailableError(
            f"{_host(client, url)} cannot be reached ({type(error).__name__}: {error})."
        ) from error


def fault_of(answer: httpx.Response, now: datetime) -> Exception | None:
    """Return what an answer means for the push; None when it was taken."""
    code = answer.status_code
    if answer.is_success:
        return None
    said = f"{answer.request.url.host} answered {code}: {_said(answer)}"
    if code in _DENIED:
        return SinkDeniedError(f"{said} Check the credential of this sink and what it permits.")
    wait = retry_after_s(answer.headers, now)
    if code in _AWAY or answer.is_redirect:
        return SinkUnavailableError(said, retry_after_s=wait)
    if answer.is_server_error:
        return SinkUnavailableError(said, retry_after_s=wait, everything=False)
    return SinkRefusedError(said)


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return how long an answer asks to wait, or None.

    "The Retry-After field value can be either an HTTP-date or a number of seconds to delay after
    receiving the response" (RFC 9110 §10.2.3).
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_WAIT_S)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), LONGEST_WAIT_S)


def _said(answer: httpx.Response) -> str:
    """Return what the answer says, on one line; nothing but text is shown."""
    try:
        told = answer.json()
        # Some answer a list of errors, some an OAuth error (RFC 6749 §5.2).
        first = told[0] if isinstance(told, list) and told else told
        message = first.get("message") or first.get("error_description") or ""
    except (ValueError, AttributeError):
        message = answer.text if answer.headers.get("content-type", "").startswith("text/") else ""
    message = message or answer.headers.get("x-status-reason", "")
    words = " ".join(str(message).split())
    return (words or answer.reason_phrase or "no words")[:SAID_LIMIT].rstrip(".") + "."


def _host(client: httpx.AsyncClient, url: str) -> str:
    return httpx.URL(url).host or client.base_url.host
