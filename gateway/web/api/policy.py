"""The policy: switches as they hold, what another value would have meant, and setting it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from gateway.rules.presets import PRESETS
from gateway.rules.switches import SWITCHES, read_value, written
from gateway.store.switching import SwitchBook
from gateway.web.api.operation import acts, reads
from gateway.web.desk import Visit
from gateway.web.pages.policy import DAYS, rehearsed

Name = Annotated[
    Literal[SWITCHES],  # type: ignore[valid-type] # the names of a dataclass
    Meta(description="The name of a switch, as in [policy] of the configuration."),
]


class Switch(Struct, frozen=True):
    """A switch of the policy."""

    name: str
    value: Any
    """What holds."""
    file: Any
    """What the configuration says."""
    presets: dict[str, Any]
    """What each preset says."""
    set_by: str
    """Who set it over the configuration; empty when nobody did."""
    set_at: datetime | None


class Policy(Struct, frozen=True):
    """All switches, the preset first."""

    switches: list[Switch]


class Value(Struct, forbid_unknown_fields=True):
    """What a switch is set to, of its own type."""

    value: Raw


class Box(Struct, frozen=True):
    """How many messages more there would be for a mailbox."""

    mailbox: str
    messages: int


class WouldBe(Struct, frozen=True):
    """What the last days would have been."""

    days: int
    judged: int
    """Messages that were judged: what is kept of those days, the newest ones."""
    logged: int
    more: int
    """Logged, that are not logged as it is."""
    fewer: int
    of_whom: list[Box]
    """Those more, by the mailbox that they reached; the most first."""


@reads("/policy", admin=True)
def policy(visit: Visit) -> Policy:
    """Show the switches that hold, and the presets side by side."""
    here, switched = visit.policy, {one.name: one for one in visit.views.switched()}
    return Policy(
        [
            Switch(
                name,
                _value(getattr(here, name)),
                _value(getattr(visit.config.policy, name)),
                {preset: _value(getattr(one, name)) for preset, one in PRESETS.items()},
                switched[name].by if name in switched else "",
                switched[name].at if name in switched else None,
            )
            for name in SWITCHES
        ]
    )


@acts("POST", "/policy/{name}/rehearse", admin=True)
def rehearse_switch(visit: Visit, name: Name, body: Value) -> WouldBe:
    """Say what the last days would have been with another value; nothing is changed."""
    text = bytes(body.value).decode()
    read_value(name, text)
    would, judged = rehearsed(visit, name, text)
    of_whom = [Box(*one) for one in would.of_whom]
    return WouldBe(DAYS, judged, would.logged, would.more, would.fewer, of_whom)


@acts("PUT", "/policy/{name}", admin=True)
def set_switch(visit: Visit, name: Name, body: Value) -> Policy:
    """Set a switch over the configuration; a running gateway takes it up at once."""
    with SwitchBook(visit.config.store_path, clock=visit.desk.clock) as book:
        text = bytes(body.value).decode()
        book.set_switch(name, text, visit.viewer.key)
    visit.note("policy", f"{name} {text}")
    return policy(visit)  # type: ignore[no-any-return] # of the same operation


@acts("DELETE", "/policy/{name}", admin=True)
def undo_switch(visit: Visit, name: Name) -> Policy:
    """Let the configuration hold again."""
    with SwitchBook(visit.config.store_path, clock=visit.desk.clock) as book:
        book.undo_switch(name)
    visit.note("policy", f"{name} undone")
    return policy(visit)  # type: ignore[no-any-return] # of the same operation


def _value(value: object) -> Any:
    return msgspec.json.decode(written(value))
