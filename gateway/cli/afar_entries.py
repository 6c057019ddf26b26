"""The record of a gateway afar: what commands read of it, and have judged there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gateway.cli.afar import Afar
from gateway.cli.trouble import CommandError
from gateway.model.decision import Answer, Note, Outcome, Reason, Stage
from gateway.model.entry import AttachmentNote, Entry, PastDecision
from gateway.model.envelope import Relayed, Reply
from gateway.model.facts import Sighting
from gateway.model.handover import Kind, Push, Standing, State
from gateway.model.message import Attachment
from gateway.model.suggestion import Suggestion
from gateway.store.closing import Closing
from gateway.store.entries import Filters
from gateway.web.api import shapes


class AfarEntries(Closing):
    """The record of a gateway afar, read."""

    def __init__(self, gateway: Afar) -> None:
        self._gateway = gateway

    def search(self, filters: Filters | None = None) -> Iterator[Entry]:
        """Yield the entries that pass all filters, newest first."""
        asked = filters or Filters()
        query = {
            "outcome": asked.outcome, "reason": asked.reason, "address": asked.address,
            "since": asked.since, "until": asked.until, "thread": asked.thread,
        }  # fmt: skip
        yield from self._pages("/messages", asked.limit, query)

    def find(self, asked: str) -> Entry | None:
        """Return the entry with this id or Message-ID, or None."""
        try:
            return entry_of(explained(self._gateway, asked).message)
        except NothingError:
            return None

    def timeline(self, contact: int) -> Iterator[Entry]:
        """Yield what is logged of a contact, newest first."""
        for entry in self._pages(f"/contacts/{contact}/timeline", None, {}):
            if entry.outcome.on_timeline:
                yield entry

    def _pages(self, path: str, limit: int | None, query: dict[str, Any]) -> Iterator[Entry]:
        after, left = "", limit
        while left is None or left > 0:
            size = min(left or 200, 200)
            page = self._gateway.get(path, shapes.Messages, limit=size, after=after, **query)
            yield from map(entry_of, page.messages)
            after, left = page.more, None if left is None else left - size
            if not after:
                return


class NothingError(CommandError):
    """Nothing is known of what was asked."""


def explained(gateway: Afar, asked: str) -> shapes.Explained:
    """Return a message with what may be said beside it. Raises NothingError."""
    try:
        return gateway.get("/explain", shapes.Explained, target=asked)
    except CommandError as error:
        if "There is no such thing" in error.message:
            raise NothingError(error.message) from error
        raise


def _standing(told: shapes.Push) -> Standing:
    """Return how it stands with a push."""
    push = Push(
        number=told.push,
        sink=told.sink,
        key=told.key,
        kind=Kind(told.kind),
        entry_id=told.entry,
        thread=told.thread,
        made_at=told.made_at,
        attempts=told.attempts,
        failing_since=told.failing_since,
        theirs=told.theirs,
    )
    return Standing(push, State(told.state), told.next_at, told.reason, told.said)


def entry_of(told: shapes.Message) -> Entry:
    """Return the entry that a message is."""
    return Entry(
        entry_id=told.entry,
        message_id=told.message_id,
        received_at=told.received_at,
        direction=told.direction,
        route=told.route,
        author=told.author,
        author_name=told.author_name,
        subject=told.subject,
        outcome=told.outcome,
        reason=told.reason,
        remedy=told.remedy,
        relayed=_relayed(told.relayed),
        sha256_in=bytes.fromhex(told.sha256_in),
        thread_id=told.thread,
        tracked=told.tracked,
        contacts=tuple(told.contacts),
        mailboxes=tuple(told.mailboxes),
        user=told.user,
        attachments=tuple(map(_attachment, told.attachments)),
        notes=tuple(
            Note(one.reason, one.subject, one.remedy, one.evidence, one.partial)
            for one in told.notes
        ),
        trace=tuple(
            Answer(Stage(one.stage), one.rule, one.matched, one.evidence) for one in told.trace
        ),
        sightings=tuple(map(_sighting, told.sightings)),
        decisions=tuple(
            PastDecision(one.decided_at, one.outcome, one.reason, one.remedy, one.preset, one.by)
            for one in told.decisions
        ),
        kept=told.kept,
        text=told.text,
    )


def _relayed(told: shapes.Relay) -> Relayed:
    reply = None if told.code is None else Reply(told.code, tuple(told.text))
    return Relayed(told.state, reply, bytes.fromhex(told.sha256_out))


def _attachment(told: shapes.File) -> AttachmentNote:
    file = Attachment(
        part=told.part,
        name=told.name,
        media_type=told.media_type,
        size=told.size,
        sha256=bytes.fromhex(told.sha256),
        disposition=told.disposition,
        detected_type=told.detected_type,
        state=told.state,
        inline=told.inline,
    )
    return AttachmentNote(file, told.reason)


def _sighting(told: shapes.Sighting) -> Sighting:
    return Sighting(
        route=told.route,
        direction=told.direction,
        recipients=frozenset(told.recipients),
        sha256_in=bytes.fromhex(told.sha256_in),
        received_at=told.received_at,
        relay=told.relay,
        marked=told.marked,
        proof=told.proof,
        user=told.user,
    )


def known(
    gateway: Afar, asked: str
) -> tuple[Entry, Suggestion | None, tuple[Standing, ...]] | None:
    """Return an entry, what it may answer, and how it stands with each sink; None for no entry."""
    try:
        told = explained(gateway, asked)
    except NothingError:
        return None
    suggestion = told.suggestion
    return (
        entry_of(told.message),
        Suggestion(suggestion.entry, suggestion.hint, suggestion.detail) if suggestion else None,
        tuple(map(_standing, told.handovers)),
    )


def logged(gateway: Afar, entry: Entry, *, thread: bool, contact: str, by: str | None) -> int:
    """Log an entry by hand; return how many others of its thread were logged with it."""
    _refuse_by(by)
    path = f"/messages/{entry.entry_id}/log"
    done = gateway.post(path, shapes.Done, thread=thread, contact=contact)
    return len({*done.logged} - {entry.entry_id})


def _refuse_by(by: str | None) -> None:
    if by is not None:
        raise CommandError("--by goes with a gateway here; afar it is the user of the token.")


def decided(
    gateway: Afar,
    entries: Sequence[Entry],
    *,
    do: str,
    by: str | None,
    contact: str = "",
    route: bool = False,
) -> int:
    """Decide what is held; return how many messages were decided so."""
    _refuse_by(by)
    logged: set[str] = set()
    for start in range(0, len(entries), 200):
        chosen = [entry.entry_id for entry in entries[start : start + 200]]
        done = gateway.post(
            "/held/decide", shapes.Done, do=do, entries=chosen, contact=contact, route=route
        )
        logged |= {*done.logged, *chosen}
    return len(logged)


def replayed(
    gateway: Afar,
    targets: Sequence[str],
    filters: Filters,
    *,
    only_say: bool,
    preset: str = "",
    as_of_receipt: bool = False,
) -> shapes.Replayed:
    """Judge again what is kept."""
    chosen: dict[str, Outcome | Reason | int] = {}
    if filters.outcome:
        chosen["outcome"] = filters.outcome
    if filters.reason:
        chosen["reason"] = filters.reason
    if filters.limit:
        chosen["limit"] = filters.limit
    return gateway.post(
        "/replay",
        shapes.Replayed,
        targets=list(targets),
        dry_run=only_say,
        preset=preset,
        as_of_receipt=as_of_receipt,
        address=filters.address,
        since=filters.since,
        until=filters.until,
        **chosen,
    )
