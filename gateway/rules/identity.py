"""Stage C: is it a sighting of a message that we have already?

Same message: same id and content digest; or same id, author and date with another digest, which
is a version. What none of these rules answers is new, or a retry of what was not delivered.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.model.case import Case
from gateway.model.decision import Evidence, Outcome, Reason
from gateway.model.envelope import RelayState
from gateway.model.facts import Seen
from gateway.rules.content import name_of, names_lacking
from gateway.rules.rule import note, rule
from gateway.rules.wording import minute

NOT_TAKEN = frozenset({RelayState.DEFERRED, RelayState.REFUSED})


@rule(
    Reason.COMPLETED,
    Outcome.LOGGED,
    source="S4",
    remedy="The missing attachments were added.",
)
def completed(case: Case) -> Evidence | None:
    """`complete_attachments`: the entry is partial for a file that this version has.

    It is judged anew on the union of its sightings.
    """
    same = case.same_message
    if same is None or not same.incomplete or not case.policy.complete_attachments:
        return None
    added = _files_added(case, same)
    return {"entry": same.entry_id, "added": ", ".join(sorted(added))} if added else None


@rule(
    Reason.REDELIVERED,
    Outcome.DUPLICATE,
    remedy="Already handled.",
)
def redelivered(case: Case) -> Evidence | None:
    """The same message by the same path, nothing is new, and the first was relayed.

    So it is when the fate of the first is unknown.
    """
    same = case.same_message
    if same is None or what_is_new(case, same) or is_retry(case, same):
        return None
    return {"entry": same.entry_id, "path": case.envelope.route}


@rule(
    Reason.FORWARD_OF_SEEN,
    Outcome.DUPLICATE,
    source="S2",
    remedy="The original was found and used instead of the forwarded text.",
)
def forward_of_seen(case: Case) -> Evidence | None:
    """`find_true_original`: a forward that rebuilds a message we keep.

    The stored one is judged anew, with the forward as its mark.
    """
    same = case.same_message
    if same is None or not case.inside_forward or not case.policy.find_true_original:
        return None
    return {"entry": same.entry_id} if same.kept else None


@rule(
    Reason.SEEN_AGAIN,
    Outcome.DUPLICATE,
    remedy="Already logged at {time} by {path}; this copy added {what}.",
)
def seen_again(case: Case) -> Evidence | None:
    """The same message with a new recipient, mark, path or proof.

    The union is judged; it stays a duplicate when outcome and reason stay the same.
    """
    same = case.same_message
    if same is None or not (new := what_is_new(case, same)):
        return None
    first = same.sightings[0] if same.sightings else None
    return {
        "entry": same.entry_id,
        "time": minute(first.received_at) if first else "an unknown time",
        "path": first.route if first else "another path",
        "what": " and ".join(new),
    }


@note(Reason.MESSAGE_ID_REUSED)
def message_id_reused(case: Case) -> Iterator[tuple[str, Evidence]]:
    """Another message has the same id: neither digest nor author and date are alike."""
    if case.facts.seen and case.same_message is None:
        yield "", {"entry": case.facts.seen[0].entry_id}


@note(Reason.MESSAGE_ID_MISSING)
def message_id_missing(case: Case) -> Iterator[tuple[str, Evidence]]:
    """It has no Message-ID; one was made of its content."""
    if not case.heading.message_id:
        yield "", {"message_id": case.message.message_id}


def what_is_new(case: Case, same: Seen) -> tuple[str, ...]:
    """Return what this sighting adds to those before: recipient, mark, path, proof."""
    route = case.envelope.route
    here = [seen for seen in same.sightings if seen.route == route]
    known = frozenset[str]().union(*(seen.recipients for seen in same.sightings))
    new = (
        ("a recipient", not known.issuperset(case.recipient_keys)),
        ("a mark", is_newly_marked(case)),
        ("a path", not here),
        ("a proof", bool(case.proof) and not any(seen.proof for seen in same.sightings)),
    )
    return tuple(word for word, holds in new if holds)


def _files_added(case: Case, same: Seen) -> set[str]:
    """Return the files that the entry lacks and this version has.

    A placeholder may have a name of its own: then a version that lacks nothing, and holds no file
    of that name, brings the files in its place.
    """
    files = [file for file in case.message.attachments if not file.inline]
    lacking = names_lacking(case)
    here = {name_of(file) for file in files if file.state == "present"} - lacking
    if added := here & same.incomplete:
        return added
    is_version = case.message.digest not in same.digests
    holds_placeholder = any(name_of(file) in same.incomplete for file in files)
    return here if is_version and not lacking and not holds_placeholder else set()


def is_newly_marked(case: Case) -> bool:
    """Whether this sighting brings the first mark."""
    return bool(case.mark) and not case.marked_sightings


def is_retry(case: Case, same: Seen) -> bool:
    """Whether the next hop took no sighting of this path so far."""
    states = [seen.relay for seen in same.sightings if seen.route == case.envelope.route]
    return bool(states) and NOT_TAKEN.issuperset(states)
