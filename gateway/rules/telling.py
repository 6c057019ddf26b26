"""How a decision is told to people: the words that the command line and the web pages share."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.model.decision import Outcome, Reason, Stage
from gateway.model.entry import Entry
from gateway.model.envelope import RelayState
from gateway.rules.pages import PAGES, Line
from gateway.rules.rule import filled

OUTCOMES = {
    Outcome.LOGGED: "Logged",
    Outcome.PARTIAL: "Logged in part",
    Outcome.HELD: "Held: a person has to decide",
    Outcome.DUPLICATE: "Already logged",
    Outcome.NOT_LOGGED: "Not logged",
    Outcome.FAILED: "Failed: it is tried again",
}
STAGES = {
    Stage.GATE: "Privacy gate",
    Stage.INTAKE: "Intake",
    Stage.UNWRAP: "Unwrapping of copies",
    Stage.IDENTITY: "Identity",
    Stage.KIND: "Kind of message",
    Stage.POLICY: "Thread, contact, policy",
    Stage.CONTENT: "Content",
    Stage.EDGE: "Hand-over, and people",
}
FATES = {
    RelayState.RELAYING: "on its way to the next hop",
    RelayState.RELAYED: "passed on to the next hop",
    RelayState.CONSUMED: "taken here: it was a copy for the gateway alone",
    RelayState.REFUSED: "refused by the next hop",
    RelayState.DEFERRED: "put off by the next hop; the client tries again",
    RelayState.UNKNOWN: "of unknown fate: the gateway stopped before the next hop answered",
    RelayState.BY_MTA: "delivered by the mail server itself",
}


def command_of(entry: Entry) -> str:
    """Return the command that cures what stopped it, filled in; empty when none does."""
    deciding = (a for a in entry.trace if a.matched and a.rule == entry.reason)
    answer = next(deciding, None)
    words = next((line.command for line in _lines(entry.reason, entry.direction)), "")
    return filled(words, answer.evidence, entry.message_id) if answer else ""


def when_told(reason: Reason, direction: str) -> Iterator[str]:
    """Yield when the rules of a reason hold, as they say it themselves."""
    yield from dict.fromkeys(line.when for line in _lines(reason, direction) if line.when)


def _lines(reason: Reason, direction: str) -> Iterator[Line]:
    for asked_of, line in PAGES[reason].lines:
        if asked_of in {"", direction}:
            yield line
