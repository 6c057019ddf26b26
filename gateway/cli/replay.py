"""`replygate replay`: judge again what is kept, by the facts of today."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import click
from msgspec.structs import asdict

from gateway.cli.afar import Afar
from gateway.cli.command import Command
from gateway.cli.opening import Flow, open_entries, open_flow, place_of
from gateway.cli.options import filter_options, filters_of
from gateway.cli.output import json_option, print_rows, progress, say
from gateway.cli.trouble import CommandError
from gateway.config.settings import Config
from gateway.model.policy import Policy
from gateway.replay import Change
from gateway.rules.presets import PRESETS
from gateway.rules.switches import of_preset
from gateway.store.entries import Filters

COLUMNS = ("entry", "author", "before", "before_reason", "after", "reason")


@click.command("replay", cls=Command)
@click.argument("targets", nargs=-1)
@filter_options
@click.option("--all", "everything", is_flag=True, help="All that is kept.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option(
    "--preset", type=click.Choice(list(PRESETS)), help="Only say what would change under it."
)
@click.option(
    "--as-of-receipt",
    is_flag=True,
    help="Only say what would change, by the facts of that time: to compare presets.",
)
@json_option
@click.pass_context
def replay(
    ctx: click.Context,
    /,
    targets: Sequence[str],
    *,
    everything: bool,
    dry_run: bool,
    preset: str | None,
    as_of_receipt: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Judge TARGETS again, entry ids or Message-IDs, or what the options choose.

    The facts of today count: contacts, merges, lists, connections. Old decisions stay; a new one
    is put behind them where it differs. Without ids, what is logged stays logged: only what is
    held or not logged is judged, unless --outcome says otherwise or presets are compared.
    """
    filters = filters_of(given)
    if not (targets or everything or filters != Filters()):
        raise click.UsageError("Say what to replay: ids, a filter such as --reason, or --all.")
    config = place_of(ctx)
    compare = preset is not None or as_of_receipt
    only_say = dry_run or compare
    if isinstance(config, Afar):
        from gateway.cli.afar_entries import replayed

        told = replayed(
            config, targets, filters, only_say=only_say, preset=preset or "",
            as_of_receipt=as_of_receipt,
        )  # fmt: skip
        rows, judged, lost = [asdict(one) for one in told.changes], told.judged, told.lost
    else:
        chosen, lost = _choose(config, targets, filters, compare=compare)
        policy = _policy(config, preset)
        judging = _judge(config, chosen, policy, only_say=only_say, receipt=as_of_receipt)
        rows, judged = [_row(change) for change in asyncio.run(judging)], len(chosen)
    _show(rows, judged, lost, only_say=only_say, as_json=as_json)


def _show(
    rows: Sequence[dict[str, Any]],
    judged: int,
    lost: Sequence[str],
    *,
    only_say: bool,
    as_json: bool,
) -> None:
    empty = "Nothing would change." if only_say else "Nothing changed."
    print_rows(rows, COLUMNS, as_json=as_json, empty=empty)
    if rows and not as_json:
        said = "would change; nothing was changed." if only_say else "changed."
        say(f"{len(rows)} of {judged} decisions {said}")
    if lost:
        raise CommandError(f"Nothing is kept of {', '.join(lost)}: it cannot be judged again.")


def _policy(config: Config, name: str | None) -> Policy | None:
    """Return a preset with the settings around it; None is the policy that holds."""
    return of_preset(config.policy, name) if name is not None else None


def _choose(
    config: Config, targets: Sequence[str], filters: Filters, *, compare: bool
) -> tuple[list[str], list[str]]:
    """Return the ids of the entries to judge, oldest first, and targets that are not kept."""
    chosen: list[str] = []
    lost: list[str] = []
    with open_entries(config) as entries:
        for target in targets:
            entry = entries.find(target)
            if entry is None:
                raise CommandError(f"There is no entry {target}. See: replygate decisions")
            (chosen if entry.kept else lost).append(entry.entry_id if entry.kept else target)
        if not targets:
            found = [
                entry.entry_id
                for entry in entries.search(replace(filters, kept=True))
                if compare or filters.outcome or not entry.outcome.on_timeline
            ]
            chosen = found[::-1]
    return chosen, lost


async def _judge(
    config: Config,
    entry_ids: Sequence[str],
    policy: Policy | None,
    *,
    only_say: bool,
    receipt: bool,
) -> list[Change]:
    """Judge the entries and return what changed, or what would."""
    now = datetime.now(UTC)
    changes: list[Change] = []
    async with open_flow(config) as flow:
        if policy is not None:
            flow.replayer.policy = policy
        with progress("Judging again", len(entry_ids)) as step:
            for entry_id in entry_ids:
                change = await _one(flow, entry_id, now, only_say=only_say, receipt=receipt)
                if change is not None and change.differs:
                    changes.append(change)
                step(1)
        if not only_say:
            changes += await flow.replayer.settle_waiting(now)
    return changes


async def _one(
    flow: Flow, entry_id: str, now: datetime, *, only_say: bool, receipt: bool
) -> Change | None:
    if only_say:
        return await flow.replayer.preview(entry_id, now, as_of_receipt=receipt)
    return await flow.replayer.replay(entry_id, now)


def _row(change: Change) -> dict[str, Any]:
    outcome, reason = change.before
    author = change.case.author
    return {
        "entry": change.entry_id,
        "author": author.key if author else "",
        "subject": change.case.heading.subject,
        "before": str(outcome),
        "before_reason": str(reason),
        "after": str(change.after.outcome),
        "reason": str(change.after.reason),
        "remedy": change.after.remedy,
    }
