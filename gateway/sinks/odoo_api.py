"""Calls of Odoo: by its JSON-2 API as of version 19, or by JSON-RPC, which older ones speak.

Standards: "External JSON-2 API" of its documentation for version 19; "External API" of the
versions before (services `common` and `object`: `authenticate`, `execute_kw`), spoken over
`/jsonrpc`, which is to be removed in Odoo 22. There an error comes with 200, named by the exception
of the server.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from gateway.interfaces import SinkDeniedError, SinkRefusedError, SinkUnavailableError
from gateway.sinks.crm import CrmClient, CrmSettings

DENIED = frozenset({"AccessDenied", "AccessError"})
REFUSED = frozenset(
    {"ValidationError", "UserError", "MissingError", "ValueError", "TypeError", "KeyError"}
)
"""What no later attempt changes; all else, such as SerializationFailure, may pass."""
NO_MODEL = ("doesn't exist", "does not exist")


class Odoo(Protocol):
    """One database, whatever is spoken to it."""

    async def do(self, model: str, method: str, **arguments: Any) -> Any:
        """Return what a method of a model returns; all arguments are named.

        Raises what the answer means.
        """
        ...

    async def do_if_there(self, model: str, method: str, **arguments: Any) -> Any:
        """Return the same, or None where that model is not installed."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


def odoo_api(secret: str, settings: CrmSettings, clock: Callable[[], datetime]) -> Odoo:
    """Return the API of one database: by an API key, or by `login:key` where it is older."""
    login, _, key = secret.strip().rpartition(":")
    if login:
        return OdooRpc(login, key, settings, clock)
    return OdooJson2(key, settings, clock)


class OdooJson2:
    """Odoo 19 and newer."""

    def __init__(self, key: str, settings: CrmSettings, clock: Callable[[], datetime]) -> None:
        headers = {"authorization": f"bearer {key}"}
        if settings.database:
            headers["x-odoo-database"] = settings.database
        self._client = CrmClient(_at(settings, "json/2/"), clock, lambda *_: headers)

    async def do(self, model: str, method: str, **arguments: Any) -> Any:
        """Return what a method returns. Raises what the answer means."""
        return await self._client.call("POST", f"{model}/{method}", json=arguments)

    async def do_if_there(self, model: str, method: str, **arguments: Any) -> Any:
        """Return the same, or None where that model is not installed."""
        return await self._client.find("POST", f"{model}/{method}", json=arguments)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


class OdooRpc:
    """Odoo before version 19."""

    def __init__(
        self, login: str, key: str, settings: CrmSettings, clock: Callable[[], datetime]
    ) -> None:
        self._login, self._key, self._database = login, key, settings.database
        self._client = CrmClient(_at(settings, ""), clock, lambda *_: {})
        self._user = 0

    async def do(self, model: str, method: str, **arguments: Any) -> Any:
        """Return what a method returns. Raises what the answer means."""
        if not self._user:
            # False stands for a login that is not accepted.
            known = await self._call(
                "common", "authenticate", self._database, self._login, self._key, {}
            )
            self._user = int(known or 0)
        if not self._user:
            raise SinkDeniedError(
                f"Odoo does not accept {self._login}. Check the credential of this sink, and the"
                f" database {self._database}."
            )
        # The records that a method works on are its first argument.
        ids = [arguments.pop("ids")] if "ids" in arguments else []
        asked = (self._database, self._user, self._key, model, method, ids, arguments)
        return await self._call("object", "execute_kw", *asked)

    async def do_if_there(self, model: str, method: str, **arguments: Any) -> Any:
        """Return the same, or None where that model is not installed."""
        try:
            return await self.do(model, method, **arguments)
        except SinkRefusedError as error:
            if model in str(error) and any(words in str(error) for words in NO_MODEL):
                return None
            raise

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _call(self, service: str, method: str, *args: Any) -> Any:
        asked = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "call",
            "params": {"service": service, "method": method, "args": list(args)},
        }
        said = await self._client.call("POST", "jsonrpc", json=asked)
        if "error" in said:
            raise _fault(said["error"])
        return said.get("result")


def _fault(error: dict[str, Any]) -> Exception:
    """Return what an error of the server means for the push."""
    told = error.get("data") or {}
    name = str(told.get("name", "")).rpartition(".")[2]
    message = " ".join(str(told.get("message") or error.get("message") or "no words").split())[:300]
    said = f"Odoo answered: {message.rstrip('.')}."
    if name in DENIED:
        return SinkDeniedError(f"{said} Check the credential of this sink and what it permits.")
    if name in REFUSED:
        return SinkRefusedError(said)
    return SinkUnavailableError(said, everything=False)


def _at(settings: CrmSettings, place: str) -> CrmSettings:
    return CrmSettings(
        f"{settings.url.rstrip('/')}/{place}",
        timeout_s=settings.timeout_s,
        requests_per_second=settings.requests_per_second,
    )
