"""Logs entries in the chatter of Odoo: a mail.message on each record that an entry concerns.

The records are the partners of the contacts, their companies, and their newest open leads or
opportunities. A message of ours is known there by its `message_id`, which is made of the entry and
the record. It is created and not posted: posting would notify followers, by mail.

Standards: those of `odoo_api` (one call, one transaction; an API key lives three months at most);
the ORM methods `search_read`, `create`, `write`, `unlink`, `fields_get`; the fields of mail.message
and ir.attachment from its published source. A key needs rights on contacts, CRM and messages of
the records that it writes to.

Limits: it was tested against a stand-in that was written from that documentation, and has never
met the real service. Messages are marked as internal, so that no portal shows them. There are no
sequences in its standard applications. A file is sent in base64 inside JSON, and stands in memory
as a whole.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from gateway.interfaces import SinkRefusedError
from gateway.model.entry import Entry
from gateway.model.envelope import Direction
from gateway.model.handover import Kind, Parcel, Showing
from gateway.model.message import Address
from gateway.sinks.crm import CrmSettings, decoded, sendable, shown, told_text, whole
from gateway.sinks.odoo_api import odoo_api

TEXT_LIMIT: Final = 1_000_000
_ADDRESS_FIELDS: Final = ("incoming_email_to", "incoming_email_cc", "outgoing_email_to")
"""Of mail.message; which of them there are depends on the version."""
_EMPTY: Final = {"subject": "", "body": "", "email_from": ""}


@dataclass(frozen=True, slots=True)
class _Record:
    """What a message stands on."""

    model: str
    number: int

    def message_id(self, name: str) -> str:
        """Return the Message-ID that the message of a showing has on this record."""
        return f"<{name}.{self.model}.{self.number}@replygate>"


class OdooSink:
    """The chatter of one Odoo database."""

    def __init__(
        self, name: str, key: str, settings: CrmSettings, *, clock: Callable[[], datetime]
    ) -> None:
        """Take the parts; the secret is an API key, or `login:key` before version 19."""
        self.name = name
        self._settings = settings
        self._api = odoo_api(key, settings, clock)
        self._fields: frozenset[str] = frozenset()
        self._subtype = 0
        self._outgoing = "email"
        self._authors: dict[str, int] = {}

    async def push(self, parcel: Parcel) -> str:
        """Tell one event; return the ids of its messages. Raises what the answers mean."""
        kind, entry = parcel.push.kind, parcel.entry
        if kind in {Kind.REMOVED, Kind.ERASED}:
            await self._remove(parcel.push.entry_id, erase=kind is Kind.ERASED)
            return ""
        if kind is Kind.UNENROLLED or entry is None:
            return ""
        await self._make_ready()
        there = await self._known(parcel.push.entry_id)
        files: dict[str, int] | None = None
        stays: list[int] = []
        for one in parcel.showings(blind=self._settings.blind):
            for record in await self._records(one, parcel):
                if files is None:
                    files = await self._upload(parcel, entry, record)
                values = await self._values(parcel, entry, files)
                number = there.get(record.message_id(one.name))
                stays.append(await self._write(record, one.name, values, number))
        if gone := sorted(set(there.values()) - set(stays)):
            # It stands on records that the entry does not concern any more: a contact was merged.
            await self._do("mail.message", "unlink", ids=gone)
        return " ".join(map(str, stays))

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def _make_ready(self) -> None:
        """Learn which fields a message has, and the subtype of discussions; once."""
        if self._fields:
            return
        said = await self._do("mail.message", "fields_get", attributes=["type", "selection"])
        domain = [["res_model", "=", False], ["internal", "=", False], ["default", "=", True]]
        kinds = await self._read("mail.message.subtype", domain, ["id"], order="sequence, id")
        self._subtype = kinds[0]["id"] if kinds else 0
        kinds_of_message = dict(said["message_type"].get("selection") or ())
        self._outgoing = "email_outgoing" if "email_outgoing" in kinds_of_message else "email"
        self._fields = frozenset(said)

    async def _known(self, entry_id: str) -> dict[str, int]:
        """Return the messages of an entry that are there, by their Message-IDs."""
        # An entry id is hexadecimal: it holds no wildcard.
        domain = [["message_id", "=like", f"<{entry_id}%@replygate>"]]
        found = await self._read("mail.message", domain, ["message_id"], limit=1000)
        return {one["message_id"]: one["id"] for one in found}

    async def _records(self, one: Showing, parcel: Parcel) -> list[_Record]:
        """Return what the message of a showing stands on."""
        partners = [found for key in one.contacts if (found := await self._partner(key, parcel))]
        records = [_Record("res.partner", partner["id"]) for partner in partners]
        if not one.blind:
            # A company and an opportunity show their messages to others.
            parents = [partner["parent_id"] for partner in partners if partner["parent_id"]]
            records += [_Record("res.partner", parent[0]) for parent in parents]
            records += await self._leads([partner["id"] for partner in partners])
        return list(dict.fromkeys(records))

    async def _partner(self, key: str, parcel: Parcel) -> dict[str, Any] | None:
        """Return a partner, found by the address or made; None where policy makes none."""
        domain = [["email_normalized", "=", key]]
        found = await self._read("res.partner", domain, ["parent_id"], limit=1, order="id")
        if found:
            return dict(found[0])
        if not self._settings.create_contacts:
            return None
        values = {"name": whole(parcel.names.get(key, "")) or key, "email": key}
        (number,) = await self._do("res.partner", "create", vals_list=[values])
        return {"id": number, "parent_id": False}

    async def _leads(self, partners: Sequence[int]) -> list[_Record]:
        """Return the newest open leads and opportunities; none where CRM is not installed."""
        if not self._settings.deals or not partners:
            return []
        asked: dict[str, Any] = {
            "domain": [["partner_id", "in", list(partners)], ["probability", "<", 100]],
            "fields": ["id"],
            "order": "create_date desc",
            "limit": self._settings.deals,
        }
        found = await self._api.do_if_there("crm.lead", "search_read", **asked)
        return [_Record("crm.lead", one["id"]) for one in found or []]

    async def _author(self, key: str) -> int:
        """Return the partner who wrote it, a user's first; 0 where nobody is known there."""
        if key not in self._authors:
            users = await self._read("res.users", [["login", "=", key]], ["partner_id"], limit=1)
            if users:
                self._authors[key] = users[0]["partner_id"][0]
            else:
                domain = [["email_normalized", "=", key]]
                found = await self._read("res.partner", domain, ["id"], limit=1, order="id")
                if not found:
                    return 0
                self._authors[key] = found[0]["id"]
        return self._authors[key]

    async def _values(self, parcel: Parcel, entry: Entry, files: dict[str, int]) -> dict[str, Any]:
        """Return the values of the message, but where it stands."""
        incoming = entry.direction is Direction.INCOMING
        author = await self._author(entry.author) or False
        text = told_text(entry, list(files), TEXT_LIMIT)
        addresses = _addresses(parcel, incoming=incoming)
        named = {name: told for name, told in addresses.items() if name in self._fields}
        rest = [told for name, told in addresses.items() if name not in self._fields and told]
        head = f"<p>{escape('; '.join(rest))}</p>" if rest else ""
        return {
            "message_type": "email" if incoming else self._outgoing,
            "subtype_id": self._subtype or False,
            "is_internal": True,
            "subject": whole(entry.subject),
            "date": entry.received_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
            "email_from": shown(Address(entry.author, entry.author_name, entry.author)),
            "author_id": author,
            "body": head + "<p>" + escape(text).replace("\n", "<br>") + "</p>",
            # "Replace the set of linked records by these" (ORM, command 6).
            "attachment_ids": [[6, 0, sorted(files.values())]],
            **named,
        }

    async def _write(
        self, record: _Record, name: str, values: dict[str, Any], number: int | None
    ) -> int:
        """Write the message on one record; return its id."""
        if number is not None:
            await self._do("mail.message", "write", ids=[number], vals=values)
            return number
        place = {"model": record.model, "res_id": record.number}
        known = {"message_id": record.message_id(name)}
        (made,) = await self._do("mail.message", "create", vals_list=[values | place | known])
        return int(made)

    async def _upload(self, parcel: Parcel, entry: Entry, record: _Record) -> dict[str, int]:
        """Upload what is not there yet; return the id of each file by the number of its part."""
        mark = f"replygate {parcel.push.entry_id} "
        domain = [["description", "=like", f"{mark}%"]]
        found = await self._read("ir.attachment", domain, ["description"], limit=1000)
        there = {one["description"].removeprefix(mark): one["id"] for one in found}
        for one in sendable(parcel, entry, self._settings):
            if one.part in there:
                continue
            with await decoded(parcel, one) as file:
                octets = base64.b64encode(file.read()).decode()
            values = {
                "name": whole(one.name) or "file",
                "mimetype": one.media_type,
                "datas": octets,
                "description": mark + one.part,
                "res_model": record.model,
                "res_id": record.number,
            }
            try:
                (number,) = await self._do("ir.attachment", "create", vals_list=[values])
            except SinkRefusedError:
                # What is not taken keeps no message from the timeline: it is named there.
                continue
            there[one.part] = number
        return there

    async def _remove(self, entry_id: str, *, erase: bool) -> None:
        """Delete the messages of an entry and its files; what is gone already is no fault."""
        if numbers := sorted((await self._known(entry_id)).values()):
            if erase:
                await self._do("mail.message", "write", ids=numbers, vals=_EMPTY)
            await self._do("mail.message", "unlink", ids=numbers)
        domain = [["description", "=like", f"replygate {entry_id} %"]]
        found = await self._read("ir.attachment", domain, ["id"], limit=1000)
        if files := [one["id"] for one in found]:
            await self._do("ir.attachment", "unlink", ids=files)

    async def _read(
        self, model: str, domain: list[Any], fields: list[str], *, limit: int = 100, order: str = ""
    ) -> list[Any]:
        asked = {"domain": domain, "fields": fields, "limit": limit}
        return list(
            await self._do(model, "search_read", **asked, **({"order": order} if order else {}))
        )

    async def _do(self, model: str, method: str, **arguments: Any) -> Any:
        return await self._api.do(model, method, **arguments)


def _addresses(parcel: Parcel, *, incoming: bool) -> dict[str, str]:
    """Return To and Cc, by the fields of mail.message; nothing where the message is gone."""
    heading = parcel.message.heading if parcel.message else None
    if heading is None:
        return {}
    to, cc = (", ".join(map(shown, some)) for some in (heading.to, heading.cc))
    if incoming:
        return {"incoming_email_to": to, "incoming_email_cc": cc}
    return {"outgoing_email_to": ", ".join(filter(None, (to, cc)))}
