"""Turns what the record says into what the API answers, as far as the asker may know it.

Whom a message reached blindly is known to its sender and to admins: remedies, notes, evidence and
sightings may name them.
"""

from __future__ import annotations

from gateway.model.decision import Answer, Note
from gateway.model.entry import AttachmentNote, Entry
from gateway.model.envelope import Direction, Relayed
from gateway.model.handover import Standing
from gateway.replay import Change
from gateway.store import views
from gateway.web import work
from gateway.web.api import shapes
from gateway.web.desk import NotFoundError, Visit
from gateway.web.orders import Order, orders_for
from gateway.web.pages.why import contacts_told, is_stored, letter_of, mailboxes_told, may
from gateway.web.templating import does, effect, label
from gateway.words.rules import sentences_in


def seen(visit: Visit, entry_id: str) -> Entry:
    """Return an entry that the asker may see. Raises NotFoundError."""
    entry = visit.views.find(visit.must_see(entry_id))
    if entry is None:
        raise NotFoundError(entry_id)
    return entry


def line(visit: Visit, one: views.Line) -> shapes.Line:
    """Return a line of a list."""
    told = visit.viewer.is_told(one.direction, one.user)
    return shapes.Line(
        entry=one.entry_id,
        received_at=one.received_at,
        direction=Direction(one.direction),
        route=one.route,
        outcome=one.outcome,
        reason=one.reason,
        author=one.author,
        author_name=one.author_name,
        subject=one.subject,
        user=one.user,
        mailboxes=[box for box in one.mailboxes if _knows_box(visit, one, box)],
        thread=one.thread,
        kept=one.kept,
        remedy=one.remedy if told else "",
        command=one.command if told else "",
    )


def _knows_box(visit: Visit, one: views.Line, box: str) -> bool:
    return visit.viewer.knows_all(one.direction, one.user) or box in visit.viewer.mailboxes


def message(visit: Visit, entry: Entry) -> shapes.Message:
    """Return a message whole."""
    viewer = visit.viewer
    told = viewer.is_told(entry.direction, entry.user)
    knows_all = viewer.knows_all(entry.direction, entry.user)
    command = visit.views.command(entry.entry_id)
    letter = None if knows_all else letter_of(visit, entry)
    orders = [order for order in orders_for(entry, command) if may(visit, entry, order)]
    return shapes.Message(
        entry=entry.entry_id,
        message_id=entry.message_id,
        received_at=entry.received_at,
        direction=entry.direction,
        route=entry.route,
        author=entry.author,
        author_name=entry.author_name,
        subject=entry.subject,
        outcome=entry.outcome,
        reason=entry.reason,
        sentence=sentences_in(visit.tongue, entry.reason, entry.direction),
        remedy=entry.remedy if told else "",
        command=command if told else "",
        thread=entry.thread_id,
        tracked=entry.tracked,
        contacts=[address for address, _ in contacts_told(visit, entry, letter)],
        mailboxes=mailboxes_told(visit, entry),
        user=entry.user,
        attachments=[_file(entry, n, note) for n, note in enumerate(entry.attachments, 1)],
        notes=[_note(note) for note in entry.notes] if told else [],
        trace=[_answer(answer, told=told) for answer in entry.trace],
        relayed=_relay(entry.relayed),
        sha256_in=entry.sha256_in.hex(),
        sightings=_sightings(entry) if knows_all else [],
        decisions=_decisions(entry, told=told),
        kept=entry.kept,
        text=entry.text,
        actions=[_action(visit, order) for order in orders],
    )


def done(visit: Visit, result: work.Done, *own: str, dry_run: bool) -> shapes.Done:
    """Return what came of orders; `own` are the messages that were chosen."""
    words = effect(visit.tongue, result, own)
    return shapes.Done(dry_run, words, sorted(result.logged), result.known, result.at_most)


def changed(change: Change) -> shapes.Changed:
    """Return a decision that differs."""
    author = change.case.author
    return shapes.Changed(
        entry=change.entry_id,
        author=author.key if author else "",
        subject=change.case.heading.subject,
        before=change.before[0],
        before_reason=change.before[1],
        after=change.after.outcome,
        reason=change.after.reason,
        remedy=change.after.remedy,
    )


def push(standing: Standing) -> shapes.Push:
    """Return how it stands with one push."""
    one = standing.push
    return shapes.Push(
        push=one.number,
        sink=one.sink,
        kind=str(one.kind),
        entry=one.entry_id,
        thread=one.thread,
        state=str(standing.state),
        attempts=one.attempts,
        made_at=one.made_at,
        next_at=standing.next_at,
        failing_since=one.failing_since,
        reason=standing.reason,
        said=standing.said,
        key=one.key,
        theirs=one.theirs,
    )


def _file(entry: Entry, number: int, note: AttachmentNote) -> shapes.File:
    file = note.attachment
    return shapes.File(
        number=number,
        part=file.part,
        name=file.name,
        media_type=file.media_type,
        detected_type=file.detected_type,
        size=file.size,
        sha256=file.sha256.hex(),
        disposition=file.disposition,
        state=file.state,
        inline=file.inline,
        reason=note.reason,
        stored=entry.kept and is_stored(entry, file),
    )


def _note(note: Note) -> shapes.Note:
    return shapes.Note(note.reason, note.subject, note.remedy, dict(note.evidence), note.partial)


def _answer(answer: Answer, *, told: bool) -> shapes.Answer:
    evidence = dict(answer.evidence) if told else {}
    return shapes.Answer(str(answer.stage), answer.rule, answer.matched, evidence)


def _relay(relayed: Relayed) -> shapes.Relay:
    reply = relayed.reply
    return shapes.Relay(
        relayed.state,
        None if reply is None else reply.code,
        [] if reply is None else list(reply.text),
        relayed.sha256_out.hex(),
    )


def _sightings(entry: Entry) -> list[shapes.Sighting]:
    return [
        shapes.Sighting(
            received_at=one.received_at,
            route=one.route,
            direction=one.direction,
            recipients=sorted(one.recipients),
            relay=one.relay,
            marked=one.marked,
            proof=one.proof,
            user=one.user,
            sha256_in=one.sha256_in.hex(),
        )
        for one in entry.sightings
    ]


def _decisions(entry: Entry, *, told: bool) -> list[shapes.Past]:
    return [
        shapes.Past(
            decided_at=past.decided_at,
            outcome=past.outcome,
            reason=past.reason,
            remedy=past.remedy if told else "",
            preset=past.preset,
            by=past.by,
        )
        for past in entry.decisions
    ]


def _action(visit: Visit, order: Order) -> shapes.Action:
    said = label(visit.tongue, order), does(visit.tongue, order)
    return shapes.Action(order.kind, *said, list(order.words))
