"""Odoo before version 19, as far as its documentation tells: JSON-RPC, with errors in a 200."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gateway.interfaces import SinkDeniedError, SinkRefusedError, SinkUnavailableError
from gateway.model.envelope import Direction
from gateway.model.handover import Kind
from gateway.sinks.odoo import OdooSink
from tests.http_server import Answer
from tests.sinks.odoo_server import KEY, LOGIN, Odoo
from tests.sinks.parcels import BOB, ENTRY, entry, gone, logged
from tests.sinks.pushing import pushing
from tests.sinks.test_odoo import Place


@asynccontextmanager
async def opened(secret: str = f"{LOGIN}:{KEY}", **chosen: Any) -> AsyncIterator[Place]:
    odoo = Odoo("acme")
    async with pushing(OdooSink, odoo, secret, database="acme", **chosen) as (sink, server):
        yield Place(sink, odoo, server)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with opened() as made:
        yield made


async def test_a_message_stands_there_with_its_file(place: Place) -> None:
    await place.sink.push(logged())
    assert place.odoo.subjects() == {ENTRY: "Re: offer"}
    assert len(place.message["attachment_ids"][0][2]) == 1


async def test_what_is_erased_is_gone(place: Place) -> None:
    await place.sink.push(logged())
    await place.sink.push(gone(Kind.ERASED))
    assert (place.odoo.messages, place.odoo.tables["ir.attachment"]) == ([], {})


async def test_it_logs_in_once(place: Place) -> None:
    await place.sink.push(logged())
    asked = [one.json()["params"]["method"] for one in place.server.requests]
    assert asked.count("authenticate") == 1


async def test_a_version_that_knows_no_outgoing_mail_is_told_of_mail(place: Place) -> None:
    place.odoo.lacks = {"email_outgoing"}
    await place.sink.push(logged(entry(direction=Direction.OUTGOING, author=BOB)))
    assert place.message["message_type"] == "email"


async def test_without_crm_it_stands_on_partners_alone(place: Place) -> None:
    place.odoo.lacks = {"crm.lead"}
    await place.sink.push(logged())
    assert {model for model, _ in place.places} == {"res.partner"}


async def test_a_login_that_is_not_accepted_is_told_apart() -> None:
    async with opened(f"{LOGIN}:wrong") as place:
        with pytest.raises(SinkDeniedError, match="does not accept"):
            await place.sink.push(logged())


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("odoo.exceptions.AccessError", SinkDeniedError),
        ("odoo.exceptions.ValidationError", SinkRefusedError),
        ("psycopg2.errors.SerializationFailure", SinkUnavailableError),
    ],
)
async def test_an_error_with_200_is_an_error(
    place: Place, name: str, fault: type[Exception]
) -> None:
    await place.sink.push(logged())
    error = {"code": 200, "message": "Odoo Server Error", "data": {"name": name, "message": "no"}}
    place.server.always = Answer(200, {"jsonrpc": "2.0", "id": 1, "error": error})
    with pytest.raises(fault, match=r"Odoo answered: no\."):
        await place.sink.push(logged())
