"""Files notices beside the mail; a stop waits for what is being filed.

Limits: a crash between the client's 250 and the commit of a notice loses it; the entry stands, and
`replygate held` and the weekly digest tell of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from gateway.interfaces import Passage, StoreBusyError
from gateway.notices.postman import Postman


class Filing:
    """What is being filed."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say = say
        """Says that a notice could not be kept."""
        self._under_way: set[asyncio.Task[None]] = set()

    def begin(self, postman: Postman, passage: Passage, now: datetime) -> None:
        """Keep the notices that a message calls for, without holding up who calls."""
        task = asyncio.ensure_future(self._file(postman, passage, now))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def finish(self) -> None:
        """Wait until all is kept that was begun; nothing is begun meanwhile."""
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def _file(self, postman: Postman, passage: Passage, now: datetime) -> None:
        try:
            await postman.file(passage, now)
        except StoreBusyError as error:
            self._say(str(error))
