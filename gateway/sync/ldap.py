"""Users, mailboxes and aliases out of LDAP or Active Directory.

Standards: RFC 4511, RFC 2696 (paged results), RFC 4513 §3 (StartTLS); inetOrgPerson (RFC 2798):
`mail`, `displayName`, `cn`; `mailLocalAddress` and `mailAlternateAddress` of mail schemas;
`proxyAddresses` of Active Directory (`SMTP:` is the primary one, `smtp:` an alias) and
`userAccountControl`, whose second bit says that an account is disabled (MS-ADTS §2.2.16).

Design notes: a directory is read whole each time: what has left it can be told no other way.
"""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from gateway.sync.found import Found, FoundUser, SourceError

with warnings.catch_warnings():
    # ldap3 2.9.1 asks pyasn1 for names that it calls deprecated; neither has types.
    warnings.simplefilter("ignore", DeprecationWarning)
    ldap3: Any = import_module("ldap3")
    LDAPException: Any = import_module("ldap3.core.exceptions").LDAPException

ATTRIBUTES = (
    "mail",
    "displayName",
    "cn",
    "proxyAddresses",
    "mailLocalAddress",
    "mailAlternateAddress",
    "userAccountControl",
)
PAGE = 500
"""Entries of one page: below the 1000 that Active Directory gives at most (MaxPageSize)."""
DISABLED = 0x2


@dataclass(frozen=True, slots=True)
class LdapSettings:
    """Where the directory is, and what of it is read."""

    url: str
    base: str
    filter: str = "(mail=*)"
    bind: str = ""
    """The name that it is asked as; empty asks without one."""
    start_tls: bool = True
    timeout_s: float = 30.0


class LdapSource:
    """One directory."""

    def __init__(self, settings: LdapSettings, password: str) -> None:
        self._settings = settings
        self._password = password

    async def read(self, mark: str) -> Found:  # noqa: ARG002 - a directory is read whole
        """Return its users. Raises SourceError."""
        try:
            return await asyncio.to_thread(self._read)
        except LDAPException as error:
            raise SourceError(
                f"{self._settings.url} cannot be read: {str(error) or type(error).__name__}."
                " Check its address, the name and password to bind with, and the base."
            ) from error

    async def close(self) -> None:
        """Nothing stays open."""

    def _read(self) -> Found:
        with self._connected() as connection:
            schema = connection.server.schema
            # A schema knows its attributes only: asking for another one is an error to ldap3.
            known = [one for one in ATTRIBUTES if schema and one in schema.attribute_types]
            entries = connection.extend.standard.paged_search(
                self._settings.base,
                self._settings.filter,
                attributes=known or ["*"],
                paged_size=PAGE,
                generator=True,
            )
            users = tuple(_users(entries))
        if not users:
            raise SourceError(
                f"{self._settings.url} has nobody below {self._settings.base} that"
                f" {self._settings.filter} finds. Nothing was changed; check base and filter."
            )
        return Found(users=users)

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        """Give a connection on which the reader is known; it is closed whatever happens."""
        settings = self._settings
        server = ldap3.Server(
            settings.url,
            tls=ldap3.Tls(validate=ssl.CERT_REQUIRED),
            connect_timeout=settings.timeout_s,
            get_info=ldap3.SCHEMA,
        )
        connection = ldap3.Connection(
            server,
            user=settings.bind or None,
            password=self._password or None,
            read_only=True,
            raise_exceptions=True,
            receive_timeout=max(1, int(settings.timeout_s)),
        )
        try:
            # The schema is asked for behind the bind: before it few servers tell.
            connection.open(read_server_info=False)
            if settings.url.startswith("ldap:") and settings.start_tls:
                connection.start_tls(read_server_info=False)
            connection.bind()
            yield connection
        finally:
            left = connection.socket
            connection.unbind()
            if left is not None:
                # ldap3 leaves the socket of a server that is away open.
                left.close()


def _users(entries: Any) -> Iterator[FoundUser]:
    for entry in entries:
        if entry.get("type") != "searchResEntry":
            # A reference to another server: it is not followed.
            continue
        told: Mapping[str, Any] = entry["attributes"]
        control = next(iter(_values(told, "userAccountControl")), "0")
        if control.isdigit() and int(control) & DISABLED:
            continue
        proxies = [one.partition(":") for one in _values(told, "proxyAddresses")]
        primary = [address for kind, _, address in proxies if kind == "SMTP"]
        aliases = [address for kind, _, address in proxies if kind == "smtp"]
        addresses = [*primary, *_values(told, "mail")]
        if addresses:
            further = ("mailLocalAddress", "mailAlternateAddress")
            others = [*addresses[1:], *aliases]
            others += [one for name in further for one in _values(told, name)]
            names = [*_values(told, "displayName"), *_values(told, "cn"), ""]
            yield FoundUser(addresses[0], names[0], tuple(dict.fromkeys(others)))


def _values(told: Mapping[str, Any], name: str) -> list[str]:
    value = told.get(name) or []
    return [str(one) for one in (value if isinstance(value, list) else [value])]
