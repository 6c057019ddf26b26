"""Real mail, with all that is odd in it, stands on the timeline of every CRM."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.interfaces import Sink
from gateway.mail.reading import read_heading, read_message
from gateway.model.entry import AttachmentNote
from gateway.model.handover import Parcel
from gateway.sinks.espocrm import EspoSink
from gateway.sinks.hubspot import HubspotSink
from gateway.sinks.odoo import OdooSink
from gateway.sinks.salesforce import SalesforceSink
from tests.sinks import espo_server, hubspot_server, odoo_server, salesforce_server
from tests.sinks.parcels import entry, push
from tests.sinks.pushing import pushing

SAMPLE = 40
CRMS: dict[str, tuple[Callable[[], Any], Callable[..., Sink], str]] = {
    "hubspot": (hubspot_server.Hubspot, HubspotSink, hubspot_server.TOKEN),
    "espocrm": (espo_server.Espo, EspoSink, espo_server.KEY),
    "odoo": (odoo_server.Odoo, OdooSink, odoo_server.KEY),
    "salesforce": (
        salesforce_server.Salesforce,
        SalesforceSink,
        f"{salesforce_server.ID}:{salesforce_server.SECRET}",
    ),
}


def parcel(octets: bytes, number: int) -> Parcel:
    """Return what is told of a letter of the collection."""
    message = read_message(octets, read_heading(octets))
    author = message.heading.author
    name, key = (author.name, author.key) if author else ("", "")
    about = entry(
        entry_id=f"{number:016x}",
        author=key,
        author_name=name,
        subject=message.heading.subject,
        text=message.new_text,
        contacts=(key,) if "@" in key else ("carol@customer.example",),
        attachments=tuple(map(AttachmentNote, message.attachments)),
    )
    return Parcel(push(entry_id=about.entry_id), about, message, octets, {key: name})


@pytest.fixture
def letters(real_mail: Path) -> list[bytes]:
    """Return some of them, from all over the collection."""
    files = sorted(real_mail.rglob("*.eml"))
    chosen = files[:: max(1, len(files) // SAMPLE)]
    return [one.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for one in chosen]


@pytest.mark.parametrize("crm", CRMS)
async def test_every_letter_is_taken(crm: str, letters: list[bytes]) -> None:
    makes, opens, secret = CRMS[crm]
    there = makes()
    async with pushing(opens, there, secret, timeout_s=30.0) as (sink, _):
        for number, octets in enumerate(letters):
            await sink.push(parcel(octets, number))
    assert len(there.subjects()) == len(letters)
