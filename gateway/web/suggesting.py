"""What may belong together, with what tells it; one click each, and nothing before a person's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.interfaces import StoreBusyError
from gateway.model.decision import Outcome, Reason
from gateway.store.suggestions import Suggesting
from gateway.store.views import Line, Wanted
from gateway.web.desk import Visit
from gateway.web.letters import read_letter
from gateway.web.orders import Order

LOOKED_AT = 40
"""Newest messages of a kind that are read for what they suggest."""
DAYS = 30
"""How far back they are looked for."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """A suggestion."""

    order: Order
    """What a click would do."""
    line: Line
    """The message that it was seen in."""
    subject: str
    """Whom or what it is about: a contact, or the conversation's subject."""
    href: str
    """The page of that."""
    evidence: str = ""
    """What tells it, in words of the rules."""

    @property
    def key(self) -> str:
        """Names it in a form."""
        return " ".join((self.order.kind, self.order.entry_id, *self.order.words))


def suggested(visit: Visit) -> list[Suggested]:
    """Return what is suggested to the viewer."""
    return [*_aliases(visit), *_answers(visit), *_successors(visit)]


def _aliases(visit: Visit) -> Iterator[Suggested]:
    """Yield addresses that wrote in tracked threads and look like second ones of contacts."""
    for one in visit.views.suggestions():
        if not (visit.viewer.is_admin or one.contact.owner == visit.viewer.key):
            continue
        lines = visit.views.told([int(one.entry_id, 16)], Wanted(), None)
        for line, _ in lines.values():
            words = (one.contact.primary, one.address)
            command = f"replygate contact add-address {words[0]} {words[1]}"
            yield Suggested(
                Order("add-address", one.entry_id, words, command),
                line,
                one.contact.name or one.contact.primary,
                f"/contacts/{one.contact.contact_id}",
                "",
            )


def _answers(visit: Visit) -> Iterator[Suggested]:
    """Yield messages that cite nothing and look like answers."""
    with Suggesting(visit.config.store_path, clock=visit.desk.clock) as record:
        for outcome in (Outcome.NOT_LOGGED, Outcome.HELD):
            lines, _ = visit.views.page(
                Wanted(outcome=outcome.value, since=_since(visit)),
                visit.viewer.scope,
                count=LOOKED_AT,
            )
            for line in lines:
                found = _answer(record, line)
                if found is None or not visit.views.sees(found[0], visit.viewer.scope):
                    continue
                to = visit.views.find(found[0])
                if to is not None:
                    order = Order("link", line.entry_id, (to.entry_id,))
                    href = f"/messages/{to.entry_id}"
                    yield Suggested(order, line, to.subject or to.author, href, found[1])


def _since(visit: Visit) -> datetime:
    return visit.desk.clock() - timedelta(days=DAYS)


def _answer(record: Suggesting, line: Line) -> tuple[str, str] | None:
    """Return which entry a message may answer, and what tells it."""
    if not line.kept or line.direction != "incoming":
        return None
    try:
        found = record.suggestion(line.entry_id)
    except (StoreBusyError, OSError):
        return None
    return (found.entry_id, found.detail) if found else None


def _successors(visit: Visit) -> Iterator[Suggested]:
    """Yield whom automatic replies name to write to instead."""
    lines, _ = visit.views.page(
        Wanted(reason=Reason.AUTO_REPLY.value, since=_since(visit)),
        visit.viewer.scope,
        count=LOOKED_AT,
    )
    named: set[str] = set()
    for line in lines:
        try:
            letter = read_letter(visit.views, visit.config, line.entry_id) if line.kept else None
        except (StoreBusyError, OSError):
            continue
        said = letter.message.auto_reply if letter else None
        if said is None or not said.successor or said.successor in named:
            continue
        named.add(said.successor)
        if visit.views.contact_of(said.successor) is None:
            command = f"replygate contact add {said.successor}"
            order = Order("add-contact", line.entry_id, (said.successor,), command)
            yield Suggested(order, line, line.author, f"/messages/{line.entry_id}", said.until)
