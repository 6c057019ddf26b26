"""Reads `[web]`: where the pages are, and that nobody signs in over an open network."""

from __future__ import annotations

from importlib.util import find_spec
from ipaddress import ip_address
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.config.settings import Web
from gateway.config.tables import Table, Tables

_PATH = ("web",)


def read_web(tables: Tables, table: Table) -> Web | None:
    """Return the settings of the pages, or None when one of them is wrong."""
    web = tables.settings(Web, table, _PATH)
    if web is None:
        return None
    url = urlsplit(web.public_url)
    if web.public_url and (url.scheme not in {"http", "https"} or not url.netloc or url.path):
        problem = "a scheme and a host are expected, such as https://timeline.example.com."
        tables.say((*_PATH, "public_url"), f"[web] public_url: {problem}")
    elif not web.secure and not _is_loopback(web.address.host):
        problem = (
            f"passwords would cross the network to {web.address.host} in the clear. Listen on"
            " 127.0.0.1 behind a proxy that speaks HTTPS, and name it in public_url."
        )
        tables.say((*_PATH, "address"), f"[web] address: {problem}")
    if not known_zone(web.time_zone):
        problem = f'"{web.time_zone}" is no time zone. Write one as IANA does, such as Asia/Tokyo.'
        tables.say((*_PATH, "time_zone"), f"[web] time_zone: {problem}")
    _look_at_provider(tables, web)
    return web


def known_zone(name: str) -> bool:
    """Whether there is a time zone of this name."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return True


def _look_at_provider(tables: Tables, web: Web) -> None:
    """Say what is wrong with the OpenID provider."""
    url = urlsplit(web.issuer)
    is_open = url.scheme == "http" and not _is_loopback(url.hostname or "")
    if web.issuer and (url.scheme not in {"http", "https"} or not url.netloc or is_open):
        problem = "an https address is expected, such as https://login.example.com."
        tables.say((*_PATH, "issuer"), f"[web] issuer: {problem}")
    elif bool(web.issuer) != bool(web.client_id):
        missing = "client_id" if web.issuer else "issuer"
        problem = "a provider needs both issuer and client_id."
        tables.say((*_PATH, missing), f"[web] {missing}: {problem}")
    elif web.issuer and find_spec("joserfc") is None:
        problem = "this needs the extra oidc: pip install 'replygate[oidc]'."
        tables.say((*_PATH, "issuer"), f"[web] issuer: {problem}")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
