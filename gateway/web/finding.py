"""Finds words in the record by its index, and keeps the index at the heels of the record.

Limits: what is changed by a command of another process (another reason after a replay) is found
under its old reason until the next look, some minutes later; what is erased is gone at once.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from functools import partial

from gateway.config.settings import Config
from gateway.interfaces import StoreBusyError
from gateway.store.rows import FOREVER, micros
from gateway.store.search_index import (
    Finders,
    SearchIndex,
    Spoken,
    document_at,
    of_contact,
    of_mailbox,
    of_user,
)
from gateway.store.speech import Speech
from gateway.store.terms import asked_of, folded, longer_runs
from gateway.store.views import Line, Views, Wanted
from gateway.web.desk import Visit
from gateway.web.vault_file import VaultFile
from gateway.web.viewer import Viewer
from gateway.words.reasons import reason_called

HITS = 50
MOST_LOOKED_AT = 4_000
"""Hits that one search looks at before it asks whether to look further back."""
STRETCH = 250
MOST_TERMS = 40
"""Terms of one question; what goes beyond is not asked for."""
OWNED_LIMIT = 500
"""A user with more contacts of his own finds by the stretch what others wrote with them."""
AGAIN = 500
"""Newest entries that are looked at again: their decision may be another one by now."""
BATCH = 500
AT_ONCE = 4 * BATCH
"""What a search indexes by itself before it looks; more is left to the thread behind."""
PAUSE_S = 2.0
SWEEP_S = 600.0
SWEEP_DAYS = 30
"""How far back a decision may have changed by another process; older mail is seldom kept."""
Found = list[tuple[Line, str]]


def find(visit: Visit, text: str, wanted: Wanted, after: str = "") -> tuple[Found, str]:
    """Return what holds all the words, newest first, and where to go on; empty at the end."""
    views, viewer = visit.views, visit.viewer
    if (reason := reason_called(text)) is not None:
        # Its code is indexed, whatever language it is called in.
        text = reason.value
    asked, runs = asked_of(text)[:MOST_TERMS], longer_runs(text)
    if not asked:
        return [], ""
    document = int(after) if after.isdecimal() and len(after) < 19 else FOREVER
    if wanted.until is not None:
        document = min(document, document_at(micros(wanted.until)))
    since = document_at(micros(wanted.since)) if wanted.since else 0
    found: Found = []
    with SearchIndex(visit.config.gateway.state) as index:
        for _ in range(MOST_LOOKED_AT // STRETCH):
            hits = index.find(
                asked, finders(views, viewer), after=document, since=since, count=STRETCH
            )
            lines = views.told([entry for _, entry in hits], wanted, viewer.scope) if hits else {}
            for document, entry in hits:
                if entry in lines and _holds(views, viewer, lines[entry], runs):
                    found.append(lines[entry])
                    if len(found) == HITS:
                        return found, str(document)
            if len(hits) < STRETCH:
                return found, ""
    return found, str(document)


def finders(views: Views, viewer: Viewer) -> Finders | None:
    """Return whose mail may be found; None is everybody's."""
    if viewer.scope is None:
        return None
    owned = views.owned(viewer.key, OWNED_LIMIT + 1)
    boxes = map(of_mailbox, viewer.mailboxes)
    contacts = map(of_contact, owned[:OWNED_LIMIT])
    return Finders(of_user(viewer.key), (*boxes, *contacts))


def excerpt(text: str, words: Iterable[str], around: int = 90) -> str:
    """Return where the first of the words stands, with what is around it."""
    flat = " ".join(text.split())
    lower = flat.casefold()
    places = [place for word in words if (place := lower.find(folded(word))) >= 0]
    start = max(min(places, default=0) - around, 0)
    cut = flat[start : start + 2 * around]
    return f"{'…' if start else ''}{cut}{'…' if start + 2 * around < len(flat) else ''}"


def _holds(views: Views, viewer: Viewer, told: tuple[Line, str], runs: tuple[str, ...]) -> bool:
    """Whether the words that are cut into pairs stand there whole."""
    line, said = told
    missing = [
        run
        for run in runs
        if run not in folded(f"{line.subject} {said} {line.author_name} {line.author}")
    ]
    if not missing:
        return True
    if not viewer.is_admin and line.user != viewer.key:
        return False
    names = folded(" ".join(views.names_of(line.entry_id)))
    return all(run in names for run in missing)


def catch_up(config: Config, most: int = AT_ONCE) -> bool:
    """Index what is new, and then what is older than all; return whether nothing is left."""
    with SearchIndex(config.gateway.state) as index, Speech(config.store_path) as speech:
        done = 0
        while done < most:
            count = index.put(lambda: _new(index, speech)) or index.put(lambda: _old(index, speech))
            if not count:
                return True
            done += count
    return False


def sweep(config: Config, since: datetime) -> None:
    """Take out what is kept no longer, and index anew what was decided otherwise since."""
    with SearchIndex(config.gateway.state) as index, Speech(config.store_path) as speech:
        index.expire()
        reach = index.reach()
        last = max(reach[0], speech.first_since(since)) - 1 if reach else FOREVER
        while stretch := speech.held(last, FOREVER, BATCH):
            index.put(partial(_changed, index, speech, stretch))
            last = stretch[-1][0]


def touch(config: Config, entry_ids: Iterable[str]) -> None:
    """Index anew what somebody just changed."""
    numbers = [int(entry_id, 16) for entry_id in entry_ids]
    if numbers:
        with SearchIndex(config.gateway.state) as index, Speech(config.store_path) as speech:
            index.put(lambda: speech.these(numbers))


def _new(index: SearchIndex, speech: Speech) -> Iterable[Spoken]:
    """Return what is new, or newly decided, at the upper end."""
    reach = index.reach(AGAIN)
    if reach is None:
        return speech.before(FOREVER, BATCH)
    return _changed(index, speech, speech.held(reach[1] - 1, FOREVER, AGAIN + BATCH))


def _old(index: SearchIndex, speech: Speech) -> Iterable[Spoken]:
    """Return what is older than all that is indexed."""
    reach = index.reach()
    return speech.before(reach[0], BATCH) if reach else ()


def _changed(
    index: SearchIndex, speech: Speech, stretch: Sequence[tuple[int, int]]
) -> Iterable[Spoken]:
    """Return what of a stretch is not indexed by the decision that holds."""
    known = index.holds([entry for entry, _ in stretch])
    due = [entry for entry, holds in stretch if known.get(entry) != holds]
    return speech.these(due[:BATCH]) if due else ()


class Following(threading.Thread):
    """Follows the record, until the pages end; mail goes first."""

    def __init__(self, config: Config) -> None:
        super().__init__(name="search index", daemon=True)
        self._config = config
        self._ending = threading.Event()

    def run(self) -> None:
        """Index, wait, and index again; a record that is busy is asked again."""
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        # Whoever closes a file as the last one has its log written back and synced, and letters
        # would wait for the disk: one connection to each stays open.
        with ExitStack() as kept:
            while not self._ending.is_set():
                with suppress(StoreBusyError):
                    kept.enter_context(SearchIndex(self._config.gateway.state))
                    kept.enter_context(VaultFile(self._config.gateway.state, ""))
                    break
                self._ending.wait(PAUSE_S)
            self._follow()

    def _follow(self) -> None:
        until_sweep = 0.0
        while not self._ending.is_set():
            try:
                all_done = catch_up(self._config, BATCH)
                if all_done and until_sweep <= 0:
                    sweep(self._config, datetime.now(UTC) - timedelta(days=SWEEP_DAYS))
                    until_sweep = SWEEP_S
            except StoreBusyError:
                all_done = True
            pause = PAUSE_S if all_done else 0.02
            until_sweep -= pause
            self._ending.wait(pause)

    def end(self) -> None:
        """Stop, and wait until it has."""
        self._ending.set()
        self.join()
