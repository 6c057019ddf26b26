"""`replygate digest`: what was not logged, and how much of it one fix would log."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import click

from gateway.cli.command import Command, config_file
from gateway.cli.opening import open_entries, open_registry
from gateway.cli.output import json_option, print_rows, say
from gateway.cli.trouble import CommandError
from gateway.config.load import load_config
from gateway.config.settings import Config
from gateway.notices.compose import Sender, compose_digest
from gateway.notices.digest import Digest, digests_of, told
from gateway.store.directory import notice_key
from gateway.store.entries import Filters
from gateway.store.notices import NoticeBox
from gateway.words.catalogue import Language, language_of

COLUMNS = ("user", "messages", "kept", "reason", "remedy")


@click.command("digest", cls=Command)
@click.option(
    "--days", type=click.IntRange(1, 366), default=7, show_default=True, help="How far back."
)
@click.option("--user", "only", help="Only what is of this user.")
@click.option("--send", is_flag=True, help="Send it to the users; the running gateway does.")
@json_option
@click.pass_context
def digest(ctx: click.Context, *, days: int, only: str | None, send: bool, as_json: bool) -> None:
    """Say what was not logged in the last days, by what would cure it.

    Run it weekly from cron with --send: each user gets one message.
    """
    config = load_config(config_file(ctx))
    chosen = _chosen(config) if send else {}
    found = [one for one in _digests(config, days, chosen) if only in {None, one.user}]
    if send:
        sent = _send(config, found, days, chosen)
        say(f"{sent} digest{'' if sent == 1 else 's'} on the way.")
        return
    rows = [
        {
            "user": one.user,
            "messages": fix.messages,
            "kept": fix.kept,
            "reason": fix.reason,
            "remedy": fix.remedy,
        }
        for one in found
        for fix in one.fixes
    ]
    print_rows(rows, COLUMNS, as_json=as_json, empty="All that should be logged was logged.")


def _chosen(config: Config) -> dict[str, Language]:
    """Return the languages that users chose."""
    with open_registry(config) as registry:
        wishes = {user.key: language_of(user.language) for user in registry.list_users()}
    return {user: language for user, language in wishes.items() if language}


def _digests(config: Config, days: int, chosen: Mapping[str, Language]) -> tuple[Digest, ...]:
    with open_registry(config) as registry:
        users = {box.address: box.user for box in registry.list_mailboxes()}
    since = datetime.now(UTC) - timedelta(days=days)
    with open_entries(config) as entries:
        return digests_of(
            entries.search(Filters(since=since)),
            users,
            lambda user: chosen.get(user, config.notices.language),
        )


def _send(config: Config, found: list[Digest], days: int, chosen: Mapping[str, Language]) -> int:
    """Put the digests where the running gateway takes them from; return how many."""
    address, language = config.notices.address, config.notices.language
    if address is None:
        raise CommandError(
            "Nobody sends notices here. Write [notices] address in the configuration."
        )
    sender = Sender(str(address), language, notice_key(config.store_path))
    box, now, count = NoticeBox(config.store_path), datetime.now(UTC), 0
    for one in found:
        own = sender.speaking(chosen.get(one.user, ""))
        lines = told(one, days, own.language)
        content = compose_digest(one.user, own, secrets.token_hex(12), now, lines)
        count += box.put(
            user=one.user,
            recipient=one.user,
            entry_id="",
            reason="digest",
            content=content,
            now=now,
            kind="digest",
        )
    return count
