"""The files of an email in HubSpot's file manager: uploaded, and taken away again.

Standards: files guide of its documentation ("Upload a file", "Delete a file", "Changes in v3" on
duplicates). The newest page names `access` and `ttl` of the options only; should the others go
unheard, a file whose upload was cut off after the work stays there a second time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress

from gateway.interfaces import SinkRefusedError
from gateway.model.entry import Entry
from gateway.model.handover import Parcel
from gateway.model.message import Attachment
from gateway.sinks.crm import CrmClient, CrmSettings, decoded, sendable

OPTIONS = {
    # No URL shows the file, unless it is signed ("Changes in v3", access levels).
    "access": "PRIVATE",
    # A file that was uploaded before an answer was lost is found again, and not there twice.
    "duplicateValidationStrategy": "RETURN_EXISTING",
    "duplicateValidationScope": "EXACT_FOLDER",
}


class HubspotFiles:
    """Uploads into a folder for each entry."""

    def __init__(self, api: CrmClient, settings: CrmSettings) -> None:
        self._api = api
        self._settings = settings

    async def upload(self, parcel: Parcel, entry: Entry) -> dict[str, str]:
        """Return the id of each file that is there now, by the number of its part."""
        found: dict[str, str] = {}
        for one in sendable(parcel, entry, self._settings):
            # A type that the file manager does not take keeps no email from the timeline:
            # the file is named there.
            with suppress(SinkRefusedError):
                found[one.part] = await self._upload(parcel, one)
        return found

    async def remove(self, files: Sequence[str], *, erase: bool) -> None:
        """Delete files, or erase them for good; what is gone already is no fault."""
        ending = "/gdpr-delete" if erase else ""
        for number in files:
            await self._api.find("DELETE", f"/files/v3/files/{number}{ending}")

    async def _upload(self, parcel: Parcel, one: Attachment) -> str:
        # Its size is known before it goes, and it never stands in memory as a whole.
        file = await decoded(parcel, one)
        with file:
            said = await self._api.call(
                "POST",
                "/files/v3/files",
                files={"file": (f"{one.part}-{one.name or 'file'}", file, one.media_type)},
                data={
                    "folderPath": f"{self._settings.folder.rstrip('/')}/{parcel.push.entry_id}",
                    "options": json.dumps(OPTIONS),
                },
            )
        return str(said["id"])
