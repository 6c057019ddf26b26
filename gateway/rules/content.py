"""Stage G: what of the content is left out, or odd. One note per attachment; all apply."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice

from gateway.model.case import Case
from gateway.model.decision import Evidence, Reason
from gateway.model.message import Attachment, ScannerTrace
from gateway.rules.file_types import contradicted
from gateway.rules.rule import note
from gateway.rules.wording import size

TAKEN_AWAY = frozenset({"replaced", "stripped", "blocked"})
SOME_SCANNER = "A security scanner"
SOME_FILE = "a file"
WHEN_COMPLETE = "It is added when a complete copy arrives."
NEVER_COMPLETE = "A complete copy would add it with complete_attachments."


@note(
    Reason.ATTACHMENT_TOO_LARGE,
    partial=True,
    source="S3",
    remedy="{name} ({size}) is over {limit} and was not stored.",
)
def attachment_too_large(case: Case) -> Iterator[tuple[str, Evidence]]:
    """Over the limit of its direction; name, type, size and digest are kept, the content is not.

    Limits of the user and of the type go before that of the direction. Where there is a limit in
    total, what does not fit beside the files before it is left out.
    """
    total, room = _total_limit(case), 0
    for file in case.message.attachments:
        limit = _limit_of(case, file)
        if file.size <= limit and (total is None or room + file.size <= total):
            room += file.size
            continue
        over = limit if file.size > limit or total is None else total
        yield (
            file.part,
            {
                "name": name_of(file),
                "size": size(file.size),
                "limit": size(over),
                "media_type": file.media_type,
                "sha256": file.sha256.hex(),
            },
        )


@note(
    Reason.ATTACHMENT_PENDING,
    partial=True,
    source="S4",
    remedy="{product} is still scanning {name}. " + WHEN_COMPLETE,
)
def attachment_pending(case: Case) -> Iterator[tuple[str, Evidence]]:
    """A placeholder of a scan in progress waits, with `complete_attachments`, for the file."""
    if _waits(case):
        yield from _missing(case, "pending", frozenset({"held"}))


@note(
    Reason.ATTACHMENT_STRIPPED,
    partial=True,
    source="S4",
    remedy="{product} removed {name} before we saw it. {then}",
)
def attachment_stripped(case: Case) -> Iterator[tuple[str, Evidence]]:
    """A scanner removed or replaced it, or declared and present files differ.

    So counts a placeholder for which nobody waits, or no longer.
    """
    yield from _missing(case, "stripped", TAKEN_AWAY)
    if not _waits(case):
        yield from _missing(case, "pending", frozenset({"held"}))


@note(
    Reason.ATTACHMENT_TYPE_MISMATCH,
    remedy="{name} says {declared}, but is {detected}.",
)
def attachment_type_mismatch(case: Case) -> Iterator[tuple[str, Evidence]]:
    """The content is not what name or media type say; a note, not partial."""
    for file in case.message.attachments:
        declared = contradicted(file.name, file.media_type, file.detected_type)
        if declared:
            detected = file.detected_type
            yield (
                file.part,
                {"name": name_of(file), "declared": declared, "detected": detected},
            )


@note(
    Reason.ATTACHMENTS_OFF,
    partial=True,
    remedy="Attachments are not stored ({setting}).",
    command="replygate check-config",
)
def attachments_off(case: Case) -> Iterator[tuple[str, Evidence]]:
    """Attachment logging is switched off."""
    if not case.policy.attachments:
        for file in case.message.attachments:
            yield file.part, {"name": name_of(file), "setting": "attachments = false"}


@note(
    Reason.ATTACHMENT_ENCODING,
    partial=True,
    remedy="Part of {name} could not be read.",
)
def attachment_encoding(case: Case) -> Iterator[tuple[str, Evidence]]:
    """Its transfer encoding is damaged; what could be read is kept."""
    for file in case.message.attachments:
        if file.state in {"damaged", "partial"}:
            yield file.part, {"name": name_of(file)}


@note(
    Reason.BODY_TOO_LARGE,
    partial=True,
    remedy="The text was shortened on the timeline.",
)
def body_too_large(case: Case) -> Iterator[tuple[str, Evidence]]:
    """The text is over the body limit."""
    octets, limit = case.message.text_size, case.policy.body_limit
    if octets > limit:
        yield "", {"size": size(octets), "limit": size(limit)}


@note(
    Reason.ENCRYPTED,
    partial=True,
    remedy="Encrypted: only sender, date and subject are logged.",
)
def encrypted(case: Case) -> Iterator[tuple[str, Evidence]]:
    """Enveloped S/MIME or multipart/encrypted; what is only signed is read."""
    if case.message.encrypted:
        yield "", {"by": case.message.encrypted}


def names_lacking(case: Case) -> set[str]:
    """Return the names of the files that are not here, or would not be stored."""
    rules = (attachment_too_large, attachment_pending, attachment_stripped)
    return {str(seen["name"]) for one in rules for _, seen in one.check(case)}


def _limit_of(case: Case, file: Attachment) -> int:
    """Return the limit of one file: of its user, else of its type, else of its direction."""
    policy = case.policy
    if policy.attachment_limit_by_user:
        limits = dict(policy.attachment_limit_by_user)
        for user in case.users_concerned:
            if user.key in limits:
                return limits[user.key]
    if policy.attachment_limit_by_type:
        limits = dict(policy.attachment_limit_by_type)
        for key in (file.media_type, f"{file.media_type.partition('/')[0]}/*"):
            if key in limits:
                return limits[key]
    return policy.attachment_limit_in if case.incoming else policy.attachment_limit_out


def _total_limit(case: Case) -> int | None:
    return None if case.incoming else case.policy.attachment_limit_out_total


def _waits(case: Case) -> bool:
    """Whether a file that is being scanned is still waited for."""
    patience = timedelta(minutes=case.policy.pending_minutes)
    waited = case.asked_at - case.envelope.received_at
    is_patient = case.policy.complete_attachments and not case.facts.patience_over
    return is_patient and waited < patience


def _missing(case: Case, state: str, traces: frozenset[str]) -> Iterator[tuple[str, Evidence]]:
    """Yield the files in this state, and those that only a scanner's trace tells of."""
    told = [trace for trace in case.message.scanner if trace.state in traces]
    then = WHEN_COMPLETE if case.policy.complete_attachments else NEVER_COMPLETE
    for subject, product, name in _taken(case.message.attachments, state, told):
        yield subject, {"product": product, "name": name, "then": then}


def _taken(
    files: Sequence[Attachment], state: str, told: Sequence[ScannerTrace]
) -> Iterator[tuple[str, str, str]]:
    """Yield part, product and name of each file that is not there."""
    known = {file.name for file in files}
    here = [file for file in files if file.state == state]
    for file in here:
        yield file.part, _product(told, file.name), name_of(file)
    named = [trace for trace in told if trace.name]
    for trace in named:
        if trace.name not in known:
            yield "", trace.product, trace.name
    if not here and not named:
        # A product that says so names no file; a notice in place of the whole mail took none.
        unnamed = (trace for trace in told if trace.state != "blocked")
        for trace in islice(unnamed, 1):
            yield "", trace.product, SOME_FILE


def _product(traces: Sequence[ScannerTrace], name: str) -> str:
    """Return who took the file: the one that names it, else any that is told of."""
    named = (trace.product for trace in traces if trace.name == name)
    return next(named, traces[0].product if traces else SOME_SCANNER)


def name_of(file: Attachment) -> str:
    """Return what a file is called in notes."""
    return file.name or f"part {file.part}"
