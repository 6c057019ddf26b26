"""Signing in and out."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.config.settings import Web
from gateway.store.book import address_key
from gateway.store.faults import BadAddressError
from gateway.store.registry import Registry
from gateway.web.desk import Desk, Visit, language_for
from gateway.web.vault import Vault
from gateway.words.catalogue import accepted, language_of, tongue

WRONG = "This address and password do not fit together. Forgotten? An admin sets a new one."
FROM_HERE = "Sign in from this page."
TOO_MANY = "There were too many attempts. Wait a minute, then try again."


def sign_in_page(request: Request) -> Response:
    """Show the form."""
    return show_form(request, "", "")


async def sign_in(request: Request) -> Response:
    """Begin a session, when the password is right."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return show_form(request, "", FROM_HERE, 403)
    async with request.form(max_files=0, max_fields=10) as form:
        address, password = str(form.get("address", "")), str(form.get("password", ""))
        language = str(form.get("language", ""))
    # Argon2 takes its time, on purpose, beside the event loop.
    return await run_in_threadpool(_sign_in, request, address, password, language)


def _sign_in(request: Request, address: str, password: str, language: str) -> Response:
    desk: Desk = request.app.state.desk
    web = desk.config.web
    try:
        key = address_key(address)
    except BadAddressError:
        return show_form(request, address, WRONG, 401)
    client = request.client.host if request.client else ""
    with desk.vault() as vault:
        tries = (vault.may_try(key, web.sign_ins_per_minute), _may_try(vault, client, web))
        if not all(tries):
            return show_form(request, address, TOO_MANY, 429)
        right = vault.is_right(key, password)
        with desk.views() as views:
            known = any(user.key == key for user in views.users())
        if not (right and known):
            return show_form(request, address, WRONG, 401)
    _keep_language(desk, key, language, request)
    return let_in(request, key, safe_path(request.query_params.get("next", "/")), "signed in")


def let_in(request: Request, key: str, path: str, did: str) -> Response:
    """Begin a session of a user, and go on there."""
    desk: Desk = request.app.state.desk
    web = desk.config.web
    with desk.vault() as vault:
        cookie = vault.begin(key, web.session_hours)
        vault.note(key, did, request.client.host if request.client else "")
    answer = RedirectResponse(path, 303)
    answer.set_cookie(
        desk.cookie,
        cookie,
        max_age=int(web.session_hours * 3600),
        path="/",
        secure=web.secure,
        httponly=True,
        samesite="lax",
    )
    return answer


def _keep_language(desk: Desk, user: str, language: str, request: Request) -> None:
    """Remember the language of the form, where it is not what the browser asks for anyway."""
    chosen = language_of(language)
    if chosen and chosen != accepted(request.headers.get("accept-language", "")):
        with Registry(desk.config.store_path, clock=desk.clock) as registry:
            registry.choose_language(user, chosen)


def _may_try(vault: Vault, client: str, web: Web) -> bool:
    """Whether this machine may try again; behind a proxy all are one, so it may try more."""
    return vault.may_try(f"from {client}", 10 * web.sign_ins_per_minute)


def sign_out(visit: Visit) -> Response:
    """End the session."""
    with visit.desk.vault() as vault:
        vault.end(visit.request.cookies.get(visit.desk.cookie, ""))
    answer = RedirectResponse("/sign-in", 303)
    secure = visit.config.web.secure
    answer.delete_cookie(visit.desk.cookie, path="/", secure=secure, httponly=True, samesite="lax")
    return answer


def show_form(
    request: Request, address: str, wrong: str, status: int = 200, **told_of: str
) -> Response:
    """Show the form, with what was wrong."""
    desk: Desk = request.app.state.desk
    language = language_for(request, None)
    page = desk.templates[language].get_template("sign_in.html")
    told = {
        "address": address,
        "wrong": tongue(language).say(wrong, **told_of),
        "viewer": None,
        "path": "/sign-in",
        "next": safe_path(request.query_params.get("next", "/")),
        "issuer": _issuer(desk.config.web),
    }
    return HTMLResponse(page.render(told), status)


def _issuer(web: Web) -> str:
    """Return what the provider is called; empty where there is none."""
    return web.issuer_name or urlsplit(web.issuer).hostname or ""


def safe_path(path: str) -> str:
    """Return where to go on; never to another host."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
