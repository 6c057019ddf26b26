"""What an admin looks at: health, the live tail, who did what; the outbox; and tokens."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any

from msgspec import Meta, Struct
from starlette.responses import Response, StreamingResponse

from gateway.model.handover import State
from gateway.store.outbox import SqliteOutbox
from gateway.web import tokens as kept
from gateway.web.api import shapes
from gateway.web.api.asking import Limit
from gateway.web.api.operation import Number, Text, acts, reads
from gateway.web.api.problems import ProblemError
from gateway.web.api.telling import push
from gateway.web.desk import NotAllowedError, Visit
from gateway.web.doctor import examine
from gateway.web.pages.admin import checks, events, line_told
from gateway.web.templating import stamp
from gateway.web.tokens import Scope

Names = Annotated[list[Number], Meta(min_length=1, max_length=1000)]


class Check(Struct, frozen=True):
    """Something that is well, or not."""

    check: str
    well: bool
    found: str


class Health(Struct, frozen=True):
    """How the gateway is."""

    well: bool
    checks: list[Check]


class Finding(Struct, frozen=True):
    """One thing that was looked at."""

    check: str
    well: bool
    found: str
    remedy: str
    """What to do; empty when all is well."""


class Findings(Struct, frozen=True):
    """All of them."""

    well: bool
    findings: list[Finding]


class Deed(Struct, frozen=True):
    """A line of the audit log."""

    number: int
    at: datetime
    user: str
    did: str
    what: str


class Deeds(Struct, frozen=True):
    """Lines of the audit log, newest first."""

    deeds: list[Deed]


class Whose(Struct, forbid_unknown_fields=True):
    """Which lines."""

    user: Text = ""
    before: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    """The number of the last line of the page before."""
    limit: Limit = 50


class Since(Struct, forbid_unknown_fields=True):
    """Where to go on."""

    after: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    """The id of the last event; else what is decided from now on is told."""


class Standings(Struct, frozen=True):
    """Pushes, in their order."""

    pushes: list[shapes.Push]


class Queue(Struct, forbid_unknown_fields=True):
    """Which pushes."""

    sink: Text = ""
    state: State | None = None
    """In this state only; else what waits and what is dead."""


class Pushes(Struct, forbid_unknown_fields=True):
    """Pushes, by their numbers."""

    pushes: Names


class Count(Struct, frozen=True):
    """How many there were."""

    count: int


class Token(Struct, frozen=True):
    """A token, without what it is."""

    token: int
    user: str
    name: str
    scopes: list[str]
    made_at: datetime
    until: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


class NewToken(Token, frozen=True, kw_only=True):
    """A token that was made just now."""

    secret: str
    """What it is: shown this once."""


class Tokens(Struct, frozen=True):
    """Tokens, oldest first."""

    tokens: list[Token]


class Make(Struct, forbid_unknown_fields=True):
    """A token to make."""

    user: Text = ""
    """For whom it acts; by default the asker, and only an admin names another one."""
    name: Text = ""
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=3)] = ("read",)
    days: Annotated[int, Meta(ge=1, le=3650)] = 365


@reads("/health", admin=True)
def health(visit: Visit) -> Health:
    """Look at store, spool, listeners and next hops."""
    found = [Check(one.name, one.well, one.found) for one in checks(visit)]
    return Health(all(one.well for one in found), found)


@reads("/doctor", admin=True)
def doctor(visit: Visit) -> Findings:
    """Look at files, store, spool, clock, versions, next hops and Postfix, and say what to do.

    Of a small store every page is read. The Postfix is the one of this machine, where there is one.
    """
    found = [Finding(one.check, one.well, one.found, one.remedy) for one in examine(visit.config)]
    return Findings(all(one.well for one in found), found)


@reads("/live", admin=True, media="text/event-stream")
def live(visit: Visit, query: Since) -> Response:
    """Send each new decision as it comes, as server-sent events, while the token holds."""
    secret = visit.request.headers.get("authorization", "").partition(" ")[2].strip()

    def may() -> bool:
        """Whether the token still holds, and its user is still an admin."""
        with kept.Tokens(visit.config.gateway.state, clock=visit.desk.clock) as tokens:
            token = tokens.holder(secret)
        with visit.desk.views() as views:
            users = {user.key: user.role for user in views.users()}
        return token is not None and users.get(token.user) == "admin"

    tell = partial(line_told, language=visit.tongue.language, at=stamp)
    return StreamingResponse(
        events(visit.request, visit.desk, query.after, may, tell),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@reads("/audit", admin=True)
def audit(visit: Visit, query: Whose) -> Deeds:
    """List who looked at what, and who changed what."""
    with visit.desk.vault() as vault:
        found = vault.deeds(query.limit, user=query.user, before=query.before)
    return Deeds([Deed(one.number, one.at, one.user, one.did, one.what) for one in found])


@reads("/outbox", admin=True)
def outbox(visit: Visit, query: Queue) -> Standings:
    """List what waits to be handed over to sinks, and what was refused."""
    states = (query.state,) if query.state else (State.WAITING, State.DEAD)
    found = _outbox(visit).listed(sink=query.sink, states=states)
    return Standings([push(one) for one in found])


@acts("POST", "/outbox/retry", admin=True)
def retry(visit: Visit, body: Pushes) -> Count:
    """Try pushes again at once."""
    box = _outbox(visit)
    for number in body.pushes:
        box.find(number)
    count = box.retry(body.pushes, visit.desk.clock())
    visit.note("retry", " ".join(map(str, body.pushes)))
    return Count(count)


@acts("POST", "/outbox/drop", admin=True)
def drop(visit: Visit, body: Pushes) -> Count:
    """Take pushes out of the queue: their sink is not told of them."""
    box = _outbox(visit)
    for number in body.pushes:
        box.find(number)
    count = box.drop_by_hand(body.pushes)
    visit.note("drop", " ".join(map(str, body.pushes)))
    return Count(count)


@reads("/tokens")
def tokens(visit: Visit) -> Tokens:
    """List tokens: an admin all, a member his own."""
    with _tokens(visit) as known:
        found = known.listed("" if visit.viewer.is_admin else visit.viewer.key)
    return Tokens([Token(**_told(one)) for one in found])


@acts("POST", "/tokens", status=201)
def create_token(visit: Visit, body: Make) -> NewToken:
    """Make a token; what it is, is shown this once.

    It can do no more than the token that it is made with.
    """
    user = body.user or visit.viewer.key
    if user != visit.viewer.key:
        visit.must_be_admin()
    if user not in {one.key for one in visit.views.users()}:
        raise ProblemError(404, f"There is no user {user}.")
    with _tokens(visit) as known:
        own = known.holder(visit.request.headers.get("authorization", "").partition(" ")[2])
        lacking = set(body.scopes) - set(own.scopes if own else ())
        if lacking:
            raise NotAllowedError(f"This token lacks {', '.join(sorted(lacking))} itself.")
        secret, made = known.create(user, body.name, body.scopes, body.days)
    visit.note("make-token", f"{made.number} for {user}: {' '.join(made.scopes)}")
    return NewToken(**_told(made), secret=secret)


@acts("DELETE", "/tokens/{token}")
def revoke_token(visit: Visit, token: Number) -> Token:
    """End a token, at once: an admin any, a member his own."""
    with _tokens(visit) as known:
        if not visit.viewer.is_admin and known.find(token).user != visit.viewer.key:
            raise NotAllowedError("Only an admin may end the tokens of others.")
        gone = known.revoke(token)
    visit.note("revoke-token", str(token))
    return Token(**_told(gone))


def _outbox(visit: Visit) -> SqliteOutbox:
    return SqliteOutbox(visit.config.store_path)


def _tokens(visit: Visit) -> kept.Tokens:
    return kept.Tokens(visit.config.gateway.state, clock=visit.desk.clock)


def _told(one: kept.Token) -> dict[str, Any]:
    return {
        "token": one.number,
        "user": one.user,
        "name": one.name,
        "scopes": list(one.scopes),
        "made_at": one.made_at,
        "until": one.until,
        "used_at": one.used_at,
        "revoked_at": one.revoked_at,
    }
