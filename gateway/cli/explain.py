"""`replygate explain`: why a message was logged, or why not and what to do about it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click

from gateway.cli.afar import Afar
from gateway.cli.command import Command
from gateway.cli.opening import Place, open_entries, open_flow, place_of
from gateway.cli.outbox import handover_row, handover_words
from gateway.cli.output import json_option, print_json, say
from gateway.cli.page import explain_page, judged_page
from gateway.cli.rows import answer_row, history_row, suggestion_row
from gateway.cli.trouble import CommandError
from gateway.config.settings import Config
from gateway.model.decision import Decision
from gateway.model.entry import Entry
from gateway.model.handover import Standing, State
from gateway.model.suggestion import Suggestion
from gateway.store.outbox import SqliteOutbox

HINT = "List what is there with: replygate decisions"


@click.command("explain", cls=Command)
@click.argument("target")
@json_option
@click.pass_context
def explain(ctx: click.Context, target: str, *, as_json: bool) -> None:
    """Explain what became of TARGET: an entry id, a Message-ID, or a file with a message.

    Shows the way of the message, the decision, what to do about it, and every rule that was asked
    with its answer, in the order of the stages. A file that never came by is judged as if it came
    now; nothing is recorded.
    """
    config = place_of(ctx)
    file = Path(target)
    is_file = file.is_file()
    octets = file.read_bytes() if is_file else b""
    known = _known(config, _message_id(octets) if is_file else target)
    if known is not None:
        entry, suggestion, standings = known
        if as_json:
            handovers = [handover_row(one) for one in standings]
            row = {**history_row(entry), "suggestion": suggestion_row(suggestion)}
            print_json({**row, "handovers": handovers})
        else:
            explain_page(entry, suggestion)
            for one in standings:
                say(handover_words(one))
    elif is_file and not isinstance(config, Afar):
        for decision in asyncio.run(_would_be(config, file)):
            _show(target, decision, as_json=as_json)
    else:
        raise CommandError(f"Nothing is known of {target}. {HINT}")


Known = tuple[Entry, Suggestion | None, tuple[Standing, ...]]
"""An entry, what it may answer, and how it stands with each sink."""


def _known(config: Place, asked: str) -> Known | None:
    if not asked:
        return None
    if isinstance(config, Afar):
        from gateway.cli.afar_entries import known

        return known(config, asked)
    with open_entries(config) as entries:
        entry = entries.find(asked)
    if entry is None:
        return None
    return entry, _suggestion(config, entry), _handovers(config, entry)


def _suggestion(config: Config, entry: Entry) -> Suggestion | None:
    """Return what an entry may answer that is not logged and cites nothing."""
    from gateway.store.suggestions import Suggesting

    if entry.outcome.on_timeline or not entry.kept:
        return None
    with Suggesting(config.store_path) as record:
        return record.suggestion(entry.entry_id)


def _handovers(config: Config, entry: Entry) -> tuple[Standing, ...]:
    """Return how it stands with each sink that was to be told of an entry."""
    return SqliteOutbox(config.store_path).listed(entry_id=entry.entry_id, states=tuple(State))


def _message_id(octets: bytes) -> str:
    from gateway.mail.reading import read_heading, read_message

    heading = read_heading(octets)
    return heading.message_id or read_message(octets, heading).message_id


async def _would_be(config: Config, file: Path) -> list[Decision]:
    """Return what would be decided of a message that never came by."""
    from gateway.intake.backfill import direction_of, find_messages, historic_envelope
    from gateway.mail.reading import read_heading

    now = datetime.now(UTC)
    decisions: list[Decision] = []
    async with open_flow(config) as flow:
        is_company = flow.store.directory.is_company
        for found in find_messages(file):
            octets = found.read()
            direction = direction_of(found, read_heading(octets), is_company)
            envelope = historic_envelope(found, octets, direction, "", now)
            judged = await flow.pipeline.decide(envelope, now)
            decisions += [one.decision for one in judged]
    return decisions


def _show(place: str, decision: Decision, *, as_json: bool) -> None:
    if not as_json:
        judged_page(place, decision)
        return
    print_json(
        {
            "entry": None,
            "file": place,
            "outcome": str(decision.outcome),
            "reason": str(decision.reason),
            "remedy": decision.remedy,
            "command": decision.command,
            "trace": [answer_row(answer) for answer in decision.trace],
        }
    )
