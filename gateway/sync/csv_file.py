"""Contacts out of a CSV file with a heading, as spreadsheets and CRMs write it.

Columns: address, name, owner, company, further (separated by blanks or semicolons), never_log (yes
or no).
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Mapping
from pathlib import Path

from gateway.sync.found import Found, FoundContact, SourceError

ADDRESS_COLUMNS = ("address", "email", "e-mail", "email address", "e-mail address", "mail")
NAME_COLUMNS = ("name", "full name", "display name")
FURTHER_COLUMNS = ("further", "other", "other addresses", "additional email addresses")
OWNER_COLUMNS = ("owner", "contact owner")
COMPANY_COLUMNS = ("company", "company name", "organization", "organisation", "account name")
NEVER_LOG_COLUMNS = ("never_log", "never log", "never-log")
_YES = frozenset({"yes", "true", "1", "x", "y"})


class CsvSource:
    """One file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def read(self, mark: str) -> Found:  # noqa: ARG002 - a file is read whole
        """Return all of its rows. Raises SourceError."""
        return await asyncio.to_thread(self._read)

    async def close(self) -> None:
        """Nothing stays open."""

    def _read(self) -> Found:
        try:
            with self._path.open(encoding="utf-8-sig", errors="replace", newline="") as text:
                heading = text.readline()
                text.seek(0)
                delimiter = max(",;\t", key=heading.count)
                reader = csv.DictReader(text, delimiter=delimiter)
                named = {(name or "").strip().casefold(): name for name in reader.fieldnames or ()}
                if not any(column in named for column in ADDRESS_COLUMNS):
                    raise SourceError(
                        f'{self._path}:1: the heading of a CSV file must name "address".'
                    )
                rows = [(number, _contact(row, named)) for number, row in enumerate(reader, 2)]
        except (OSError, csv.Error) as error:
            raise SourceError(f"{self._path} cannot be read: {error}.") from error
        bad = [number for number, one in rows if "@" not in one.address]
        faults = tuple(f"{self._path}:{number}: there is no address." for number in bad)
        return Found(tuple(one for _, one in rows if "@" in one.address), faults=faults)


def _contact(row: Mapping[str, str | None], named: Mapping[str, str]) -> FoundContact:
    listed = _cell(row, named, NEVER_LOG_COLUMNS)
    says = any(column in named for column in NEVER_LOG_COLUMNS)
    return FoundContact(
        address=_cell(row, named, ADDRESS_COLUMNS),
        name=_cell(row, named, NAME_COLUMNS),
        owner=_cell(row, named, OWNER_COLUMNS),
        further=tuple(_cell(row, named, FURTHER_COLUMNS).replace(";", " ").split()),
        never_log=listed.casefold() in _YES if says else None,
        company=_cell(row, named, COMPANY_COLUMNS),
    )


def _cell(row: Mapping[str, str | None], named: Mapping[str, str], columns: tuple[str, ...]) -> str:
    found = (row.get(named[column]) for column in columns if column in named)
    return next((str(value).strip() for value in found if value), "")
