"""What a gateway does beside the mail while its store is away, and so that it can be.

A store that cannot be opened keeps nobody from starting: mail flows, and is decided later (D-3). It
is tried again until it can. One of a newer version is another matter, and is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import structlog

from gateway.config import settings
from gateway.interfaces import StoreBusyError
from gateway.model.directory import Directory
from gateway.store.away import AwaitedStore
from gateway.store.database import StoreVersionError
from gateway.store.directory import Configured
from gateway.store.lists import keep, last_known
from gateway.store.opening import Store, open_store

AGAIN_S = 2.0
"""How often a store that is away is tried, and changed lists are kept."""


def open_or_await(config: settings.Config, *, shared: bool) -> Store:
    """Open the store of the configuration, or what stands in for it. Raises StoreVersionError."""
    domains, path = frozenset(config.gateway.domains), config.store_path
    opening = partial(
        open_store,
        path,
        domains=domains,
        logging_addresses=config.addresses,
        crm_logins=config.crm_logins,
        shared=shared,
    )
    try:
        return opening()
    except StoreBusyError as error:
        configured = Configured(domains, tuple(config.addresses), config.crm_logins)
        return AwaitedStore(opening, last_known(path, configured), error)


class Standby:
    """Work beside the mail that waits for the store."""

    def __init__(self, store: Store, path: Path, log: structlog.stdlib.BoundLogger) -> None:
        self._store = store
        self._path = path
        self._log = log
        self._kept: Directory | None = None

    @property
    def away(self) -> str:
        """Why the store could not be opened yet; empty when it could."""
        return self._store.trouble if isinstance(self._store, AwaitedStore) else ""

    async def until_there(self) -> None:
        """Try to open the store until that works; say so once at the beginning and at the end."""
        if not self.away or not isinstance(self._store, AwaitedStore):
            return
        known = self._store.directory.known
        self._log.error(
            "the store cannot be opened",
            trouble=self.away,
            meanwhile="mail is decided later" if known else "what is mail of ours is unknown",
            remedy="replygate doctor",
        )
        while self.away:
            await asyncio.sleep(AGAIN_S)
            try:
                await asyncio.to_thread(self._store.try_again)
            except StoreBusyError:
                continue
            except StoreVersionError as error:
                self._log.error("the store cannot be opened", trouble=str(error))
        self._log.info("the store is back")

    async def keep_lists(self) -> None:
        """Keep the lists beside the store when they changed."""
        directory = self._store.directory
        if directory is self._kept or self.away:
            return
        try:
            await asyncio.to_thread(keep, self._path, directory)
        except OSError as error:
            self._log.warning("the lists cannot be kept beside the store", trouble=str(error))
        self._kept = directory

    async def again(self, work: Callable[[], Awaitable[None]], every_s: float) -> None:
        """Run some work again and again; what goes wrong in it is said, and tried again."""
        said = ""
        while True:
            trouble = self.away
            try:
                if not trouble:
                    await work()
            except StoreBusyError as error:
                trouble = str(error)
                if trouble != said:
                    self._log.warning("waiting for the store", trouble=trouble)
            except Exception:  # noqa: BLE001 - the others that go on beside it must not end
                self._log.exception("a defect; please report it")
            said = trouble
            await asyncio.sleep(every_s)

    async def until_done(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run some work until the store lets it end."""
        while True:
            try:
                await work()
            except StoreBusyError:
                await asyncio.sleep(AGAIN_S)
            else:
                return
