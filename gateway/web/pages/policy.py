"""The policy: presets side by side, and switches that are changed once it is known what it means.

What is switched here lies over the configuration, in the record, with who did it; a running
gateway takes it up within a second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response

from gateway.model.directory import Switched
from gateway.model.policy import Policy
from gateway.replay import Change
from gateway.rules.presets import PRESETS
from gateway.rules.switches import SwitchError, choices, in_force, of_preset, read_value, written
from gateway.store.company import PROVIDERS
from gateway.store.faults import NotListedError
from gateway.store.switching import SwitchBook
from gateway.web.desk import NotFoundError, Visit
from gateway.web.switch_words import SWITCHES, value_in
from gateway.web.work import compare
from gateway.words.phrases import NO_LIMIT, NO_NUMBER

MOST = 500
"""Kept messages that are judged for a comparison; the newest ones."""
DAYS = 14
MB = 10**6
LIST = "attachment_limit_by_"
"""So begin switches that are lists of names with a limit each."""


@dataclass(frozen=True, slots=True)
class Switch:
    """A row of the table: what each preset says, and what holds here."""

    key: str
    name: str
    here: str
    presets: tuple[str, ...]
    switched: Switched | None
    """Who set it over the configuration."""


@dataclass(frozen=True, slots=True)
class WouldBe:
    """What the messages would have been under a policy."""

    name: str
    logged: int
    more: int
    """Logged, that are not logged now."""
    fewer: int
    of_whom: tuple[tuple[str, int], ...]
    """Those more, by the mailbox that they reached; the most first."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a switch may have."""

    value: str
    """As the form sends it."""
    words: str
    is_here: bool


def policy(visit: Visit) -> Response:
    """Show the presets, and when asked, what they would have made of the last days."""
    results: list[WouldBe] = []
    judged = 0
    if visit.asked("compare"):
        now = visit.desk.clock()
        entry_ids = visit.views.kept_ids(now - timedelta(days=DAYS), MOST)
        judged = len(entry_ids)
        policies = [of_preset(visit.config.policy, name) for name in PRESETS]
        found = compare(visit.config, policies, entry_ids, now)
        results = [_would_be(name, some) for name, some in zip(PRESETS, found, strict=True)]
    return visit.show(
        "policy.html",
        switches=_switches(visit),
        presets=list(PRESETS),
        here=visit.policy.preset,
        results=results,
        judged=judged,
        days=DAYS,
        file=visit.config.file,
        said=visit.asked("said"),
    )


def switch(visit: Visit) -> Response:
    """Show a switch, and when a value is chosen, what it would have made of the last days."""
    name = _name(visit)
    here = getattr(visit.policy, name)
    wrong, would, judged, value = "", None, 0, ""
    if "value" in visit.request.query_params:
        try:
            value = _written(name, visit.request.query_params.getlist("value"))
            would, judged = rehearsed(visit, name, value)
        except SwitchError as error:
            wrong = visit.fault(error)
    return visit.show(
        "switch.html",
        name=name,
        words=visit.say(SWITCHES[name]),
        here=value_in(visit.tongue, here),
        choices=_choices(visit, name),
        many=isinstance(here, frozenset),
        is_size=_is_size(name),
        limits=_shown_limits(here) if name.startswith(LIST) else None,
        number="" if here is None else _shown_number(name, here),
        chosen=value,
        chosen_words=value_in(visit.tongue, read_value(name, value)) if value else "",
        would=would,
        judged=judged,
        days=DAYS,
        wrong=wrong,
        switched=next((one for one in visit.views.switched() if one.name == name), None),
        file=visit.config.file,
    )


def change(visit: Visit) -> Response:
    """Let a switch hold, or the configuration again."""
    name = _name(visit)
    with SwitchBook(visit.config.store_path, clock=visit.desk.clock) as book:
        try:
            if visit.given("undo"):
                book.undo_switch(name)
                said = visit.say(
                    "The configuration holds again: {switch}.", switch=_said(visit, name)
                )
            else:
                book.set_switch(name, visit.given("value"), visit.viewer.key)
                value = value_in(visit.tongue, read_value(name, visit.given("value")))
                words = _said(visit, name)
                said = visit.say(
                    "It holds from now on: {switch}: {value}.", switch=words, value=value
                )
        except (SwitchError, NotListedError) as error:
            return visit.go(f"/policy/{name}", visit.fault(error))
    visit.note("policy", f"{name} {visit.given('value') or 'undone'}")
    return visit.go("/policy", said)


def _name(visit: Visit) -> str:
    name = str(visit.request.path_params["name"])
    if name not in SWITCHES:
        raise NotFoundError(name)
    return name


def _said(visit: Visit, name: str) -> str:
    return visit.say(SWITCHES[name])


def _written(name: str, given: Sequence[str]) -> str:
    """Return what a form says of a switch, as JSON. Raises SwitchError."""
    text = given[0].strip() if given else ""
    here = getattr(Policy(), name)
    if isinstance(here, bool):
        return "true" if text == "yes" else "false"
    if isinstance(here, frozenset):
        value = written(frozenset(one for one in given if one in PROVIDERS))
    elif choices(name):
        value = written(text)
    elif name.startswith(LIST):
        value = written(_limits(text))
    elif not text:
        value = "null"
    else:
        value = str(_number(text, MB if _is_size(name) else 1))
    read_value(name, value)
    return value


def _number(text: str, unit: int) -> int:
    try:
        return round(float(text) * unit)
    except (ValueError, OverflowError) as error:
        raise SwitchError(NO_NUMBER.format(text)) from error


def _limits(text: str) -> tuple[tuple[str, int], ...]:
    """Return names with their limits, one a line: a name, and megabytes. Raises SwitchError."""
    found: dict[str, int] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, limit = line.replace("=", " ").rpartition(" ")
        if not name.strip():
            raise SwitchError(NO_LIMIT.format(line))
        found[name.strip().lower()] = _number(limit, MB)
    return tuple(found.items())


def _shown_limits(here: object) -> str:
    """Return them as the form takes them."""
    limits = here if isinstance(here, tuple) else ()
    return "\n".join(f"{name} {limit / MB:g}" for name, limit in limits)


def _is_size(name: str) -> bool:
    return name.startswith("attachment_limit") or name == "body_limit"


def _shown_number(name: str, here: object) -> str:
    if isinstance(here, int) and not isinstance(here, bool):
        return f"{here / MB:g}" if _is_size(name) else str(here)
    return ""


def _choices(visit: Visit, name: str) -> list[Choice]:
    here = getattr(visit.policy, name)
    if isinstance(here, bool):
        return [
            Choice(one, value_in(visit.tongue, one), here is (one == "yes"))
            for one in ("yes", "no")
        ]
    if isinstance(here, frozenset):
        return [Choice(one, one, one in here) for one in PROVIDERS]
    return [Choice(one, value_in(visit.tongue, one), one == here) for one in choices(name)]


def rehearsed(visit: Visit, name: str, value: str) -> tuple[WouldBe, int]:
    """Return what the last days would have been with a switch, beside what they are without."""
    now = visit.desk.clock()
    here = visit.policy
    there = in_force(here, [Switched(name, value, "", now)])
    entry_ids = visit.views.kept_ids(now - timedelta(days=DAYS), MOST)
    before, after = compare(visit.config, [here, there], entry_ids, now)
    logged = {one.entry_id for one in before if one.after.outcome.on_timeline}
    then = [one for one in after if one.after.outcome.on_timeline]
    more = [one for one in then if one.entry_id not in logged]
    fewer = len(logged - {one.entry_id for one in then})
    return WouldBe(name, len(then), len(more), fewer, _boxes(more)), len(entry_ids)


def _switches(visit: Visit) -> list[Switch]:
    here = visit.policy
    switched = {one.name: one for one in visit.views.switched()}
    return [
        Switch(
            name,
            _said(visit, name),
            value_in(visit.tongue, getattr(here, name)),
            tuple(value_in(visit.tongue, getattr(one, name)) for one in PRESETS.values()),
            switched.get(name),
        )
        for name in SWITCHES
    ]


def _would_be(preset: str, changes: Sequence[Change]) -> WouldBe:
    after = [change for change in changes if change.after.outcome.on_timeline]
    more = [change for change in after if not change.before[0].on_timeline]
    fewer = [
        change
        for change in changes
        if change.before[0].on_timeline and not change.after.outcome.on_timeline
    ]
    return WouldBe(preset, len(after), len(more), len(fewer), _boxes(more))


def _boxes(more: Sequence[Change]) -> tuple[tuple[str, int], ...]:
    boxes = Counter(box for change in more for box in change.after.mailboxes)
    return tuple(boxes.most_common(3))
