"""Access tokens are got by refresh tokens, and nothing secret is told."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs

import pytest

from gateway.intake.imap.tokens import refreshed
from tests.http_server import Answer, Request, http_server


async def test_a_token_is_got_for_a_refresh_token() -> None:
    asked: list[dict[str, list[str]]] = []

    def give(request: Request) -> Answer:
        asked.append(parse_qs(request.body.decode()))
        return Answer(200, {"access_token": "fresh", "expires_in": 3599})

    async with http_server(give) as server:
        told = await asyncio.to_thread(refreshed, server.url, "me", "hush:1//refresh", "mail")
    assert told == "fresh"
    assert asked[0] == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["1//refresh"],
        "client_id": ["me"],
        "client_secret": ["hush"],
        "scope": ["mail"],
    }


async def test_a_public_client_has_no_secret() -> None:
    asked: list[bytes] = []

    def give(request: Request) -> Answer:
        asked.append(request.body)
        return Answer(200, {"access_token": "fresh"})

    async with http_server(give) as server:
        await asyncio.to_thread(refreshed, server.url, "me", "1//refresh")
    assert b"client_secret" not in asked[0]


async def test_a_refusal_is_told_without_the_secret() -> None:
    said = {"error": "invalid_grant", "error_description": "Token has been revoked."}
    async with http_server(lambda _: Answer(400, said)) as server:
        with pytest.raises(OSError, match="revoked") as raised:
            await asyncio.to_thread(refreshed, server.url, "me", "hush:1//refresh")
    assert "hush" not in str(raised.value)


async def test_a_place_that_is_away_is_told() -> None:
    with pytest.raises(OSError, match="gave no token"):
        await asyncio.to_thread(refreshed, "http://127.0.0.1:1", "me", "1//refresh")
