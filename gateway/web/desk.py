"""What every page stands on: who asks, the record as he may see it, and how a page is answered.

Pages are plain functions that read and return; they run beside the event loop, each with a
connection of its own. What changes something comes by POST with the token of its session.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.config.settings import Config
from gateway.model.directory import Mailbox
from gateway.model.policy import Policy
from gateway.rules.switches import in_force
from gateway.store.views import Views
from gateway.web.vault import Vault
from gateway.web.viewer import Viewer
from gateway.web.zones import zone_of
from gateway.words.catalogue import Language, Tongue, accepted, language_of, tongue
from gateway.words.phrases import fault_in

COOKIE = "replygate"


class NotFoundError(LookupError):
    """There is no such thing, or the asker may not see it: he is not told which."""


class NotAllowedError(PermissionError):
    """The asker sees it, and may not do this."""


@dataclass(frozen=True)
class Desk:
    """What the process holds: the configuration and the templates."""

    config: Config
    templates: Mapping[Language, Environment]
    clock: Callable[[], datetime]

    @property
    def cookie(self) -> str:
        """The name of the session's cookie; with HTTPS no other host can have set it."""
        return f"__Host-{COOKIE}" if self.config.web.secure else COOKIE

    def vault(self) -> Vault:
        """Open what only the pages keep."""
        days = self.config.web.audit_days
        return Vault(self.config.gateway.state, clock=self.clock, audit_days=days)

    def views(self) -> Views:
        """Open the record."""
        return Views(self.config.store_path, clock=self.clock)


@dataclass(frozen=True)
class Visit:
    """One question of one viewer."""

    desk: Desk
    request: Request
    viewer: Viewer
    views: Views
    mailboxes: tuple[Mailbox, ...] = ()
    form: FormData | None = None
    tongue: Tongue = field(default_factory=lambda: tongue("en"))
    """The language of whoever asks."""

    @property
    def config(self) -> Config:
        """The configuration."""
        return self.desk.config

    @property
    def policy(self) -> Policy:
        """The policy that holds: the configuration, with what was switched over it."""
        return in_force(self.config.policy, self.views.switched())

    @property
    def zone(self) -> tzinfo:
        """The time zone of whoever asks."""
        return zone_of(self.viewer.user.time_zone, self.config.web.time_zone)

    @property
    def today(self) -> date:
        """The day that it is there."""
        return self.desk.clock().astimezone(self.zone).date()

    def begin_of(self, day: date) -> datetime:
        """Return when a day begins there."""
        return datetime.combine(day, time.min, self.zone).astimezone(UTC)

    def asked(self, name: str) -> str:
        """Return a parameter of the address; empty when it is not given."""
        return self.request.query_params.get(name, "").strip()

    def given(self, name: str) -> str:
        """Return a field of the form; empty when it is not given."""
        value = self.form.get(name, "") if self.form is not None else ""
        return value.strip() if isinstance(value, str) else ""

    def all_given(self, name: str) -> list[str]:
        """Return all values of a field of the form."""
        values = self.form.getlist(name) if self.form is not None else []
        return [value for value in values if isinstance(value, str)]

    def show(self, template: str, status: int = 200, **told: Any) -> Response:
        """Answer with a page."""
        words = {
            "viewer": self.viewer,
            "path": self.request.url.path,
            "zone": self.zone,
            "today": self.today,
            **told,
        }
        text = self.desk.templates[self.tongue.language].get_template(template).render(words)
        return HTMLResponse(text, status)

    def say(self, sentence: str, /, **values: object) -> str:
        """Return a sentence of ours in the language of whoever asks."""
        return self.tongue.say(sentence, **values)

    def fault(self, error: Exception) -> str:
        """Return what went wrong in that language, as far as it is known."""
        return fault_in(self.tongue, str(error))

    @property
    def came_from(self) -> str:
        """The page of ours that a form stood on; the first page where nothing tells."""
        referred = urlsplit(self.request.headers.get("referer", ""))
        if referred.netloc != self.request.headers.get("host", ""):
            return "/"
        return f"{referred.path}?{referred.query}" if referred.query else referred.path or "/"

    def go(self, path: str, said: str = "") -> Response:
        """Send the asker on, with what was done in a sentence."""
        sign = "&" if "?" in path else "?"
        return RedirectResponse(f"{path}{sign}{urlencode({'said': said})}" if said else path, 303)

    def note(self, did: str, what: str) -> None:
        """Write a line of the audit log."""
        with self.desk.vault() as vault:
            vault.note(self.viewer.key, did, what)

    def must_see(self, entry_id: str) -> str:
        """Return the id of an entry that the asker may see. Raises NotFoundError."""
        if not self.views.sees(entry_id, self.viewer.scope):
            raise NotFoundError(entry_id)
        return entry_id

    def must_be_admin(self) -> None:
        """Raise NotAllowedError for a member."""
        if not self.viewer.is_admin:
            raise NotAllowedError(self.say("Only an admin may do this."))


class Page(Protocol):
    """A function that answers a visit."""

    def __call__(self, visit: Visit) -> Response:
        """Return the answer."""
        ...


Endpoint = Callable[[Request], Awaitable[Response]]


def shows(page: Page, *, admin: bool = False) -> Endpoint:
    """Return the endpoint of a page that only reads."""

    async def endpoint(request: Request) -> Response:
        """Answer a GET."""
        return await run_in_threadpool(_answer, page, request, None, admin)

    return endpoint


def acts(page: Page, *, admin: bool = False) -> Endpoint:
    """Return the endpoint of a form that changes something."""

    async def endpoint(request: Request) -> Response:
        """Answer a POST."""
        async with request.form(max_files=0, max_fields=2000) as form:
            return await run_in_threadpool(_answer, page, request, form, admin)

    return endpoint


def _answer(page: Page, request: Request, form: FormData | None, admin: bool) -> Response:  # noqa: FBT001 - of the route
    desk: Desk = request.app.state.desk
    cookie = request.cookies.get(desk.cookie, "")
    with desk.views() as views:
        viewer = find_viewer(desk, views, cookie)
        if viewer is None:
            return _sign_in_first(request)
        told = tongue(language_for(request, viewer))
        visit = Visit(desk, request, viewer, views, views.mailboxes(), form, told)
        try:
            if admin:
                visit.must_be_admin()
            if form is not None:
                _check_token(visit, cookie, form)
            answer = page(visit)
        except (NotFoundError, OverflowError):
            # A number that SQLite cannot hold is the number of nothing.
            return visit.show("missing.html", 404)
        except NotAllowedError as error:
            return visit.show("refused.html", 403, why=str(error))
        if form is None and (what := content_of(request)) and answer.status_code < 300:
            visit.note("looked at", what)
        return answer


def content_of(request: Request) -> str:
    """Return what of people's mail a request looks at, for the audit log; empty for none."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    if path.startswith(_CONTENT):
        return str(path)
    asked = request.query_params.get("q", "")
    return f"{path} {asked}" if path == "/search" and asked else ""


_CONTENT = ("/contacts/", "/companies/", "/threads/", "/messages/")


def find_viewer(desk: Desk, views: Views, cookie: str) -> Viewer | None:
    """Return who signed in with this session, or None."""
    if not cookie:
        return None
    with desk.vault() as vault:
        key = vault.user_of(cookie)
        csrf = vault.csrf_of(cookie)
    user = next((user for user in views.users() if user.key == key), None)
    if user is None:
        return None
    boxes = tuple(box.address for box in views.mailboxes() if box.user == key)
    return Viewer(user, boxes, csrf)


def language_for(request: Request, viewer: Viewer | None) -> Language:
    """Return the language to answer in: chosen by the user, by the address, by the browser."""
    chosen = (
        viewer.user.language if viewer is not None else request.query_params.get("language", "")
    )
    return language_of(chosen) or accepted(request.headers.get("accept-language", ""))


def _check_token(visit: Visit, cookie: str, form: FormData) -> None:
    given = form.get("csrf", "")
    with visit.desk.vault() as vault:
        if not isinstance(given, str) or not vault.is_csrf_of(cookie, given):
            raise NotAllowedError(
                visit.say(
                    "This form is not of your session. Load the page again, and send it from there."
                )
            )


def _sign_in_first(request: Request) -> Response:
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": "/sign-in"})
    back = request.url.path if request.method == "GET" else "/"
    if request.method == "GET" and request.url.query:
        back = f"{back}?{request.url.query}"
    return RedirectResponse(f"/sign-in?next={quote(back)}", 303)


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)
