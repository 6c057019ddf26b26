"""Asks every rule and decides by the first that matches in the first stage that matches (D-7).

Pure and total: the same Case gives the same Decision, and every Case gives one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Never, TypeVar

from gateway import rules
from gateway.model.arrival import Arrival
from gateway.model.case import Case
from gateway.model.decision import (
    Answer,
    Decision,
    Evidence,
    JudgeAnew,
    Keep,
    Note,
    Outcome,
    Reason,
    Stage,
)
from gateway.model.facts import Seen
from gateway.rules.effects import contacts_of, credit_of, effects_of, mailboxes_of
from gateway.rules.gate import is_ours
from gateway.rules.identity import is_newly_marked
from gateway.rules.rule import NoteRule, Rule, filled

Asked = TypeVar("Asked", bound=Arrival)
NEVER_LOGGED = frozenset({Reason.NEVER_LOG_ACCOUNT, Reason.NEVER_LOG_USER})
BY_PEOPLE = frozenset(
    {Reason.APPROVED, Reason.DISCARDED, Reason.LOGGED_BY_HAND, Reason.IMPORTED, Reason.COMPLETED}
)
"""What a further sighting of the same message does not change."""
WRAPPINGS = frozenset({"forward", "journal-report"})


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that matched, what it saw, and where its answer stands in the trace."""

    rule: Rule[Never]
    evidence: Evidence
    outcome: Outcome
    place: int


def judge_gate(arrival: Arrival) -> Decision | None:
    """Return the decision of the privacy gate, or None when it lets the message pass."""
    if arrival.inside_forward and not is_ours(arrival):
        # Of a forward from nobody's address `copy-sender-unknown` speaks.
        return None
    table = rules.GATE_OF_WRAPPING if arrival.copy in WRAPPINGS else rules.GATE
    trace: list[Answer] = []
    matches = _ask(table, arrival, trace)
    return _decision(arrival, matches[0], trace) if matches else None


def judge(case: Case) -> Decision:
    """Return the decision about a message past the gate, with all that explains it."""
    trace: list[Answer] = []
    notes: list[Note] = []
    stopped = _before_identity(case, trace, notes)
    known = _ask(rules.IDENTITY, case, trace)
    _note(rules.IDENTITY_NOTES, case, trace, notes)
    decisive = _policy(case, trace)
    _note(rules.CONTENT, case, trace, notes)
    same = case.same_message
    if stopped is not None:
        decision = _decision(case, stopped, trace, notes)
        return _joining(case, decision, same, sighting_only=True) if same else decision
    judged = _logged(case, decisive, trace, notes)
    if same is None:
        return judged
    decision, sighting_only = _again(case, judged, same, known[0] if known else None)
    return _joining(case, decision, same, sighting_only=sighting_only)


def _before_identity(case: Case, trace: list[Answer], notes: list[Note]) -> Match | None:
    """Ask stages 0, A and B; of what came in a forward the gate is asked after them."""
    if case.wrapping is not None:
        tables = (_ask(rules.INTAKE, case, trace), _ask(rules.UNWRAP, case, trace))
        matches = [*tables[0], *tables[1], *_ask(rules.GATE, case, trace)]
    else:
        gate = rules.GATE_OF_WRAPPING if case.copy in WRAPPINGS else rules.GATE
        matches = _ask(gate, case, trace)
        matches += _ask(rules.INTAKE, case, trace)
        matches += _ask(rules.UNWRAP, case, trace)
    _note(rules.GATE_NOTES, case, trace, notes)
    return matches[0] if matches else None


def _policy(case: Case, trace: list[Answer]) -> Match:
    """Ask stages E and F; return the match that decides."""
    *table, last = rules.INCOMING if case.incoming else rules.OUTGOING
    matches = _ask(rules.KIND, case, trace)
    matches += _ask(table, case, trace)
    settled = next((match for match in matches if match.outcome is not Outcome.HELD), None)
    if settled is None:
        # The last rule always matches, so that every message gets a decision.
        settled = _ask((last,), case, trace)[0]
    else:
        trace.append(last.missed)
    holds = [match for match in matches if match.outcome is Outcome.HELD]
    before = [match for match in holds if match.place < settled.place]
    if before and settled.outcome is Outcome.LOGGED:
        return before[0]
    # What would not be logged anyway is not held; the trace tells that it would have been.
    for match in holds:
        seen = {**match.evidence, "would_hold": True}
        trace[match.place] = Answer(match.rule.stage, match.rule.name, False, seen)
    return settled


def _ask(rule_table: Sequence[Rule[Asked]], asked: Asked, trace: list[Answer]) -> list[Match]:
    """Ask every rule of a table; keep every answer."""
    matches = []
    for rule in rule_table:
        evidence = rule.check(asked)
        if evidence is None:
            trace.append(rule.missed)
            continue
        outcome = rule.outcome_under(asked.policy)
        matches.append(Match(rule, evidence, outcome, len(trace)))
        trace.append(Answer(rule.stage, rule.name, True, evidence))
    return matches


def _note(
    table: Sequence[NoteRule[Asked]], asked: Asked, trace: list[Answer], notes: list[Note]
) -> None:
    """Ask the rules that only say something; one note for each person or file."""
    for rule in table:
        found = tuple(rule.check(asked))
        if not found:
            trace.append(rule.missed)
        for subject, seen in found:
            trace.append(Answer(rule.stage, rule.name, True, seen))
            remedy, command = filled(rule.remedy, seen), filled(rule.command, seen)
            notes.append(Note(rule.reason, subject, remedy, seen, rule.partial, command))


def _decision(
    arrival: Arrival, match: Match, trace: list[Answer], notes: Sequence[Note] = ()
) -> Decision:
    """Return what a match decides, without what follows from logging."""
    rule, seen = match.rule, match.evidence
    remedy = "" if seen.get("nothing_to_do") else filled(rule.remedy, seen)
    command = filled(rule.command, seen, arrival.heading.message_id) if remedy else ""
    keep = _keep(arrival, match)
    private = keep is Keep.DIGESTS
    return Decision(
        outcome=match.outcome,
        reason=rule.reason,
        remedy=remedy,
        evidence=seen,
        trace=tuple(trace),
        notes=() if rule.stage is Stage.GATE else tuple(notes),
        keep=keep,
        mailboxes=() if private else mailboxes_of(arrival),
        direction=arrival.direction.value,
        command=command,
    )


def _logged(case: Case, match: Match, trace: list[Answer], notes: list[Note]) -> Decision:
    """Return the decision of stages E to G, with its effects where it is logged."""
    decision = _decision(case, match, trace, notes)
    reason = decision.reason
    credit = credit_of(case, reason)
    if decision.outcome is Outcome.HELD:
        return replace(decision, user=credit, contacts=contacts_of(case, reason))
    if decision.outcome is not Outcome.LOGGED:
        return replace(decision, user=credit)
    partial = any(note.partial for note in notes)
    return replace(
        decision,
        outcome=Outcome.PARTIAL if partial else Outcome.LOGGED,
        user=credit,
        contacts=contacts_of(case, reason),
        effects=effects_of(case, reason),
    )


def _again(case: Case, judged: Decision, same: Seen, known: Match | None) -> tuple[Decision, bool]:
    """Return what stage C makes of a message that is seen again, and whether its entry stands."""
    if known is None:
        return _retried(judged, same), False
    reason = known.rule.reason
    duplicate = _decision(case, known, list(judged.trace))
    if reason is Reason.COMPLETED:
        if not judged.outcome.on_timeline:
            return judged, False
        remedy, seen = duplicate.remedy, known.evidence
        return replace(judged, reason=reason, remedy=remedy, evidence=seen), False
    if reason is Reason.FORWARD_OF_SEEN:
        return replace(duplicate, effects=(JudgeAnew(same.entry_id),)), True
    if reason is Reason.REDELIVERED or _stands(case, judged, same):
        return duplicate, True
    return judged, False


def _stands(case: Case, judged: Decision, same: Seen) -> bool:
    """Whether a further sighting leaves the decision of the entry as it is.

    What is on the timeline stays there: a union has more recipients, marks and proofs, never
    fewer. Only a first mark gives it another reason, with the contacts that a mark makes.
    """
    if same.reason in BY_PEOPLE or (same.reason, same.outcome) == (judged.reason, judged.outcome):
        return True
    if not same.outcome.on_timeline:
        return False
    opted_in = is_newly_marked(case) and not case.incoming and judged.outcome.on_timeline
    return same.reason is judged.reason or not opted_in


def _retried(judged: Decision, same: Seen) -> Decision:
    """Return the first decision again: the same entry goes on.

    What the next hop refused for good is judged by today's facts: its decision was withdrawn.
    """
    if same.reason in {judged.reason, Reason.NOT_DELIVERED}:
        return judged
    return replace(
        judged,
        outcome=same.outcome,
        reason=same.reason,
        remedy=same.remedy,
        evidence={},
        effects=(),
    )


def _joining(case: Case, decision: Decision, same: Seen, *, sighting_only: bool) -> Decision:
    """Return the decision as one about a further sighting of an entry."""
    return replace(
        decision,
        joins=same.entry_id,
        version=case.message.digest not in same.digests,
        sighting_only=sighting_only,
    )


def _keep(arrival: Arrival, match: Match) -> Keep:
    """Return what is kept of the content."""
    if match.rule.reason in NEVER_LOGGED:
        return Keep.DIGESTS
    if match.outcome is Outcome.LOGGED:
        return Keep.CONTENT
    if match.outcome is Outcome.HELD:
        return Keep.HELD
    return Keep.FIXABLE if match.rule.fixable and arrival.outside else Keep.IDS
