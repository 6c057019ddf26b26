"""The page of a message: why it is on the timeline, or why not and what one click would do."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from urllib.parse import quote

from starlette.responses import HTMLResponse, Response, StreamingResponse

from gateway.interfaces import StoreBusyError
from gateway.model.decision import Answer, Reason, Stage
from gateway.model.entry import Entry
from gateway.model.message import Attachment
from gateway.store.faults import AlreadyKnownError, ContactAmbiguousError
from gateway.web.desk import NotAllowedError, NotFoundError, Visit
from gateway.web.letters import Letter, read_letter
from gateway.web.orders import FOR_MEMBERS, LABELS, Order, orders_for
from gateway.web.templating import label
from gateway.web.work import Done, carry_out, rehearse

LETTER_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""The letter itself: it shows text, and nothing else; links open in a page of their own."""


def message(visit: Visit) -> Response:
    """Show everything about one message."""
    entry = _entry(visit)
    letter = letter_of(visit, entry)
    command = visit.views.command(entry.entry_id)
    orders = [order for order in orders_for(entry, command) if may(visit, entry, order)]
    knows_all = visit.viewer.knows_all(entry.direction, entry.user)
    return visit.show(
        "message.html",
        entry=entry,
        letter=letter,
        has_html=bool(letter and letter.html),
        command=command,
        orders=orders,
        trace=list(stages(entry)),
        knows_all=knows_all,
        tells=visit.viewer.is_told(entry.direction, entry.user),
        contacts=list(contacts_told(visit, entry, letter)),
        mailboxes=mailboxes_told(visit, entry),
        said=visit.asked("said"),
    )


def quoted(visit: Visit) -> Response:
    """Show what follows the new words, as a part of a page."""
    letter = letter_of(visit, _entry(visit))
    return visit.show("quoted.html", text=letter.quoted if letter else "")


def html(visit: Visit) -> Response:
    """Show the HTML of a letter, made harmless, in a frame of its own."""
    letter = letter_of(visit, _entry(visit))
    if letter is None or not letter.html:
        raise NotFoundError("html")
    page = (
        visit.desk.templates[visit.tongue.language]
        .get_template("letter.html")
        .render(body=letter.html)
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": LETTER_POLICY})


def file(visit: Visit) -> Response:
    """Hand out an attachment, always as a download."""
    entry = _entry(visit)
    letter = letter_of(visit, entry)
    number = int(visit.request.path_params["number"])
    if letter is None or not 1 <= number <= len(letter.files):
        raise NotFoundError("file")
    asked = letter.files[number - 1]
    if not is_stored(entry, asked):
        raise NotFoundError("file")
    visit.note("downloaded", f"{entry.entry_id} {asked.name}")
    name = asked.name or f"attachment-{number}"
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Length": str(asked.size),
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    # What a sender calls a type is no reason for a browser to run it.
    content = letter.content(asked)
    return StreamingResponse(content, headers=headers, media_type="application/octet-stream")


def is_stored(entry: Entry, asked: Attachment) -> bool:
    """Whether policy keeps the content of an attachment."""
    notes = {note.attachment.part: note.reason for note in entry.attachments}
    return notes.get(asked.part, Reason.ATTACHMENTS_OFF) in {
        None,
        Reason.ATTACHMENT_ENCODING,
        Reason.ATTACHMENT_TYPE_MISMATCH,
    }


def ask(visit: Visit) -> Response:
    """Say what a button will do, before it does."""
    entry = _entry(visit)
    order = _order(visit, entry)
    done = _tried(visit, order)
    return visit.show("ask.html", entry=entry, order=order, done=done)


def act(visit: Visit) -> Response:
    """Do it."""
    entry = _entry(visit)
    order = _order(visit, entry)
    back = f"/messages/{entry.entry_id}"
    now = visit.desk.clock()
    try:
        done = carry_out(visit.config, [order], visit.viewer.key, now)
    except (AlreadyKnownError, ContactAmbiguousError, LookupError, StoreBusyError) as error:
        return visit.go(back, visit.fault(error))
    visit.note(order.kind, f"{entry.entry_id} {' '.join(order.words)}".strip())
    if done.impossible:
        return visit.go(back, visit.say(done.impossible))
    said = visit.say("Done: {what}.", what=label(visit.tongue, order))
    if count := len(done.logged):
        said += " " + visit.tongue.count(
            "One message is on the timeline now.",
            "{count} messages are on the timeline now.",
            count,
        )
    return visit.go(back, said)


def may(visit: Visit, entry: Entry, order: Order) -> bool:
    """Whether the viewer may do it: an admin all, a member what concerns his own mail."""
    if visit.viewer.is_admin:
        return True
    if order.kind not in FOR_MEMBERS or not visit.viewer.is_own(entry.user, entry.mailboxes):
        return False
    if order.kind == "connect":
        return order.words[0] in visit.viewer.mailboxes
    if order.kind == "add-address":
        number = visit.views.contact_of(order.words[0])
        return number is not None and visit.views.owns(visit.viewer.key, number)
    return True


def stages(entry: Entry) -> Iterator[tuple[Stage, list[tuple[Answer, bool]], list[str]]]:
    """Yield each stage with what matched, which of it decides, and what said no."""
    order = list(Stage)
    decided = False
    by_stage = sorted(entry.trace, key=lambda answer: order.index(answer.stage))
    for stage, group in groupby(by_stage, key=lambda answer: answer.stage):
        answers = list(group)
        matched: list[tuple[Answer, bool]] = []
        for answer in answers:
            if answer.matched:
                decides = not decided and answer.rule == entry.reason
                decided = decided or decides
                matched.append((answer, decides))
        silent = [answer.rule for answer in answers if not answer.matched]
        yield stage, matched, silent


def _entry(visit: Visit) -> Entry:
    entry_id = visit.must_see(visit.request.path_params["entry"])
    entry = visit.views.find(entry_id)
    if entry is None:
        raise NotFoundError(entry_id)
    return entry


def letter_of(visit: Visit, entry: Entry) -> Letter | None:
    """Return the letter, as far as it is kept and can be read now."""
    try:
        return read_letter(visit.views, visit.config, entry.entry_id) if entry.kept else None
    except (StoreBusyError, OSError):
        return None


def _order(visit: Visit, entry: Entry) -> Order:
    kind = visit.request.path_params["kind"]
    if kind not in LABELS:
        raise NotFoundError(kind)
    command = visit.views.command(entry.entry_id)
    order = next((one for one in orders_for(entry, command) if one.kind == kind), None)
    if order is None:
        raise NotFoundError(kind)
    if not may(visit, entry, order):
        raise NotAllowedError(
            visit.say(
                "{what}: only an admin may do this, or whose mail it is.",
                what=label(visit.tongue, order),
            )
        )
    return order


def _tried(visit: Visit, order: Order) -> Done:
    try:
        return rehearse(visit.config, [order], visit.viewer.key, visit.desk.clock())
    except (AlreadyKnownError, ContactAmbiguousError, LookupError, StoreBusyError) as error:
        return Done(impossible=visit.fault(error))


def mailboxes_told(visit: Visit, entry: Entry) -> list[str]:
    """Return the mailboxes of a message that the viewer may know of."""
    knows_all = visit.viewer.knows_all(entry.direction, entry.user)
    return [box for box in entry.mailboxes if knows_all or box in visit.viewer.mailboxes]


def contacts_told(
    visit: Visit, entry: Entry, letter: Letter | None
) -> Iterator[tuple[str, int | None]]:
    """Yield the contacts that the viewer may know of, with the number of a timeline he may see."""
    knows_all = visit.viewer.knows_all(entry.direction, entry.user)
    named = {entry.author, *(letter.openly_named if letter else ())}
    for address in entry.contacts:
        number = visit.views.contact_of(address)
        person = visit.views.contact(number) if number is not None else None
        held = {address, *(person.addresses if person else ())}
        owned = person is not None and person.owner == visit.viewer.key
        if knows_all or owned or not named.isdisjoint(held):
            seen = number is not None and visit.views.knows(number, visit.viewer.scope)
            yield address, number if seen else None
