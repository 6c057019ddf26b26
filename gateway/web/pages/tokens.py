"""Tokens of the API: who has which, a new one that is shown this once, and their end."""

from __future__ import annotations

from starlette.responses import Response

from gateway.store.faults import NotListedError
from gateway.web.desk import NotFoundError, Visit
from gateway.web.tokens import SCOPES, Tokens

DAYS = (30, 90, 365, 1825)
"""How long a token may be good for."""


def tokens(visit: Visit, secret: str = "") -> Response:
    """Show the tokens, without what they are; `secret` is the one that was made just now."""
    with _open(visit) as known:
        found = known.listed()[::-1]
    return visit.show(
        "tokens.html",
        tokens=found,
        secret=secret,
        now=visit.desk.clock(),
        people=[user.key for user in visit.views.users()],
        scopes=SCOPES,
        days=DAYS,
        said=visit.asked("said"),
    )


def change(visit: Visit) -> Response:
    """Make a token and show it, or end one."""
    if visit.given("do") == "make":
        return _make(visit)
    number = visit.given("token")
    try:
        with _open(visit) as known:
            gone = known.revoke(int(number) if number.isdecimal() else 0)
    except NotListedError as error:
        raise NotFoundError(number) from error
    visit.note("revoke-token", str(gone.number))
    said = visit.say("Token {number} of {user} is revoked.", number=gone.number, user=gone.user)
    return visit.go("/admin/tokens", said)


def _make(visit: Visit) -> Response:
    user, days = visit.given("user"), visit.given("days")
    scopes = tuple(scope for scope in SCOPES if scope in visit.all_given("scope"))
    if user not in {one.key for one in visit.views.users()} or days not in map(str, DAYS):
        raise NotFoundError(user)
    if not scopes:
        return visit.go("/admin/tokens", visit.say("Choose what the token is good for."))
    with _open(visit) as known:
        secret, made = known.create(user, visit.given("name")[:200], scopes, int(days))
    visit.note("make-token", f"{made.number} for {user}: {' '.join(scopes)}")
    return tokens(visit, secret)


def _open(visit: Visit) -> Tokens:
    return Tokens(visit.config.gateway.state, clock=visit.desk.clock)
