"""Options that several commands share: which entries, and since when."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Any, TypeVar

import click

from gateway.model.decision import Outcome, Reason
from gateway.store.entries import Filters

F = TypeVar("F", bound=Callable[..., Any])

_AGO = re.compile(r"(\d+)\s*([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Moment(click.ParamType):  # type: ignore[type-arg] # generic since click 8.4 only
    """A time: ISO 8601 (UTC where no zone is said), or how long ago."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the moment that a text means."""
        if isinstance(value, datetime):
            return value
        if ago := _AGO.fullmatch(value.strip()):
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        try:
            told = datetime.fromisoformat(value)
        except (ValueError, OverflowError):
            forms = "2026-11-23, 2026-11-23T14:00, or how long ago: 90m, 24h, 7d, 2w"
            self.fail(f'"{value}" is no time. Write {forms}.', param, ctx)
        return told.replace(tzinfo=told.tzinfo or UTC).astimezone(UTC)


class ReasonName(click.Choice[str]):
    """The code of a reason; there are too many to list them all where one is wrong."""

    def __init__(self) -> None:
        super().__init__([str(reason) for reason in Reason])

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return the word that stands for it in the help."""
        del param, ctx
        return "REASON"

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Return what to do: the closest codes, and where all of them are."""
        del ctx
        close = [f'"{name}"' for name in get_close_matches(str(value), self.choices)]
        guess = f" Did you mean {' or '.join(close)}?" if close else ""
        return f'"{value}" is no reason.{guess} For all of them: replygate rules'


REASON = ReasonName()
MOMENT = Moment()
AT: Callable[[F], F] = click.option(
    "--at", type=MOMENT, help="When it happened, in place of now: 2026-11-23T14:00, or 2h ago."
)


def filter_options(command: F) -> F:
    """Add the options that choose entries; `filters_of` reads them."""
    for option in reversed(
        (
            click.option(
                "--outcome", type=click.Choice([str(o) for o in Outcome]), help="Only this outcome."
            ),
            click.option(
                "--reason",
                type=REASON,
                help="Only this reason; see: replygate rules.",
            ),
            click.option("--address", help="Only mail of this author or recipient."),
            click.option("--since", type=MOMENT, help="Received then or later: 7d, 2026-11-23."),
            click.option("--until", type=MOMENT, help="Received before that."),
            click.option(
                "--limit", type=click.IntRange(min=1), help="At most so many, the newest."
            ),
        )
    ):
        command = option(command)
    return command


def filters_of(given: dict[str, Any]) -> Filters:
    """Return the filters that the options of a command say."""
    return Filters(
        outcome=Outcome(given["outcome"]) if given.get("outcome") else None,
        reason=Reason(given["reason"]) if given.get("reason") else None,
        address=given.get("address") or "",
        since=given.get("since"),
        until=given.get("until"),
        limit=given.get("limit"),
    )
