"""Contacts, leads and the users who own them out of EspoCRM.

Standards: "CRUD operations" (List) and "API search parameters" of its documentation: pages by
`offset` and `maxSize`, sorted by `modifiedAt`; times in UTC. The most that a page may have is 200
there, unless an administrator changed it (`recordListMaxSizeLimit`).

Limits: it has never met the real service. A list gives the primary address of a record only.
Records that were deleted there stay here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.sinks.crm import CrmClient
from gateway.sync.found import Found, FoundContact

PAGE: Final = 200
FIELDS: Final = (
    *("id", "name", "emailAddress", "emailAddressIsOptedOut", "assignedUserId", "accountName"),
)


class EspoSource:
    """One EspoCRM."""

    def __init__(self, client: CrmClient, *, never_log: str = "", opt_outs: bool = False) -> None:
        """Take the parts; `never_log` names a Boolean field that keeps a contact out of the log.

        With `opt_outs` a contact who opted out of email is kept out as well.
        """
        self._client = client
        self._never_log = never_log
        self._opt_outs = opt_outs

    async def read(self, mark: str) -> Found:
        """Return the contacts and leads that changed. Raises what the answers mean."""
        users = await self._list("User", "id,emailAddress", "")
        owners = {str(one["id"]): one.get("emailAddress") or "" for one in users}
        select = ",".join([*FIELDS, "modifiedAt", *filter(None, (self._never_log,))])
        rows = [row for kind in ("Contact", "Lead") for row in await self._list(kind, select, mark)]
        contacts = tuple(one for row in rows if (one := self._contact(row, owners)))
        newest = max((str(row.get("modifiedAt") or "") for row in rows), default="")
        return Found(contacts, mark=newest or mark)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _list(self, kind: str, select: str, since: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        asked: dict[str, str | int] = {"maxSize": PAGE, "select": select}
        asked |= {"orderBy": "modifiedAt", "order": "asc"}
        if since:
            asked |= {
                "where[0][type]": "greaterThanOrEquals",
                "where[0][attribute]": "modifiedAt",
                "where[0][value]": since,
            }
        while True:
            said = await self._client.call("GET", kind, params={**asked, "offset": len(found)})
            found += said["list"]
            if len(said["list"]) < PAGE:
                return found

    def _contact(self, row: Mapping[str, Any], owners: Mapping[str, str]) -> FoundContact | None:
        if not (address := str(row.get("emailAddress") or "").strip()):
            return None
        named = [self._never_log] if self._never_log else []
        named += ["emailAddressIsOptedOut"] if self._opt_outs else []
        return FoundContact(
            address=address,
            name=str(row.get("name") or "").strip(),
            owner=owners.get(str(row.get("assignedUserId") or ""), ""),
            never_log=any(bool(row.get(one)) for one in named) if named else None,
            company=str(row.get("accountName") or "").strip(),
        )
