"""What a change of facts means for the past: how many kept messages would now be logged."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from gateway.cli.afar import Afar
from gateway.cli.opening import Place, open_entries, open_flow
from gateway.cli.output import progress, say
from gateway.config.settings import Config
from gateway.model.decision import Outcome
from gateway.store.entries import Filters

CURABLE = (Outcome.NOT_LOGGED, Outcome.HELD)
ASKED_AT_MOST = 2000
"""Kept messages that are judged for a hint; a large past is for `replay --dry-run`."""


def would_be_logged(config: Place, filters: Filters, options: str) -> None:
    """Say how many kept messages would now be logged, and how to do it.

    `filters` choose the messages that the change may concern, `options` are the same as options
    of `replygate replay`.
    """
    if isinstance(config, Afar):
        from gateway.cli.afar_entries import replayed

        told = replayed(config, (), filters, only_say=True)
        cured, count = told.would_log, told.judged
    else:
        found = _stopped(config, replace(filters, kept=True))
        cured = asyncio.run(_cured(config, found[:ASKED_AT_MOST])) if found else 0
        count = len(found)
    if not cured:
        return
    more = "at least " if count > ASKED_AT_MOST else ""
    noun = "kept message" if cured == 1 else "kept messages"
    command = f"replygate replay {options}"
    say(f"{more}{cured} {noun} would now be logged. Log them with: {command}")


def _stopped(config: Config, filters: Filters) -> Sequence[str]:
    with open_entries(config) as entries:
        return [
            entry.entry_id
            for outcome in CURABLE
            for entry in entries.search(replace(filters, outcome=outcome))
        ]


async def _cured(config: Config, entry_ids: Sequence[str]) -> int:
    now = datetime.now(UTC)
    count = 0
    with progress("Judging what is kept", len(entry_ids)) as step:
        async with open_flow(config) as flow:
            for entry_id in entry_ids:
                change = await flow.replayer.preview(entry_id, now)
                count += change is not None and change.after.outcome.on_timeline
                step(1)
    return count
