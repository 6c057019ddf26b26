"""Contacts, leads and the users who own them out of Salesforce.

Standards: Object Reference (Contact, Lead: `Email`, `Owner.Email`, `HasOptedOutOfEmail`,
`LastModifiedDate`), SOQL Reference (dates stand without quotes), REST API Developer Guide ("Query":
2,000 records a page).

Limits: it has never met the real service. What was deleted there stays here; contacts that were
merged there stay two here, since the one that is left has one address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.sinks.salesforce_api import SalesforceApi
from gateway.sync.found import Found, FoundContact


class SalesforceSource:
    """One organisation."""

    def __init__(self, api: SalesforceApi, *, never_log: str = "", opt_outs: bool = False) -> None:
        """Take the parts; `never_log` names a checkbox that keeps a contact out of the log.

        With `opt_outs` a contact who opted out of email is kept out as well.
        """
        self._api = api
        named = [never_log] if never_log else []
        self._named = [*named, *(["HasOptedOutOfEmail"] if opt_outs else [])]

    async def read(self, mark: str) -> Found:
        """Return the contacts and leads that changed. Raises what the answers mean."""
        rows: list[dict[str, Any]] = []
        for table in ("Contact", "Lead"):
            company = "Company" if table == "Lead" else "Account.Name"
            fields = ", ".join(
                ("Name, Email, Owner.Email, LastModifiedDate", company, *self._named)
            )
            where = "WHERE Email != null"
            where += " AND IsConverted = false" if table == "Lead" else ""
            where += f" AND LastModifiedDate >= {_date(mark)}" if mark else ""
            rows += await self._api.query(f"SELECT {fields} FROM {table} {where}")
        newest = max((str(row["LastModifiedDate"] or "") for row in rows), default="")
        return Found(tuple(map(self._contact, rows)), mark=newest or mark)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    def _contact(self, row: Mapping[str, Any]) -> FoundContact:
        return FoundContact(
            address=str(row["Email"]),
            name=str(row["Name"] or "").strip(),
            owner=str((row.get("Owner") or {}).get("Email") or ""),
            never_log=any(bool(row[one]) for one in self._named) if self._named else None,
            company=str(row.get("Company") or (row.get("Account") or {}).get("Name") or "").strip(),
        )


def _date(mark: str) -> str:
    """Return a time as SOQL has it: it gives +0000, and takes Z."""
    return mark.replace("+0000", "Z")
