"""What sinks of CRMs share: an account at its pace, what an admin chooses, and files to upload."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

import httpx

from gateway.interfaces import SinkRefusedError, SinkUnavailableError
from gateway.mail.decode import cut
from gateway.model.entry import Entry
from gateway.model.handover import Parcel
from gateway.model.message import Address, Attachment
from gateway.sinks.http import ask, fault_of, new_client

Judge = Callable[[httpx.Response, datetime], Exception | None]
"""Says what an answer means; None when it was taken."""
Headers = Callable[[str, str], Mapping[str, str]]
"""Gives the header fields of a request, by its method and path."""


@dataclass(frozen=True, slots=True)
class CrmSettings:
    """What an admin chooses."""

    url: str
    timeout_s: float = 30.0
    create_contacts: bool = True
    attachments: bool = True
    attachment_limit: int = 20_000_000
    folder: str = "/replygate"
    """Of HubSpot: where files go."""
    deals: int = 5
    """The newest open deals that an email is tied to; where a CRM ties to one, more than 0 is."""
    requests_per_second: float = 9.0
    database: str = ""
    """Of Odoo: the database, where its server has several."""
    login: str = ""
    """Of Salesforce: the user for whom a signed assertion asks."""
    blind: bool = True
    """Whether a contact who got a message blindly has a copy of his own (D-22)."""


class CrmClient:
    """One account, at its pace."""

    def __init__(
        self,
        settings: CrmSettings,
        clock: Callable[[], datetime],
        headers: Headers,
        *,
        judge: Judge = fault_of,
        waits_s: Mapping[int, float] | None = None,
    ) -> None:
        """Take the parts; `waits_s` says how long to wait where an answer does not, by its code."""
        self._client = new_client(
            settings.timeout_s,
            base_url=settings.url,
            headers={"user-agent": "replygate"},
        )
        self._clock = clock
        self._headers = headers
        self._judge = judge
        self._waits_s = waits_s or {}
        self._gap_s = 1.0 / settings.requests_per_second
        self._next_s = 0.0

    async def call(self, method: str, place: str, *, conflict: bool = False, **options: Any) -> Any:
        """Return what is answered as JSON; empty for 409 where a `conflict` is foreseen.

        Raises what the answer means.
        """
        answer = await self.ask(method, place, **options)
        if conflict and answer.status_code == 409:
            return {}
        return self._read(answer)

    async def find(self, method: str, place: str, **options: Any) -> Any:
        """Return what is answered, or None for what is not there (404)."""
        answer = await self.ask(method, place, **options)
        return None if answer.status_code == 404 else self._read(answer)

    async def ask(self, method: str, place: str, **options: Any) -> httpx.Response:
        """Return an answer, whatever its code, when it is our turn."""
        now = asyncio.get_running_loop().time()
        turn = self._next_s = max(now, self._next_s + self._gap_s)
        if turn > now:
            await asyncio.sleep(turn - now)
        headers = {**self._headers(method, place), **options.pop("headers", {})}
        return await ask(self._client, method, place, headers=headers, **options)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _read(self, answer: httpx.Response) -> Any:
        fault = self._judge(answer, self._clock())
        if isinstance(fault, SinkUnavailableError) and fault.retry_after_s is None:
            fault.retry_after_s = self._waits_s.get(answer.status_code)
        if fault is not None:
            raise fault
        if not answer.content:
            return {}
        try:
            return answer.json()
        except ValueError as error:
            said = f"{answer.request.url.host} answered {answer.status_code} with no JSON."
            raise SinkRefusedError(said) from error


def sendable(parcel: Parcel, entry: Entry, settings: CrmSettings) -> Iterator[Attachment]:
    """Yield the files of an entry that are to be uploaded."""
    if not settings.attachments or not parcel.octets:
        return
    for note in entry.attachments:
        one = note.attachment
        if note.reason is None and one.chain and one.size <= settings.attachment_limit:
            yield one


async def decoded(parcel: Parcel, one: Attachment) -> IO[bytes]:
    """Return a file, decoded, outside of memory; whoever takes it closes it."""
    return await asyncio.to_thread(_decoded, parcel, one)


def _decoded(parcel: Parcel, one: Attachment) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever uploads it closes it
    for window in cut(parcel.octets, one.chain):
        file.write(window)
    file.seek(0)
    return file


def told_text(entry: Entry, parts: Sequence[str], limit: int) -> str:
    """Return the text of an entry within a limit, with the names of files that are not there.

    `parts` are the numbers of those that are.
    """
    left = [n.attachment.name for n in entry.attachments if n.attachment.part not in parts]
    note = f"\n\n[Not handed over: {', '.join(left)}]" if left else ""
    return whole((entry.text[: max(0, limit - len(note))] + note)[:limit])


def names_of(name: str) -> tuple[str, str]:
    """Return first and last name; a single word is a first name."""
    first, _, last = name.strip().rpartition(" ")
    return whole(first or last), whole(last if first else "")


def shown(address: Address) -> str:
    """Return an address with its name in front, where it has one."""
    key = address.key or address.addr_spec
    name = whole(address.name.replace('"', "").replace(";", " ").strip())
    return f"{name} <{key}>" if name else key


def whole(value: str) -> str:
    """Return text that is UTF-8: odd mail may hold half a character."""
    return value.encode("utf-8", "replace").decode()
