"""Opens what commands work on: the store, for changes, for reading, and for judging again."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, overload

import click

from gateway.cli.afar import Afar, afar
from gateway.cli.command import config_file
from gateway.config.load import load_config
from gateway.config.settings import Config
from gateway.pipeline import Pipeline, Settings
from gateway.replay import Replayer
from gateway.rules.switches import in_force
from gateway.store.entries import Entries
from gateway.store.opening import Store, open_store
from gateway.store.registry import Registry

if TYPE_CHECKING:
    from gateway.cli.afar_entries import AfarEntries
    from gateway.cli.afar_registry import AfarRegistry


@dataclass(frozen=True, slots=True)
class Flow:
    """The parts that read, judge and record, without any door open."""

    store: Store
    pipeline: Pipeline
    replayer: Replayer


Place = Config | Afar
"""Where a command works: on the configuration here, or on a gateway afar."""


def place_of(ctx: click.Context) -> Place:
    """Return where the command works. Raises CommandError."""
    return afar(ctx) or load_config(config_file(ctx))


@overload
def open_registry(place: Config) -> Registry: ...
@overload
def open_registry(place: Place) -> Registry | AfarRegistry: ...
def open_registry(place: Place) -> Registry | AfarRegistry:
    """Return the registry; the store is made when there is none yet."""
    if isinstance(place, Afar):
        from gateway.cli.afar_registry import AfarRegistry

        return AfarRegistry(place)
    return Registry(place_of_store(place))


@overload
def open_entries(place: Config) -> Entries: ...
@overload
def open_entries(place: Place) -> Entries | AfarEntries: ...
def open_entries(place: Place) -> Entries | AfarEntries:
    """Return the record for reading; the store is made when there is none yet."""
    if isinstance(place, Afar):
        from gateway.cli.afar_entries import AfarEntries

        return AfarEntries(place)
    path = place_of_store(place)
    if not path.exists():
        Registry(path).close()
    return Entries(path)


@asynccontextmanager
async def open_flow(config: Config) -> AsyncIterator[Flow]:
    """Give the parts that judge; a gateway that runs on the same store goes on undisturbed."""
    from gateway.config.scanners import all_signatures
    from gateway.daemon import new_verifier
    from gateway.filetypes import reader
    from gateway.store.spool import FolderSpool

    store = open_store(
        place_of_store(config),
        domains=frozenset(config.gateway.domains),
        logging_addresses=config.addresses,
        crm_logins=config.crm_logins,
    )
    try:
        verifier = new_verifier(config.trust)
        # History may be large, and nobody waits for it at the other end.
        policy = in_force(config.policy, store.directory.switched)
        settings = Settings(policy=policy, inspection_budget_s=60.0)
        spool = FolderSpool(config.gateway.state / "spool")
        read = reader(all_signatures(config.signatures))
        pipeline = Pipeline(store, spool, verifier, settings, read=read)
        yield Flow(store, pipeline, Replayer(store, verifier, policy, read))
    finally:
        store.close()


def hand_over(folder: Path) -> None:
    """Give what root made in the state folder to the folder's owner, the service.

    An administrator may run commands as root; the gateway must be able to open every file after.
    """
    owner = folder.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            if path.lstat().st_uid == 0:
                os.lchown(path, owner.st_uid, owner.st_gid)


def place_of_store(config: Config) -> Path:
    """Return the database file; what is made beside it becomes the service's at the end."""
    config.store_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (ctx := click.get_current_context(silent=True)) is not None:
        ctx.call_on_close(lambda: hand_over(config.gateway.state))
    return config.store_path
