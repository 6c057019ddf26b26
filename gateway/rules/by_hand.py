"""What a person decides: a message, or a folder of sent mail, counts as logged (stage H).

The rules are asked all the same, so that the trace shows what they said; the person decides.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.model.case import Case
from gateway.model.decision import Decision, Keep, MakeContact, Outcome, Reason
from gateway.rules.effects import effects_of
from gateway.rules.judge import judge
from gateway.rules.people import may_be_tied


def log_by_hand(case: Case, reason: Reason, by: str, under: str = "") -> Decision:
    """Return the decision of a person who logs a message; its people become contacts.

    `reason` is `logged-by-hand`, `approved` or `imported`; `by` names the person. Who is on a
    never-log list or was erased is left out, as always. `under` is an address of the contact that
    the person chose, in place of all whom the message names.
    """
    judged = judge(case)
    people = tuple(key for key in case.outside if may_be_tied(case, key))
    people = (under,) if under else people
    names = {a.key: a.name for a in (*case.heading.authors, *case.heading.to, *case.heading.cc)}
    made = (
        MakeContact(key, names.get(key, "")) for key in people if not case.facts.contacts.get(key)
    )
    partial = any(note.partial for note in judged.notes)
    return replace(
        judged,
        outcome=Outcome.PARTIAL if partial else Outcome.LOGGED,
        reason=reason,
        remedy="",
        command="",
        evidence={"by": by},
        keep=Keep.CONTENT,
        contacts=tuple(_primary(case, key) for key in people),
        effects=(*made, *effects_of(case, reason)),
        sighting_only=False,
    )


def _primary(case: Case, key: str) -> str:
    found = case.facts.contacts.get(key, ())
    return found[0].primary if len(found) == 1 else key


def discard_by_hand(case: Case, by: str) -> Decision:
    """Return the decision of a person who discards what was held; its content is not kept."""
    return replace(
        judge(case),
        outcome=Outcome.NOT_LOGGED,
        reason=Reason.DISCARDED,
        remedy="",
        command="",
        evidence={"by": by},
        keep=Keep.IDS,
        contacts=(),
        effects=(),
        sighting_only=False,
    )
