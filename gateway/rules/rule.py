"""A rule: a pure function with the reason that it gives, what it decides, and the cure.

`@rule` turns a function into a frozen `Rule`. The function is a sentence that it asserts, its name
is the code of its reason, its docstring says when it matches. It returns what it saw (evidence,
which fills the remedy), or None for "no opinion".

Design notes: D-7, D-15. Rules of the gate read an `Arrival`, all others a `Case`; mypy holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Generic, Literal, TypeVar

from gateway.model.arrival import Arrival
from gateway.model.decision import Answer, Evidence, Outcome, Reason, Stage
from gateway.model.policy import Policy

Asked_contra = TypeVar("Asked_contra", bound=Arrival, contravariant=True)
Switch = Literal["disconnected_mailbox", "spoofed"]

NOTHING: Final[Evidence] = {}
STAGES: Final = {
    "gate": Stage.GATE,
    "intake": Stage.INTAKE,
    "unwrap": Stage.UNWRAP,
    "identity": Stage.IDENTITY,
    "kind": Stage.KIND,
    "incoming": Stage.POLICY,
    "mailboxes": Stage.POLICY,
    "answers": Stage.POLICY,
    "outgoing": Stage.POLICY,
    "content": Stage.CONTENT,
}
"""The stage of each file of rules."""


@dataclass(frozen=True, slots=True)
class Rule(Generic[Asked_contra]):
    """One line of a table of rules."""

    reason: Reason
    outcome: Outcome
    check: Callable[[Asked_contra], Evidence | None] = field(repr=False)
    stage: Stage
    when: str
    """When it matches, in words: its docstring."""
    source: tuple[str, ...] = ()
    """The statements of the source that it decides."""
    remedy: str = ""
    command: str = ""
    """The command that the remedy names. `{message_id}` is known beside the evidence; a word in
    capitals is for the reader to fill in."""
    switch: Switch | None = None
    """The switch of the policy whose `hold` makes it hold, and whose `skip` makes it skip."""
    fixable: bool = False
    """What it stops can be logged once its cause is gone, and is kept for that."""
    missed: Answer = field(init=False, repr=False)
    """Its answer when it has no opinion."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "missed", Answer(self.stage, self.name, False, NOTHING))

    @property
    def name(self) -> str:
        """The code of its reason."""
        return self.reason.value

    def outcome_under(self, policy: Policy) -> Outcome:
        """Return what it decides under this policy."""
        if self.switch is None:
            return self.outcome
        return Outcome.HELD if getattr(policy, self.switch) == "hold" else Outcome.NOT_LOGGED


@dataclass(frozen=True, slots=True)
class NoteRule(Generic[Asked_contra]):
    """A rule that never decides, but says something of each person or file."""

    reason: Reason
    partial: bool
    """It turns `logged` into `partial`."""
    check: Callable[[Asked_contra], Iterable[tuple[str, Evidence]]] = field(repr=False)
    """Returns the subjects of its notes, each with what was seen."""
    stage: Stage
    when: str
    source: tuple[str, ...] = ()
    remedy: str = ""
    command: str = ""
    missed: Answer = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "missed", Answer(self.stage, self.name, False, NOTHING))

    @property
    def name(self) -> str:
        """The code of its reason."""
        return self.reason.value


def rule(
    reason: Reason,
    outcome: Outcome,
    *,
    source: str = "",
    remedy: str = "",
    command: str = "",
    switch: Switch | None = None,
    fixable: bool = False,
) -> Callable[[Callable[[Asked_contra], Evidence | None]], Rule[Asked_contra]]:
    """Return what makes a `Rule` of the function below it."""

    def make(check: Callable[[Asked_contra], Evidence | None]) -> Rule[Asked_contra]:
        return Rule(
            reason,
            outcome,
            check,
            stage=_stage_of(check, reason),
            when=" ".join((check.__doc__ or "").split()),
            source=tuple(source.split()),
            remedy=remedy,
            command=command,
            switch=switch,
            fixable=fixable,
        )

    return make


def note(
    reason: Reason, *, partial: bool = False, source: str = "", remedy: str = "", command: str = ""
) -> Callable[[Callable[[Asked_contra], Iterable[tuple[str, Evidence]]]], NoteRule[Asked_contra]]:
    """Return what makes a `NoteRule` of the function below it."""

    def make(
        check: Callable[[Asked_contra], Iterable[tuple[str, Evidence]]],
    ) -> NoteRule[Asked_contra]:
        return NoteRule(
            reason,
            partial,
            check,
            stage=_stage_of(check, reason),
            when=" ".join((check.__doc__ or "").split()),
            source=tuple(source.split()),
            remedy=remedy,
            command=command,
        )

    return make


def filled(words: str, evidence: Evidence, message_id: str = "") -> str:
    """Return a remedy or command with its placeholders filled in."""
    if "{" not in words:
        return words
    return words.format_map({"message_id": message_id, **evidence})


def _stage_of(check: Callable[..., object], reason: Reason) -> Stage:
    """Return the stage of the file that a rule stands in; hold its name to its reason."""
    name = check.__name__.replace("_", "-")
    if name != reason.value:
        raise ValueError(f"The rule {name} gives the reason {reason.value}: name it so.")
    return STAGES[check.__module__.rpartition(".")[2]]
