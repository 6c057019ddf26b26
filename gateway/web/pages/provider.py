"""Signing in with the OpenID provider of the company: there, and back."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.store.book import address_key
from gateway.store.faults import BadAddressError
from gateway.web.desk import Desk
from gateway.web.oidc import Attempt, ProviderError, address_of_provider, begin, who_is
from gateway.web.pages.signing import let_in, safe_path, show_form

MINUTES = 10
"""How long somebody may take at the provider."""
NO_ANSWER = "The sign-in at {issuer} did not work. Try again, or ask an admin."
NO_USER = "{whom} is no user of this gateway. Ask an admin to add it."


def go(request: Request) -> Response:
    """Send the browser to the provider."""
    desk: Desk = request.app.state.desk
    if not desk.config.web.issuer:
        return show_form(request, "", "", 404)
    attempt = begin(safe_path(request.query_params.get("next", "/")))
    try:
        there = address_of_provider(desk.config.web, attempt, _ours(request, desk))
    except ProviderError:
        return _refused(request, desk)
    answer = RedirectResponse(there, 303)
    answer.set_cookie(
        _cookie(desk),
        _serializer(desk).dumps(attempt.written()),
        max_age=MINUTES * 60,
        path="/",
        secure=desk.config.web.secure,
        httponly=True,
        samesite="lax",
    )
    return answer


def back(request: Request) -> Response:
    """Let in whoever the provider says it is, when that is a user."""
    desk: Desk = request.app.state.desk
    web = desk.config.web
    try:
        kept = _serializer(desk).loads(request.cookies.get(_cookie(desk), ""), max_age=MINUTES * 60)
        attempt = Attempt.read(kept)
        address = who_is(web, attempt, request.query_params, _ours(request, desk), desk.clock())
        key = address_key(address)
    except (BadSignature, ProviderError, BadAddressError, ValueError, TypeError):
        return _refused(request, desk)
    with desk.views() as views:
        known = any(user.key == key for user in views.users())
    if not known:
        return show_form(request, "", NO_USER, 403, whom=key)
    answer = let_in(request, key, attempt.back_to, "signed in by OpenID")
    answer.delete_cookie(_cookie(desk), path="/", secure=web.secure, httponly=True, samesite="lax")
    return answer


def _refused(request: Request, desk: Desk) -> Response:
    return show_form(
        request, "", NO_ANSWER, 502, issuer=desk.config.web.issuer_name or desk.config.web.issuer
    )


def _ours(request: Request, desk: Desk) -> str:
    return desk.config.web.public_url or f"{request.url.scheme}://{request.url.netloc}"


def _cookie(desk: Desk) -> str:
    return f"{desk.cookie}-provider"


def _serializer(desk: Desk) -> URLSafeTimedSerializer:
    with desk.vault() as vault:
        return URLSafeTimedSerializer(vault.secret_for("provider"))
