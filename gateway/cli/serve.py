"""`replygate serve` and `replygate demo`: the gateway itself."""

from __future__ import annotations

import secrets
import tempfile
from dataclasses import replace
from pathlib import Path

import click

from gateway.cli.command import Command, config_file
from gateway.cli.output import say
from gateway.config.load import load_config
from gateway.config.settings import Config, Web
from gateway.config.values import Endpoint
from gateway.store.registry import Registry


@click.command("serve", cls=Command)
@click.pass_context
def serve(ctx: click.Context) -> None:
    """Take mail, decide, record and pass it on, until a signal says stop."""
    from gateway import daemon

    daemon.run(load_config(config_file(ctx)))


@click.command("demo", cls=Command)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the demo keeps its store and mail, to look at afterwards.",
)
@click.option("--serve", "serving", is_flag=True, help="Show it as web pages afterwards.")
@click.pass_context
def demo(ctx: click.Context, folder: Path | None, *, serving: bool) -> None:
    """Play a story over SMTP on this machine that shows what is logged, and why."""
    from gateway.demo.play import main as play
    from gateway.demo.ports import free_ports

    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    if not serving:
        ctx.exit(play(folder))
    with tempfile.TemporaryDirectory(prefix="replygate-demo-") as made:
        place = folder or Path(made)
        if failed := play(place):
            ctx.exit(failed)
        config = load_config(place / "gateway" / "replygate.toml")
        (port,) = free_ports(1)
        _show(replace(config, web=Web(address=Endpoint("127.0.0.1", port))))


def _show(config: Config) -> None:
    """Serve the pages of a demo, with somebody who may see all of it."""
    from gateway.web.server import run

    user, password = new_admin(config)
    say(f"The pages are at http://{config.web.address}; end them with Ctrl-C.")
    say(f"Sign in as {user} with the password {password}")
    run(config)


def new_admin(config: Config) -> tuple[str, str]:
    """Make somebody who may see all of a demo; return the address and the password."""
    from gateway.web.vault import Vault

    user, password = f"admin@{min(config.gateway.domains)}", secrets.token_urlsafe(12)
    with Registry(config.store_path) as registry:
        if user not in {known.key for known in registry.list_users()}:
            registry.add_user(user, "Demo Admin", "admin")
    with Vault(config.gateway.state) as vault:
        vault.set_password(user, password)
    return user, password
