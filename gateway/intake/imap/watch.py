"""Reads one account for as long as the gateway runs, on a thread of its own.

What is new is handed to the flow as a copy that is delivered already: octets, folder, and the way
that the folder tells (sent or not). A message is marked as read when it is durable here. Where
UIDVALIDITY has changed, what came since the day before the last look is read again; the flow knows
again what it has seen.

A message that is moved is met again where it lies then: the inbox, junk and all other folders are
three paths, so one that came out of the last two is judged anew, and what is on the timeline stays.

Limits: a folder beside the inbox is looked at each minute.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from gateway.intake.backfill import Found, historic_envelope
from gateway.intake.folders import is_inbox
from gateway.intake.imap.account import Account, Mark, Marks, recall, remember
from gateway.intake.imap.inbox import Folder, Inbox, InboxDeniedError, InboxError, Letter
from gateway.model.envelope import Client, Direction, Envelope
from gateway.rules.reach import is_junk_folder

FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 900.0
LEAVE_S = 5.0
"""How long the end of a connection may take."""

Take = Callable[[Envelope], Awaitable[bool]]
"""Puts a message into the flow; returns whether it is durable."""
Say = Callable[[str], None]
"""Tells the admin of trouble, or that it is over; called on the event loop."""


@dataclass(frozen=True, slots=True)
class Ears:
    """Where what is read, and what goes wrong, is told."""

    take: Take
    trouble: Say
    connected: Callable[[], None] = lambda: None


class Watch:
    """One account that is read."""

    def __init__(self, account: Account, file: Path, ears: Ears) -> None:
        """Take the parts; what is remembered stands in `file`."""
        self._account = account
        self._file = file
        self._ears = ears
        self._ending = threading.Event()
        self._inbox: Inbox | None = None
        self._said = ""
        self._pause_s = FIRST_PAUSE_S
        self._marks = Marks()
        self._thread = threading.Thread(target=self._run, name=f"imap-{account.name}", daemon=True)

    def begin(self) -> None:
        """Read from now on; called on the event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def end(self) -> None:
        """Read no more; what is under way is finished or met again."""
        self._ending.set()
        if (inbox := self._inbox) is not None:
            inbox.wake()
        # A server that does not answer is not waited for: nothing of it is under way.
        await asyncio.to_thread(self._thread.join, LEAVE_S)

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._marks = recall(self._file)
                self._read()
            except InboxDeniedError as error:
                # Once more at once would lock the account.
                self._pause_s = LONGEST_PAUSE_S
                self._tell(str(error))
            except (InboxError, OSError, ValueError, KeyError) as error:
                self._tell(str(error) or type(error).__name__)
            except CancelledError:
                return
            self._ending.wait(self._pause_s * (0.5 + random.random() / 2))  # noqa: S311 - jitter
            self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2)

    def _read(self) -> None:
        """Read on one connection until it ends."""
        self._inbox = inbox = Inbox(self._account)
        try:
            while not self._ending.is_set():
                folders = inbox.folders()
                for folder in folders:
                    self._look(inbox, folder)
                self._keep(replace(self._marks, looked_at=datetime.now(UTC)))
                self._well()
                if self._opens_behind(inbox, folders[0]):
                    inbox.wait(self._account.poll_s, self._ending)
        finally:
            self._inbox = None
            inbox.close()

    def _look(self, inbox: Inbox, folder: Folder) -> None:
        """Take what is new in a folder."""
        known, now = self._marks.folders.get(folder.name), inbox.state_of(folder)
        if known is None and self._marks.looked_at is None and not self._account.history:
            # What lay there before is for `replygate import`.
            self._keep(self._marks.with_mark(folder.name, now))
            return
        since = None
        if known is None:
            known = Mark(now.validity, 1)
        elif known.validity != now.validity:
            known, since = Mark(now.validity, 1), self._marks.looked_at
        if known.next_uid >= now.next_uid and since is None:
            return
        inbox.look_into(folder)
        for letter in inbox.letters(known.next_uid, since):
            self._take(folder, letter)
            self._keep(self._marks.with_mark(folder.name, Mark(now.validity, letter.uid + 1)))
            if self._ending.is_set():
                return
        mark = self._marks.folders.get(folder.name, known)
        furthest = max(mark.next_uid if mark.validity == now.validity else 1, now.next_uid)
        self._keep(self._marks.with_mark(folder.name, Mark(now.validity, furthest)))

    def _opens_behind(self, inbox: Inbox, folder: Folder) -> bool:
        """Open the inbox to wait in; False when something came since it was looked at."""
        mark = inbox.look_into(folder)
        return self._marks.folders.get(folder.name) == mark

    def _take(self, folder: Folder, letter: Letter) -> None:
        if not letter.octets:
            self._tell(f"A message of {letter.size} octets in {folder.path} is left out.")
            return
        envelope = self._envelope(folder, letter)
        taking = asyncio.run_coroutine_threadsafe(_taken(self._ears.take, envelope), self._loop)
        if not taking.result():
            raise InboxError("What was read cannot be kept: neither store nor spool take it.")

    def _envelope(self, folder: Folder, letter: Letter) -> Envelope:
        """Return the envelope; the folder alone tells which way it went."""
        octets = letter.octets
        place = f"imap:{self._account.name}/{folder.path};uid={letter.uid}"
        stored_at = letter.stored_at.astimezone(UTC) if letter.stored_at else None
        path = "" if is_inbox(folder.path) else folder.path
        found = Found(place, path, lambda: octets, stored_at)
        direction = Direction.OUTGOING if folder.sent else Direction.INCOMING
        mailbox = self._account.mailbox
        now = datetime.now(UTC)
        made = historic_envelope(found, octets, direction, mailbox, now)
        route = f"{self._account.name}{_path_of(folder)}"
        return replace(made, route=route, client=Client(name=self._account.host))

    def _keep(self, marks: Marks) -> None:
        if marks.folders != self._marks.folders or marks.looked_at != self._marks.looked_at:
            remember(self._file, marks)
        self._marks = marks

    def _well(self) -> None:
        self._pause_s = FIRST_PAUSE_S
        if self._said != "well":
            self._said = "well"
            self._loop.call_soon_threadsafe(self._ears.connected)

    def _tell(self, said: str) -> None:
        """Say what is wrong, once."""
        if said != self._said and not self._ending.is_set():
            self._said = said
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._ears.trouble, said)


def _path_of(folder: Folder) -> str:
    """Return what tells the ways apart that a message may lie in one account."""
    if folder.sent or is_inbox(folder.path):
        return ""
    return "/junk" if is_junk_folder(folder.path) else "/other-folder"


async def _taken(take: Take, envelope: Envelope) -> bool:
    return await take(envelope)
