"""Contacts and the users who own them out of Odoo.

Standards: those of the sink's `odoo_api`, ORM method `search_read`;
res.partner, res.users and mail.blacklist from its published source. Partners are read by their
number, a page after the other, so that none is missed while others are written.

Limits: it has never met the real service. Partners that were archived or deleted stay here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.sinks.odoo_api import Odoo
from gateway.sync.found import Found, FoundContact

PAGE: Final = 500
FIELDS: Final = ("name", "email_normalized", "user_id", "write_date", "commercial_company_name")


class OdooSource:
    """One database."""

    def __init__(self, api: Odoo, *, never_log: str = "", opt_outs: bool = False) -> None:
        """Take the parts; `never_log` names a Boolean field that keeps a contact out of the log.

        With `opt_outs` whoever is on the blacklist of mailings is kept out as well.
        """
        self._api = api
        self._never_log = never_log
        self._opt_outs = opt_outs

    async def read(self, mark: str) -> Found:
        """Return the partners that changed. Raises what the answers mean."""
        users = await self._pages("res.users", [], ["login"])
        owners = {one["id"]: one["login"] for one in users}
        out: set[str] = set()
        if self._opt_outs:
            out = {row["email"] for row in await self._pages("mail.blacklist", [], ["email"])}
        domain: list[Any] = [["email_normalized", "!=", False]]
        domain += [["write_date", ">=", mark]] if mark else []
        fields = [*FIELDS, *filter(None, (self._never_log,))]
        rows = await self._pages("res.partner", domain, fields)
        newest = max((str(row["write_date"] or "") for row in rows), default="")
        return Found(tuple(self._contact(row, owners, out) for row in rows), mark=newest or mark)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def _pages(self, model: str, domain: list[Any], fields: list[str]) -> list[Any]:
        found: list[Any] = []
        while True:
            last = found[-1]["id"] if found else 0
            asked: dict[str, Any] = {
                "domain": [*domain, ["id", ">", last]],
                "fields": fields,
                "order": "id",
                "limit": PAGE,
            }
            rows = await self._api.do(model, "search_read", **asked)
            found += rows
            if len(rows) < PAGE:
                return found

    def _contact(
        self, row: Mapping[str, Any], owners: Mapping[int, str], out: set[str]
    ) -> FoundContact:
        address = str(row["email_normalized"])
        says = bool(self._never_log) or self._opt_outs
        listed = (bool(self._never_log) and bool(row[self._never_log])) or address in out
        owner = row["user_id"]
        return FoundContact(
            address=address,
            name=str(row["name"] or "").strip(),
            owner=owners.get(owner[0], "") if owner else "",
            never_log=listed if says else None,
            company=str(row["commercial_company_name"] or "").strip(),
        )
