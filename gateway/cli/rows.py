"""What the model's nouns look like as objects of JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.cli.output import moment
from gateway.model.decision import Answer, Note
from gateway.model.entry import AttachmentNote, Entry
from gateway.model.envelope import Relayed
from gateway.model.message import Address, Attachment, Forward, Kind, Message
from gateway.model.suggestion import Suggestion

Row = dict[str, Any]


def entry_row(entry: Entry) -> Row:
    """Return a decision as `decisions --json` prints it."""
    return {
        "entry": entry.entry_id,
        "message_id": entry.message_id,
        "received_at": moment(entry.received_at),
        "direction": str(entry.direction),
        "route": entry.route,
        "author": entry.author,
        "subject": entry.subject,
        "outcome": str(entry.outcome),
        "reason": str(entry.reason),
        "remedy": entry.remedy,
        "thread": entry.thread_id,
        "tracked": entry.tracked,
        "contacts": list(entry.contacts),
        "mailboxes": list(entry.mailboxes),
        "user": entry.user,
        "attachments": [_attachment_note(note) for note in entry.attachments],
        "notes": [_note(note) for note in entry.notes],
        "trace": [answer_row(answer) for answer in entry.trace],
        "relayed": _relayed(entry.relayed),
        "sha256_in": entry.sha256_in.hex(),
        "sha256_out": entry.relayed.sha256_out.hex(),
        "kept": entry.kept,
    }


def history_row(entry: Entry) -> Row:
    """Return an entry with all that `explain --json` says beside its decision."""
    return {
        **entry_row(entry),
        "sightings": [
            {
                "received_at": moment(seen.received_at),
                "route": seen.route,
                "direction": str(seen.direction),
                "recipients": sorted(seen.recipients),
                "relay": str(seen.relay),
                "marked": seen.marked,
                "proof": seen.proof,
                "sha256_in": seen.sha256_in.hex(),
            }
            for seen in entry.sightings
        ],
        "decisions": [
            {
                "decided_at": moment(past.decided_at),
                "outcome": str(past.outcome),
                "reason": str(past.reason),
                "remedy": past.remedy,
                "preset": past.preset,
                "by": past.by,
            }
            for past in entry.decisions
        ],
    }


def suggestion_row(suggestion: Suggestion | None) -> Row | None:
    """Return what an entry may answer."""
    if suggestion is None:
        return None
    return {
        "entry": suggestion.entry_id,
        "hint": str(suggestion.hint),
        "detail": suggestion.detail,
    }


def answer_row(answer: Answer) -> Row:
    """Return what one rule answered."""
    return {
        "stage": str(answer.stage),
        "rule": answer.rule,
        "matched": answer.matched,
        "evidence": dict(answer.evidence),
    }


def message_row(message: Message) -> Row:
    """Return what was read in a message, as `inspect --json` prints it."""
    heading = message.heading
    return {
        "message_id": heading.message_id,
        "in_reply_to": list(heading.in_reply_to),
        "references": list(heading.references),
        "author": _address(heading.author),
        "to": [_address(address) for address in heading.to],
        "cc": [_address(address) for address in heading.cc],
        "subject": heading.subject,
        "date": moment(heading.date) or None,
        "text": message.text,
        "new_text": message.new_text,
        "charset": message.charset,
        "attachments": [_attachment(attachment) for attachment in message.attachments],
        "kind": str(message.kind),
        "kind_evidence": message.kind_evidence,
        "auto_reply": _auto_reply(message),
        "bounce": _bounce(message),
        "forwards": [_forward(forward) for forward in message.forwards],
        "scanner": [
            {"product": trace.product, "state": trace.state, "name": trace.name}
            for trace in message.scanner
        ],
        "defects": [
            {"code": defect.code, "detail": defect.detail}
            for defect in (*heading.defects, *message.defects)
        ],
        "unparseable": message.unparseable,
        "encrypted": message.encrypted,
        "digest": message.digest.hex(),
    }


def _address(address: Address | None) -> Mapping[str, str] | None:
    return None if address is None else {"name": address.name, "address": address.addr_spec}


def _attachment(attachment: Attachment) -> Row:
    return {
        "name": attachment.name,
        "media_type": attachment.media_type,
        "detected_type": attachment.detected_type,
        "size": attachment.size,
        "sha256": attachment.sha256.hex(),
        "disposition": attachment.disposition,
        "part": attachment.part,
        "state": attachment.state,
        "inline": attachment.inline,
    }


def _attachment_note(note: AttachmentNote) -> Row:
    reason = None if note.reason is None else str(note.reason)
    return {**_attachment(note.attachment), "reason": reason}


def _note(note: Note) -> Row:
    return {
        "reason": str(note.reason),
        "subject": note.subject,
        "remedy": note.remedy,
        "evidence": dict(note.evidence),
        "partial": note.partial,
    }


def _relayed(relayed: Relayed) -> Row:
    reply = relayed.reply
    return {
        "state": str(relayed.state),
        "code": None if reply is None else reply.code,
        "enhanced": "" if reply is None else reply.enhanced,
        "text": "" if reply is None else "\n".join(reply.text),
    }


def _auto_reply(message: Message) -> Row | None:
    if message.kind is not Kind.AUTO_REPLY:
        return None
    said = message.auto_reply
    return {"until": said.until if said else "", "successor": said.successor if said else ""}


def _bounce(message: Message) -> Row | None:
    report = message.report
    if message.kind is not Kind.BOUNCE or report is None:
        return None
    original = report.original_ids[0] if report.original_ids else ""
    return {
        "results": [
            {
                "recipient": result.recipient,
                "action": result.action,
                "status": result.status,
                "hard": result.hard,
                "diagnostic": result.diagnostic,
                "original_message_id": original,
            }
            for result in report.results
        ]
    }


def _forward(forward: Forward) -> Row:
    return {
        "kind": forward.kind,
        "author": _address(forward.author),
        "to": [_address(address) for address in forward.to],
        "cc": [_address(address) for address in forward.cc],
        "subject": forward.subject,
        "date": forward.date,
        "body": forward.body,
        "message_id": forward.message_id,
    }
