"""The application: which address shows what, and what every answer carries for safety."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

from gateway.config.settings import Config
from gateway.interfaces import StoreBusyError
from gateway.web import desk as desks
from gateway.web.api.app import new_api
from gateway.web.api.problems import answer_of
from gateway.web.desk import Desk, acts, find_viewer, language_for, shows
from gateway.web.finding import Following
from gateway.web.pages import (
    admin,
    decisions,
    earlier,
    held,
    mailboxes,
    me,
    outbox,
    people,
    policy,
    provider,
    signing,
    suggestions,
    timeline,
    tokens,
    why,
)
from gateway.web.templating import FOLDER, new_templates

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
FORM_LIMIT = 1_000_000
"""Octets of a form; nothing is uploaded here."""
API = "/api/v1"


def new_app(config: Config, *, clock: Callable[[], datetime] = desks.now) -> Starlette:
    """Return the application on this configuration."""
    app = Starlette(
        routes=_routes(),
        lifespan=_following(config),
        middleware=[Middleware(Guard, secure=config.web.secure)],
        exception_handlers={
            404: _missing,
            StoreBusyError: _busy,
        },
    )
    app.state.desk = Desk(config, new_templates(), clock)
    app.state.ending = asyncio.Event()
    app.mount(API, new_api(app.state.desk, app.state.ending))
    return app


def _following(config: Config) -> Lifespan[Starlette]:
    """Return what follows the record for the search while the pages are served."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        """Begin with the server, and end with it."""
        following = Following(config)
        following.start()
        try:
            yield
        finally:
            await run_in_threadpool(following.end)

    return lifespan


def _routes() -> list[Route | Mount]:
    static = Mount("/static", StaticFiles(directory=Path(FOLDER) / "static"))
    return [*_of_visitors(), *_of_mail(), *_of_users(), *_of_admins(), static]


def _of_visitors() -> list[Route]:
    return [
        Route("/sign-in", signing.sign_in_page, methods=["GET"]),
        Route("/sign-in", signing.sign_in, methods=["POST"]),
        Route("/sign-in/oidc", provider.go, methods=["GET"]),
        Route("/sign-in/oidc/back", provider.back, methods=["GET"]),
        Route("/sign-out", acts(signing.sign_out), methods=["POST"]),
    ]


def _of_mail() -> list[Route]:
    message = "/messages/{entry:str}"
    return [
        Route("/", shows(decisions.home)),
        Route("/decisions", shows(decisions.decisions)),
        Route("/search", shows(decisions.search)),
        Route("/contacts", shows(timeline.contacts)),
        Route("/contacts/{contact:int}", shows(timeline.contact)),
        Route("/contacts/{contact:int}/merge", acts(timeline.merge), methods=["POST"]),
        Route("/contacts/{contact:int}/earlier", acts(earlier.judge), methods=["POST"]),
        Route("/companies/{domain:str}", shows(timeline.company)),
        Route("/threads/{thread:int}", shows(timeline.thread)),
        Route(message, shows(why.message)),
        Route(f"{message}/quoted", shows(why.quoted)),
        Route(f"{message}/html", shows(why.html)),
        Route(f"{message}/files/{{number:int}}", shows(why.file)),
        Route(f"{message}/do/{{kind:str}}", shows(why.ask), methods=["GET"]),
        Route(f"{message}/do/{{kind:str}}", acts(why.act), methods=["POST"]),
        Route("/held", shows(held.held), methods=["GET"]),
        Route("/held", acts(held.decide), methods=["POST"]),
        Route("/suggestions", shows(suggestions.suggestions), methods=["GET"]),
        Route("/suggestions", acts(suggestions.accept), methods=["POST"]),
    ]


def _of_users() -> list[Route]:
    return [
        Route("/me", shows(me.me)),
        Route("/me/addresses", acts(me.send_code), methods=["POST"]),
        Route("/me/addresses/removal", acts(me.remove_address), methods=["POST"]),
        Route("/me/addresses/proof", acts(me.prove), methods=["POST"]),
        Route("/me/never-log", acts(me.never_log), methods=["POST"]),
        Route("/me/language", acts(me.choose_language), methods=["POST"]),
        Route("/me/time-zone", acts(me.choose_time_zone), methods=["POST"]),
    ]


def _of_admins() -> list[Route]:
    return [
        Route("/policy", shows(policy.policy, admin=True)),
        Route("/people", shows(people.people, admin=True)),
        Route("/people/{kind:str}", acts(people.change, admin=True), methods=["POST"]),
        Route("/policy/{name:str}", shows(policy.switch, admin=True), methods=["GET"]),
        Route("/policy/{name:str}", acts(policy.change, admin=True), methods=["POST"]),
        Route("/outbox", shows(outbox.outbox, admin=True), methods=["GET"]),
        Route("/outbox", acts(outbox.decide, admin=True), methods=["POST"]),
        Route("/admin", shows(admin.admin, admin=True)),
        Route("/admin/live", admin.live),
        Route("/admin/doctor", shows(admin.doctor, admin=True)),
        Route("/admin/tokens", shows(tokens.tokens, admin=True), methods=["GET"]),
        Route("/admin/tokens", acts(tokens.change, admin=True), methods=["POST"]),
        Route("/admin/mailboxes", acts(mailboxes.change, admin=True), methods=["POST"]),
    ]


class Guard:
    """Puts the headers that keep a page safe on every answer, and limits what comes in."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._headers = dict(HEADERS)
        if secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_static = scope["path"].startswith("/static/")

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if is_static:
                    # The frame of a letter is of no origin, and has to get its style sheet.
                    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                # What somebody may see is for his eyes, not for a cache.
                cached = "public, max-age=3600" if is_static else "no-store"
                headers.setdefault("Cache-Control", cached)
            await send(message)

        # A body of unsaid size could be of any size.
        length = Request(scope).headers.get("content-length", "")
        is_form = scope["method"] == "POST" and not scope["path"].startswith(f"{API}/")
        if is_form and not (length.isdecimal() and int(length) <= FORM_LIMIT):
            await Response("This form is too large.", 413)(scope, receive, guarded)
            return
        await self._app(scope, receive, guarded)


async def _missing(request: Request, error: Exception) -> Response:
    if request.url.path.startswith(f"{API}/") and (answer := answer_of(error)) is not None:
        # What holds a line end leads nowhere, not even to the API.
        return answer
    return await run_in_threadpool(_missing_page, request)


def _missing_page(request: Request) -> Response:
    desk: Desk = request.app.state.desk
    with desk.views() as views:
        viewer = find_viewer(desk, views, request.cookies.get(desk.cookie, ""))
    if viewer is None:
        return RedirectResponse("/sign-in", 303)
    page = desk.templates[language_for(request, viewer)].get_template("missing.html")
    return HTMLResponse(page.render(viewer=viewer, path=request.url.path), 404)


async def _busy(request: Request, error: Exception) -> Response:
    desk: Desk = request.app.state.desk
    page = desk.templates[language_for(request, None)].get_template("busy.html")
    return HTMLResponse(page.render(viewer=None, path="", why=str(error)), 503)
