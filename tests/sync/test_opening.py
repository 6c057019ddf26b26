"""Each kind of source of a configuration opens as what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.load import parse_config
from gateway.sync.csv_file import CsvSource
from gateway.sync.espocrm import EspoSource
from gateway.sync.hubspot import HubspotSource
from gateway.sync.ldap import LdapSource
from gateway.sync.odoo import OdooSource
from gateway.sync.opening import open_source
from gateway.sync.salesforce import SalesforceSource
from gateway.sync.vcard import VcardSource
from tests.config.least import LEAST

URL = 'url = "https://crm.example.com"\n'
CASES = {
    "hubspot": HubspotSource,
    "espocrm": EspoSource,
    "odoo": OdooSource,
    "salesforce": SalesforceSource,
}


@pytest.mark.parametrize("kind", CASES)
async def test_the_crm_of_a_sink_is_read(kind: str) -> None:
    sink = f'[[sink]]\nname = "crm"\nkind = "{kind}"\n{URL}'
    text = f'{LEAST}{sink}[[sync]]\nname = "people"\nkind = "crm"\nsink = "crm"\n'
    secret = {"REPLYGATE_SINK_CRM": "key" if kind == "odoo" else "id:secret"}
    config = parse_config(text, Path("replygate.toml"), secret)
    source = open_source(config.syncs[0], config)
    assert isinstance(source, CASES[kind])
    await source.close()


@pytest.mark.parametrize(
    ("rest", "kind"),
    [
        ('kind = "csv"\npath = "x.csv"\n', CsvSource),
        ('kind = "vcard"\npath = "x.vcf"\n', VcardSource),
        ('kind = "ldap"\nurl = "ldaps://dc.example.com"\nbase = "dc=x"\n', LdapSource),
    ],
)
async def test_a_file_and_a_directory_are_read(rest: str, kind: type) -> None:
    config = parse_config(f'{LEAST}[[sync]]\nname = "people"\n{rest}', Path("replygate.toml"), {})
    source = open_source(config.syncs[0], config)
    assert isinstance(source, kind)
    await source.close()
