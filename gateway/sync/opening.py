"""Opens a source that the configuration names, by what it is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from gateway.config import settings
from gateway.handover import crm_settings
from gateway.sinks.espocrm import espo_client
from gateway.sinks.hubspot_api import hubspot_client
from gateway.sinks.odoo_api import odoo_api
from gateway.sinks.salesforce_api import SalesforceApi
from gateway.sync.csv_file import CsvSource
from gateway.sync.espocrm import EspoSource
from gateway.sync.found import Source
from gateway.sync.hubspot import HubspotSource
from gateway.sync.odoo import OdooSource
from gateway.sync.salesforce import SalesforceSource
from gateway.sync.vcard import VcardSource


def open_source(sync: settings.Sync, config: settings.Config) -> Source:
    """Return a source, ready to be read."""
    beside = config.file.parent
    if sync.kind == "csv":
        return CsvSource(beside / (sync.path or Path()))
    if sync.kind == "vcard":
        return VcardSource(beside / (sync.path or Path()))
    if sync.kind == "ldap":
        return _ldap(sync)
    sink = next(one for one in config.sinks if one.name == sync.sink)
    return crm_source(sink, never_log=sync.never_log_field, opt_outs=sync.opt_outs == "never-log")


def crm_source(sink: settings.Sink, *, never_log: str = "", opt_outs: bool = False) -> Source:
    """Return the contacts of the CRM that a sink hands over to."""
    secret, chosen = (sink.secret.reveal() if sink.secret else ""), crm_settings(sink)
    if sink.kind == "hubspot":
        client = hubspot_client(secret, chosen, _now)
        return HubspotSource(client, never_log=never_log, opt_outs=opt_outs)
    if sink.kind == "espocrm":
        client = espo_client(secret, chosen, _now)
        return EspoSource(client, never_log=never_log, opt_outs=opt_outs)
    if sink.kind == "odoo":
        return OdooSource(odoo_api(secret, chosen, _now), never_log=never_log, opt_outs=opt_outs)
    api = SalesforceApi(secret, chosen, _now)
    return SalesforceSource(api, never_log=never_log, opt_outs=opt_outs)


def _ldap(sync: settings.Sync) -> Source:
    # It takes a third of a second to import, and few need it.
    from gateway.sync.ldap import LdapSettings, LdapSource

    password = sync.secret.reveal() if sync.secret else ""
    chosen = LdapSettings(
        sync.url, sync.base, sync.filter, sync.bind, sync.start_tls, sync.timeout_s
    )
    return LdapSource(chosen, password)


def _now() -> datetime:
    return datetime.now(UTC)
