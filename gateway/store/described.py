"""How a judged message and its decision are written in the columns of an entry.

What may be written goes by what is kept. `digests`: only keyed digests of ids,
time and code. `ids`: ids, time, code and, past the gate, whom identity needs. Anything else: all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from gateway.model.arrival import Arrival
from gateway.model.case import Case, Proof
from gateway.model.decision import Answer, Decision, Evidence, Keep, Note, Reason, Stage
from gateway.model.envelope import (
    Client,
    Content,
    Direction,
    Envelope,
    Octets,
    Recipient,
    Traits,
)
from gateway.model.message import Attachment, Span
from gateway.model.policy import Retention
from gateway.store.rows import FOREVER, clean, from_json, micros, to_json

WITH_CONTENT = frozenset({Keep.CONTENT, Keep.HELD, Keep.FIXABLE})
LACKING = frozenset(
    {Reason.ATTACHMENT_TOO_LARGE, Reason.ATTACHMENT_PENDING, Reason.ATTACHMENT_STRIPPED}
)
"""Reasons of notes that say a file is not there."""

_DAY = 86_400_000_000
_NOT_STORED = LACKING | {Reason.ATTACHMENTS_OFF, Reason.ATTACHMENT_ENCODING}


def is_sealed(decision: Decision) -> bool:
    """Whether only keyed digests may be kept: a never-log list or an erasure named somebody."""
    return decision.keep is Keep.DIGESTS or decision.reason is Reason.ERASED


def kept_until(keep: Keep, retention: Retention, now: int) -> int:
    """Return when the content is to be freed, in microseconds; 0 when none is kept."""
    if keep not in WITH_CONTENT:
        return 0
    days = retention.held_days if keep is Keep.HELD else retention.fixable_days
    if keep is Keep.CONTENT:
        if retention.logged_days is None:
            return FOREVER
        days = retention.logged_days
    return now + days * _DAY


def described(judged: Arrival | Case, decision: Decision) -> dict[str, Any]:
    """Return the columns of an entry that tell of the message and not of its decision."""
    heading = judged.heading
    told = decision.keep in WITH_CONTENT and isinstance(judged, Case)
    past_gate = isinstance(judged, Case)
    author = judged.author if past_gate else None
    box = _mailbox(judged) if past_gate else ""
    user = decision.user or (judged.user.key if past_gate and judged.user else "")
    return {
        "message_id": "" if is_sealed(decision) else clean(_message_id(judged)),
        "received_at": micros(judged.envelope.received_at),
        "direction": decision.direction or judged.direction,
        "route": judged.envelope.route,
        "gate": int(not past_gate),
        "marked": int(bool(judged.mark)),
        "date": micros(heading.date) if past_gate and heading.date else None,
        "author": clean(author.key) if author else "",
        "author_name": clean(author.name) if author and told else "",
        "subject": clean(heading.subject) if told else "",
        "base_subject": clean(heading.base_subject) if told else "",
        "recipients": to_json(judged.recipients) if past_gate else "[]",
        "outside": to_json(judged.outside) if past_gate else "[]",
        "user": "" if is_sealed(decision) else user,
        "mailbox": box,
        "mailboxes": "[]" if is_sealed(decision) else to_json(decision.mailboxes),
        "missing": to_json(lacking(decision.notes)) if decision.notes else "[]",
    }


def is_marked_itself(judged: Arrival | Case) -> bool:
    """Whether this sighting brings a mark of its own, not by the union with earlier ones."""
    if judged.wrapping is not None:
        return judged.wrapping.kind == "forward"
    return bool(judged.mark) and bool(vars(Arrival)["mark"].make(judged))


def _message_id(judged: Arrival | Case) -> str:
    return judged.message.message_id if isinstance(judged, Case) else judged.heading.message_id


def _mailbox(judged: Arrival) -> str:
    """Return the mailbox that it came from or reached first."""
    if judged.incoming:
        return judged.reached[0].address if judged.reached else ""
    return judged.sender_mailbox.address if judged.sender_mailbox else ""


def lacking(notes: Sequence[Note]) -> tuple[str, ...]:
    """Return the names of the files that an entry lacks."""
    names = (str(note.evidence.get("name", "")) for note in notes if note.reason in LACKING)
    return tuple(name for name in names if name)


def attachment_rows(
    entry: int, attachments: Sequence[Attachment], notes: Sequence[Note]
) -> list[tuple[Any, ...]]:
    """Return the rows of the attachments, each with the reason why it is not stored."""
    why = {n.subject: n.reason for n in notes if n.reason in _NOT_STORED}
    everything = next(
        (n.reason for n in notes if n.reason is Reason.ATTACHMENTS_OFF and not n.subject), ""
    )
    return [
        (
            entry,
            number,
            one.sha256,
            why.get(one.part, everything),
            to_json(
                (
                    one.part, one.name, one.media_type, one.size, one.disposition,
                    [(s.start, s.stop, s.encoding) for s in one.chain],
                    one.detected_type, one.state, one.inline,
                )
            ),
        )
        for number, one in enumerate(attachments, 1)
    ]  # fmt: skip


def read_attachment(described: str, sha256: bytes) -> Attachment:
    """Return the attachment of a row."""
    part, name, media_type, size, disposition, chain, detected, state, inline = from_json(
        described, tuple[str, str, str, int, str, list[tuple[int, int, str]], str, str, bool]
    )
    spans = tuple(Span(*span) for span in chain)
    return Attachment(
        part, name, media_type, size, sha256, disposition, spans, detected, state, inline
    )


class _Envelope(Struct, array_like=True):
    mail_from: str
    recipients: list[tuple[str, tuple[str, ...]]]
    mail_options: tuple[str, ...]
    client: tuple[str, str, str, str, bool, dict[str, str]]
    queue_id: str
    folder: str
    by_crm: bool
    traits: tuple[int, int, int, bool, int, str]
    proof_detail: str = ""


def envelope_text(envelope: Envelope, proof: Proof | None = None) -> str:
    """Return what SMTP said, without the octets, as text; and the detail of what proved it."""
    client, traits = envelope.client, envelope.content.traits
    return to_json(
        _Envelope(
            envelope.mail_from,
            [(one.addr_spec, one.options) for one in envelope.recipients],
            envelope.mail_options,
            (
                client.address, client.name, client.helo, client.login, client.trusted,
                dict(client.forwarded),
            ),
            envelope.queue_id,
            envelope.folder,
            envelope.by_crm,
            (
                traits.bare_lf, traits.bare_cr, traits.nul, traits.eight_bit,
                traits.longest_line, traits.ambiguous_end,
            ),
            clean(proof.detail) if proof else "",
        )
    )  # fmt: skip


def read_envelope(  # noqa: PLR0917 - the columns of a sighting, in order
    text: str | bytes, route: str, direction: Direction, received_at: Any, content: Octets,
    sha256: bytes,
) -> Envelope:  # fmt: skip
    """Return the envelope that was written so, around its octets."""
    said = from_json(text, _Envelope)
    return Envelope(
        route=route,
        direction=direction,
        mail_from=said.mail_from,
        recipients=tuple(Recipient(spec, tuple(options)) for spec, options in said.recipients),
        content=Content(content, len(content), sha256, Traits(*said.traits)),
        received_at=received_at,
        client=Client(*said.client),
        mail_options=tuple(said.mail_options),
        queue_id=said.queue_id,
        folder=said.folder,
        by_crm=said.by_crm,
    )


def read_proof(text: str | bytes, kind: str) -> Proof | None:
    """Return the proof of that kind which was written with an envelope; None for no kind."""
    return Proof(kind, from_json(text, _Envelope).proof_detail) if kind else None


def rulebook_text(trace: Sequence[Answer]) -> str:
    """Return which rules were asked, in order."""
    return to_json([(answer.stage, answer.rule) for answer in trace])


def matches_text(trace: Sequence[Answer], *, sealed: bool) -> str:
    """Return which of them matched, by their place, with what they saw."""
    return to_json(
        [
            (place, answer.matched, {} if sealed else answer.evidence)
            for place, answer in enumerate(trace)
            if answer.matched or answer.evidence
        ]
    )


def read_trace(rulebook: str, matches: str) -> tuple[Answer, ...]:
    """Return the trace of a decision."""
    rows = from_json(matches, list[tuple[int, bool, dict[str, str | int | bool]]])
    answers = {place: (matched, evidence) for place, matched, evidence in rows}
    return tuple(
        Answer(Stage(stage), rule, *answers.get(place, (False, {})))
        for place, (stage, rule) in enumerate(from_json(rulebook, list[tuple[str, str]]))
    )


def notes_text(notes: Sequence[Note]) -> str:
    """Return the notes of a decision as text."""
    return to_json(
        [(n.reason, n.subject, n.remedy, n.evidence, n.partial, n.command) for n in notes]
    )


def read_notes(text: str) -> tuple[Note, ...]:
    """Return the notes that were written so."""
    if text == "[]":
        return ()
    rows = from_json(text, list[tuple[str, str, str, dict[str, str | int | bool], bool, str]])
    return tuple(
        Note(Reason(reason), subject, remedy, evidence, partial, command)
        for reason, subject, remedy, evidence, partial, command in rows
    )


def unnamed(remedy: str, evidence: Evidence | Mapping[str, Any]) -> str:
    """Return the remedy without what the evidence put into it: it names whom we may not name."""
    named = (value for value in evidence.values() if isinstance(value, str) and len(value) > 2)
    for value in sorted(named, key=len, reverse=True):
        remedy = remedy.replace(value, "…")
    return remedy
