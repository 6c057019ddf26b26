"""The manual page of each reason, made from the rule itself, so that the two cannot drift."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Never

from gateway import rules
from gateway.model.decision import Outcome, Reason, Stage
from gateway.rules.edge import EDGE, EdgeReason
from gateway.rules.rule import NoteRule, Rule

Line = Rule[Never] | NoteRule[Never] | EdgeReason

STAGE_NAMES: Final[Mapping[Stage, str]] = {
    Stage.GATE: "0, privacy gate",
    Stage.INTAKE: "A, intake",
    Stage.UNWRAP: "B, unwrap",
    Stage.IDENTITY: "C, identity",
    Stage.KIND: "E, kind of message",
    Stage.POLICY: "F, thread, contact, policy",
    Stage.CONTENT: "G, content",
    Stage.EDGE: "H, hand-over and people",
}
BY_DIRECTION: Final = (("incoming", rules.INCOMING), ("outgoing", rules.OUTGOING))
ALWAYS_ASKED: Final[tuple[Line, ...]] = (
    *rules.GATE,
    *rules.GATE_NOTES,
    *rules.INTAKE,
    *rules.UNWRAP,
    *rules.IDENTITY,
    *rules.IDENTITY_NOTES,
    *rules.KIND,
    *rules.CONTENT,
    *EDGE,
)


@dataclass(frozen=True, slots=True)
class Page:
    """All that is said of one reason."""

    reason: Reason
    lines: tuple[tuple[str, Line], ...]
    """What gives it, each with the direction that it is asked of; empty is both."""

    @property
    def stage(self) -> Stage:
        """The stage that gives it."""
        return self.lines[0][1].stage

    @property
    def source(self) -> tuple[str, ...]:
        """The statements of the source that it decides."""
        named = (number for _, line in self.lines for number in line.source)
        return tuple(sorted(dict.fromkeys(named), key=lambda number: int(number[1:])))

    def text(self) -> str:
        """Return the page as `replygate rules` prints it."""
        return "\n".join(self._paragraphs())

    def _paragraphs(self) -> Iterator[str]:
        yield self.reason.value
        yield f"  Stage:    {STAGE_NAMES[self.stage]}"
        if self.source:
            yield f"  Source:   {', '.join(self.source)}"
        for direction, line in self.lines:
            if direction:
                yield f"  Asked of: {direction} mail"
            yield f"  Outcome:  {outcome_words(line)}"
            yield f"  When:     {line.when}"
            if line.remedy:
                yield f"  Remedy:   {line.remedy}"
            if line.command:
                yield f"  Command:  {line.command}"
            if (kept := kept_words(line)) is not None:
                yield f"  Kept:     {kept}"


def outcome_words(line: Line) -> str:
    """Return the outcome in words, with the switch that may turn it."""
    if isinstance(line, NoteRule):
        return "a note; logged becomes partial" if line.partial else "a note"
    if isinstance(line, Rule) and line.switch is not None:
        return f"not_logged or held, as `{line.switch}` says"
    return line.outcome.value


def kept_words(line: Line) -> str | None:
    """Return how long content is kept, in words; None where it is no matter of this rule."""
    if not isinstance(line, Rule) or line.outcome is Outcome.DUPLICATE:
        return None
    if line.outcome is Outcome.LOGGED:
        return "until erased"
    if line.outcome is Outcome.HELD:
        return "until decided, for the days of `held_days` at most"
    return "for the days of `fixable_days`, for replay" if line.fixable else "no content"


def _pages() -> Iterator[Page]:
    """Yield one page for each reason, in the order of the codes."""
    found: dict[Reason, list[tuple[str, Line]]] = {reason: [] for reason in Reason}
    for line in ALWAYS_ASKED:
        found[line.reason].append(("", line))
    for direction, table in BY_DIRECTION:
        for rule in table:
            found[rule.reason].append((direction, rule))
    for reason, lines in found.items():
        same = len({id(line) for _, line in lines}) == 1
        yield Page(reason, (("", lines[0][1]),) if same and len(lines) > 1 else tuple(lines))


PAGES: Final[Mapping[Reason, Page]] = {page.reason: page for page in _pages()}


def markdown_table() -> str:
    """Return the table of all reasons for the README."""
    rows = ["| reason | stage | outcome | when | remedy |", "|---|---|---|---|---|"]
    for page in PAGES.values():
        for direction, line in page.lines:
            name = f"`{page.reason}`" + (f" ({direction})" if len(page.lines) > 1 else "")
            words = (name, line.stage.value, outcome_words(line), line.when, line.remedy or "—")
            rows.append("| " + " | ".join(word.replace("|", "\\|") for word in words) + " |")
    return "\n".join(rows) + "\n"
