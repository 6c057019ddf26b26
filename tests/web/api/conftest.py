"""A small company, with somebody who calls its API."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from gateway.web.tokens import SCOPES, Scope, Tokens
from tests.web.conftest import ANNA, BEA, BOB, clock


class Caller:
    """Calls the API with a token of a user."""

    def __init__(self, app: Starlette, user: str, scopes: tuple[Scope, ...] = SCOPES) -> None:
        self.app = app
        with Tokens(app.state.desk.config.gateway.state, clock=clock) as tokens:
            self.token, self.known = tokens.create(user, "test", scopes)

    def get(self, path: str, **query: object) -> httpx.Response:
        return self.ask("GET", path, **({"params": query} if query else {}))

    def post(self, path: str, **body: object) -> httpx.Response:
        return self.ask("POST", path, json=body)

    def put(self, path: str, **body: object) -> httpx.Response:
        return self.ask("PUT", path, json=body)

    def told(self, path: str, **query: object) -> Any:
        """Return what is answered, when all is well."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}

        async def work() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1/api/v1"
            ) as client:
                return await client.request(method, path, headers=headers, **more)

        return asyncio.run(work())


@pytest.fixture
def as_anna(app: Starlette) -> Caller:
    return Caller(app, ANNA)


@pytest.fixture
def as_bob(app: Starlette) -> Caller:
    return Caller(app, BOB)


@pytest.fixture
def as_bea(app: Starlette) -> Caller:
    return Caller(app, BEA)
