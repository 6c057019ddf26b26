"""The admin's page: health, the live tail of decisions, and who changed what."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway.config.settings import NextHop
from gateway.model.place import ServedPath
from gateway.store.views import Line, Wanted
from gateway.web.desk import Desk, Visit, find_viewer, language_for
from gateway.web.doctor import examine
from gateway.web.templating import SHORT, minute
from gateway.web.zones import zone_of
from gateway.words.catalogue import Language, tongue
from gateway.words.reasons import reason_in

NEWEST = (1 << 63) - 1
"""No entry has a greater number."""
POLL_S = 1.0
"""How often the record is asked for what is new."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that is well, or not."""

    name: str
    well: bool
    found: str


def admin(visit: Visit) -> Response:
    """Show how the gateway is, and what was decided last."""
    lines, _ = visit.views.page(Wanted(), None, count=20)
    with visit.desk.vault() as vault:
        deeds = vault.deeds(30)
    return visit.show(
        "admin.html",
        checks=list(checks(visit)),
        lines=lines,
        deeds=deeds,
        newest=visit.views.newest(),
        said=visit.asked("said"),
    )


def doctor(visit: Visit) -> Response:
    """Show what `replygate doctor` finds, what is ill first, and what to do about it."""
    found = sorted(examine(visit.config), key=lambda one: one.well)
    return visit.show("doctor.html", found=found, ill=sum(not one.well for one in found))


async def live(request: Request) -> Response:
    """Send each new decision as it comes, as server-sent events, to an admin."""
    desk: Desk = request.app.state.desk
    cookie = request.cookies.get(desk.cookie, "")
    if not await run_in_threadpool(_is_admin, desk, cookie):
        return Response("Only an admin may watch.", 403)
    tell = await run_in_threadpool(_teller, request, desk, cookie)
    last = request.headers.get("last-event-id", request.query_params.get("after", ""))
    start = min(int(last), NEWEST) if last.isdecimal() and len(last) < 20 else None
    return StreamingResponse(
        events(request, desk, start, lambda: _is_admin(desk, cookie), tell),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def events(
    request: Request,
    desk: Desk,
    last: int | None,
    may: Callable[[], bool],
    tell: Callable[[Line], str],
) -> AsyncIterator[str]:
    """Yield what is new for as long as the asker may see it, and listens."""
    yield "retry: 3000\n\n"
    while not await request.is_disconnected() and not request.app.state.ending.is_set():
        if not await run_in_threadpool(may):
            return
        last, lines = await run_in_threadpool(_new, desk, last)
        for line in lines:
            yield f"id: {int(line.entry_id, 16)}\ndata: {tell(line)}\n\n"
        await _until_news(request, desk)


async def _until_news(request: Request, desk: Desk) -> None:
    """Wait until something may be new, or the server ends; where a server tells, it is at once."""
    path = desk.config.store_path
    waits: list[asyncio.Future[object]] = [
        asyncio.ensure_future(request.app.state.ending.wait()),
        asyncio.ensure_future(run_in_threadpool(_hear, path))
        if isinstance(path, ServedPath)
        else asyncio.ensure_future(asyncio.sleep(POLL_S)),
    ]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for each in waits:
        each.cancel()


def _hear(path: ServedPath) -> None:
    from gateway.store.postgres.news import wait_for_news

    wait_for_news(path, POLL_S)


def _new(desk: Desk, last: int | None) -> tuple[int, list[Line]]:
    with desk.views() as views:
        if last is None:
            return views.newest(), []
        lines = views.since_entry(last)
    return (int(lines[-1].entry_id, 16) if lines else last), lines


def _teller(request: Request, desk: Desk, cookie: str) -> Callable[[Line], str]:
    """Return what tells a line in the words, and by the clock, of whoever watches."""
    with desk.views() as views:
        viewer = find_viewer(desk, views, cookie)
    language, own = language_for(request, viewer), viewer.user.time_zone if viewer else ""
    zone = zone_of(own, desk.config.web.time_zone)
    return partial(line_told, language=language, at=partial(minute, language, zone=zone))


def line_told(line: Line, *, language: Language, at: Callable[[datetime], str]) -> str:
    """Return what a decision is told as; `at` writes its time."""
    return json.dumps(
        {
            "href": f"/messages/{line.entry_id}",
            "at": at(line.received_at),
            "outcome": line.outcome.value,
            "words": tongue(language).say(SHORT[line.outcome]),
            "reason": line.reason.value,
            "why": reason_in(tongue(language), line.reason),
            "author": line.author,
            "subject": line.subject,
        }
    )


def _is_admin(desk: Desk, cookie: str) -> bool:
    with desk.views() as views:
        viewer = find_viewer(desk, views, cookie)
    return viewer is not None and viewer.is_admin


def checks(visit: Visit) -> Iterator[Check]:
    """Yield what `replygate doctor` looks at, and what waits in the spool."""
    config = visit.config
    yield Check(visit.say("configuration"), True, str(config.file))
    yield Check(visit.say("store"), True, _kept_at(config.store_path))
    waiting = _waiting(config.gateway.state / "spool")
    spool = visit.say("nothing waits")
    if waiting:
        spool = visit.tongue.count("one waits to be decided", "{count} wait to be decided", waiting)
    yield Check(visit.say("spool"), waiting == 0, spool)
    for listener in config.listeners:
        if listener.socket is None:
            place = (listener.address.host, listener.address.port)
            yield _asked(visit, visit.say("listener {name}", name=listener.name), place)
    hops = {str(hop.address): hop for one in config.listeners if (hop := one.next_hop)}
    for name, hop in hops.items():
        yield _hop(visit, name, hop)


def _hop(visit: Visit, name: str, hop: NextHop) -> Check:
    place = (hop.address.host, hop.address.port)
    return _asked(visit, visit.say("next hop {name}", name=name), place)


def _asked(visit: Visit, name: str, place: tuple[str, int]) -> Check:
    try:
        with socket.create_connection(place, timeout=1.0):
            return Check(name, True, visit.say("it answers"))
    except OSError as error:
        why = error.strerror or str(error)
        return Check(name, False, visit.say("it does not answer: {why}", why=why))


def _kept_at(path: Path) -> str:
    if isinstance(path, ServedPath):
        return path.shown
    return f"{path}, {path.stat().st_size // 10**6} MB"


def _waiting(spool: Path) -> int:
    return sum(1 for file in spool.iterdir() if file.is_file()) if spool.is_dir() else 0
