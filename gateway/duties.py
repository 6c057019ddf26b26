"""What runs behind the mail, again and again; of several workers one does it for all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from gateway.config import settings
from gateway.model.decision import Outcome, Reason
from gateway.model.policy import Policy
from gateway.notices.postman import Postman
from gateway.pipeline import Pipeline
from gateway.replay import Replayer
from gateway.rules.intake import UNANSWERED
from gateway.rules.switches import in_force
from gateway.service.clock import FILE, Watched
from gateway.store.away import AwaitedStore
from gateway.store.entries import Entries, Filters
from gateway.store.opening import Store
from gateway.store.sqlite import SqliteStore

WAITING_S = 0.2
"""How often entries that another message set waiting are judged anew."""
SPOOL_S = 5.0
SWITCHES_S = 1.0
"""How often it is seen whether switches were set over the configuration; every worker looks."""
PURGE_S = 3600.0
NOTICES_S = 5.0
PROVE_S = 300.0
"""How often copies are proved again whose keys no server answered for."""
PROVED_WITHIN = timedelta(days=2)
"""How long they are; then a person has to decide."""
PENDING_S = 60.0
"""How often it is seen whether files that are being scanned were waited for long enough."""
PENDING_WITHIN = timedelta(days=14)
"""How far back that is looked for when the daemon starts."""
LEFT_S = 300.0
"""How often it is seen whether a worker that ended has left something."""
PENDING_AGAIN = timedelta(hours=1)
"""How far a later look goes back behind the last: what lay in the spool is decided late."""


def take_up_switches(
    store: Store, pipeline: Pipeline, base: Policy, log: structlog.stdlib.BoundLogger
) -> None:
    """Let the switches hold that were set over the configuration since the last look."""
    policy = in_force(base, store.directory.switched)
    if policy != pipeline.settings.policy:
        pipeline.settings = replace(pipeline.settings, policy=policy)
        names = ",".join(one.name for one in store.directory.switched)
        log.info("policy changed", preset=policy.preset, switches=names)


class Duties:
    """The work of one gateway that no message waits for."""

    def __init__(
        self,
        store: Store,
        pipeline: Pipeline,
        config: settings.Config,
        postman: Callable[[], Postman | None],
        log: structlog.stdlib.BoundLogger,
    ) -> None:
        self.left_after: timedelta | None = None
        """After how long no worker can still be relaying a message; None where there is one."""
        self._store = store
        self._pipeline = pipeline
        self._path = config.store_path
        self._keeping = config.store
        self._postman = postman
        self._log = log
        self._patience_ended: datetime | None = None
        self._watched = Watched(config.gateway.state / FILE)

    @property
    def all(self) -> tuple[tuple[Callable[[], Awaitable[None]], float], ...]:
        """Each of them, with the seconds from its end to its next beginning."""
        return (
            (self._judge_waiting, WAITING_S),
            (self._decide_later, SPOOL_S),
            (self._purge, PURGE_S),
            (self._prove_again, PROVE_S),
            (self._end_patience, PENDING_S),
            (self.send_notices, NOTICES_S),
            (self._recover, LEFT_S),
        )

    async def send_notices(self) -> None:
        """Send the notices that are due."""
        if (postman := self._postman()) is not None and (
            taken := await postman.send_due(datetime.now(UTC))
        ):
            self._log.info("notices sent", notices=taken)

    async def end_patience(self, now: datetime) -> None:
        """Let files that are being scanned for too long count as taken away."""
        until = now - timedelta(minutes=self._pipeline.settings.policy.pending_minutes)
        since = self._patience_ended or until - PENDING_WITHIN
        replayer = self._replayer()
        for entry_id in await asyncio.to_thread(pending, self._path, since, until):
            if await replayer.end_waiting(entry_id, now) is not None:
                self._log.info("no complete copy came", entry=entry_id)
        self._patience_ended = until - PENDING_AGAIN

    def _replayer(self) -> Replayer:
        flow = self._pipeline
        return Replayer(self._store, flow.verifier, flow.settings.policy, flow.read)

    async def _judge_waiting(self) -> None:
        replayer = self._replayer()
        for change in await replayer.settle_waiting(datetime.now(UTC)):
            reason = str(change.after.reason)
            self._log.info("judged anew", entry=change.entry_id, reason=reason)

    async def _decide_later(self) -> None:
        if decided := await self._pipeline.decide_later():
            self._log.info("decided from the spool", messages=decided)

    async def _prove_again(self) -> None:
        now = datetime.now(UTC)
        replayer = self._replayer()
        for entry_id in await asyncio.to_thread(unanswered, self._path, now):
            change = await replayer.replay(entry_id, now, by="gateway")
            if change is not None and change.differs:
                self._log.info("proved later", entry=entry_id, reason=str(change.after.reason))

    async def _end_patience(self) -> None:
        await self.end_patience(datetime.now(UTC))

    async def _recover(self) -> None:
        """Mark what a worker left that ended: alone among workers, the next one cannot."""
        if self.left_after is None or not isinstance(self._store, SqliteStore | AwaitedStore):
            return
        if left := await self._store.recover(datetime.now(UTC) - self.left_after):
            self._log.warning("nobody knows whether the next hop has these", messages=left)

    async def _purge(self) -> None:
        if (ahead := await asyncio.to_thread(self._watched.look)) is not None:
            self._log.error(
                "nothing is freed: the clock has jumped",
                ahead=str(ahead.by),
                believed_in=str(ahead.believed_in),
                remedy="set the clock; if it is right, wait, or run replygate purge",
            )
            return
        now = datetime.now(UTC)
        if over := await self._store.prune(*self._keeping.over_at(now)):
            self._log.info("forgot the past", rows=over)
        if freed := await self._store.purge(now):
            self._log.info("freed what is over its time", messages=freed)


def pending(path: Path, since: datetime, until: datetime) -> list[str]:
    """Return what came between these times and waits for files that are being scanned."""
    asked = Filters(outcome=Outcome.PARTIAL, since=since, until=until, kept=True)
    with Entries(path) as entries:
        return [
            entry.entry_id
            for entry in entries.search(asked)
            if any(note.reason is Reason.ATTACHMENT_PENDING for note in entry.notes)
        ]


def unanswered(path: Path, now: datetime) -> list[str]:
    """Return the held copies for whose keys no server answered, oldest first."""
    asked = Filters(
        outcome=Outcome.HELD,
        reason=Reason.COPY_SENDER_UNVERIFIED,
        since=now - PROVED_WITHIN,
        kept=True,
    )
    with Entries(path) as entries:
        found = [
            entry.entry_id
            for entry in entries.search(asked)
            if any(UNANSWERED in answer.evidence for answer in entry.trace)
        ]
    return found[::-1]
