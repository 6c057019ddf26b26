"""Opens the connected inboxes of a configuration, and puts what they bring into the flow."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import structlog

from gateway.config import settings
from gateway.config.secrets import read_secret
from gateway.intake.imap.account import Account, Secret
from gateway.intake.imap.tokens import refreshed
from gateway.intake.imap.watch import Ears, Watch
from gateway.intake.milter.delivery import MtaDelivery
from gateway.model.envelope import Envelope
from gateway.pipeline import Pipeline


class Inboxes:
    """The connected inboxes of a running gateway."""

    def __init__(self, pipeline: Pipeline, state: Path, log: structlog.stdlib.BoundLogger) -> None:
        self._pipeline = pipeline
        self._folder = state / "imap"
        self._log = log
        self._accounts: tuple[settings.Imap, ...] = ()
        self._watches: list[Watch] = []

    async def change(self, config: settings.Config) -> None:
        """Read the inboxes of this configuration from now on."""
        if config.inboxes == self._accounts:
            return
        await self.close()
        self._accounts = config.inboxes
        for one in config.inboxes:
            ears = Ears(self._take, self._trouble(one.name), self._connected(one.name))
            watch = Watch(account_of(one), self._folder / f"{one.name}.json", ears)
            watch.begin()
            self._watches.append(watch)

    async def close(self) -> None:
        """Read no more."""
        await asyncio.gather(*(watch.end() for watch in self._watches))
        self._watches.clear()

    async def _take(self, envelope: Envelope) -> bool:
        """Decide and record what is delivered already; whatever happens, it is not sent on."""
        handled = await self._pipeline.receive(envelope, MtaDelivery())
        return not handled.lost

    def _trouble(self, name: str) -> Callable[[str], None]:
        return lambda said: self._log.warning("an inbox cannot be read", inbox=name, trouble=said)

    def _connected(self, name: str) -> Callable[[], None]:
        return lambda: self._log.info("an inbox is read", inbox=name)


def account_of(inbox: settings.Imap) -> Account:
    """Return an inbox of the configuration as it is reached."""
    return Account(
        name=inbox.name,
        host=inbox.address.host,
        port=inbox.address.port,
        login=inbox.login,
        mailbox=inbox.mailbox or inbox.login,
        secret=_secret(inbox),
        tls=inbox.tls,
        auth=inbox.auth,
        poll_s=inbox.poll_s,
        history=inbox.history,
        size_limit=inbox.size_limit,
    )


def _secret(inbox: settings.Imap) -> Secret:
    """Return what gives the password or token; it is read again for each connection."""

    def secret() -> str:
        found = read_secret(f"imap_{inbox.name}", os.environ) or inbox.secret
        told = found.reveal() if found else ""
        if inbox.token_url:
            return refreshed(inbox.token_url, inbox.client_id, told, inbox.scope)
        return told

    return secret
