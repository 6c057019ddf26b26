"""Webhooks, verified by the library that Standard Webhooks gives to receivers."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from gateway.sinks.webhook import WebhookSink, read_keys, signature
from tests.http_server import Answer, HttpServer, http_server
from tests.sinks.parcels import logged

OLD = "whsec_" + base64.b64encode(b"o" * 24).decode()
NEW = "whsec_" + base64.b64encode(b"n" * 32).decode()


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with http_server(lambda _: Answer(204)) as made:
        yield made


async def post(server: HttpServer, secret: str, at: datetime | None = None) -> None:
    sink = WebhookSink("hook", f"{server.url}/in", secret, clock=lambda: at or datetime.now(UTC))
    await sink.push(logged())
    await sink.close()


async def test_a_receiver_can_verify_it(server: HttpServer) -> None:
    await post(server, NEW)
    (request,) = server.requests
    event = Webhook(NEW).verify(request.body, dict(request.headers))
    assert (event["id"], event["type"]) == (request.headers["webhook-id"], "email.logged")


async def test_another_key_does_not_verify_it(server: HttpServer) -> None:
    await post(server, NEW)
    (request,) = server.requests
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(request.body, dict(request.headers))


async def test_a_changed_body_does_not_verify(server: HttpServer) -> None:
    await post(server, NEW)
    (request,) = server.requests
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(request.body.replace(b"offer", b"other"), dict(request.headers))


async def test_an_old_request_is_no_valid_one(server: HttpServer) -> None:
    await post(server, NEW, datetime(2026, 1, 1, tzinfo=UTC))
    (request,) = server.requests
    with pytest.raises(WebhookVerificationError, match="old"):
        Webhook(NEW).verify(request.body, dict(request.headers))


@pytest.mark.parametrize("secret", [OLD, NEW])
async def test_while_keys_change_each_of_them_verifies(server: HttpServer, secret: str) -> None:
    await post(server, f"{NEW} {OLD}")
    (request,) = server.requests
    Webhook(secret).verify(request.body, dict(request.headers))


def test_the_signature_is_that_of_the_library() -> None:
    at = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    ours = signature(read_keys(NEW), "evt_1", int(at.timestamp()), b'{"a":1}')
    assert ours == Webhook(NEW).sign("evt_1", at, '{"a":1}')


@pytest.mark.parametrize("secret", ["", "hunter2", "whsec_c2hvcnQ=", NEW.removeprefix("whsec_")])
def test_a_secret_that_is_none_is_told_without_showing_it(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_") as raised:
        read_keys(secret)
    assert not secret or secret not in str(raised.value)
