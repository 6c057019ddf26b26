"""What lists can be asked for: the same filters as the pages have."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from gateway.model.decision import Outcome, Reason
from gateway.store.people_views import Scope
from gateway.store.views import Wanted
from gateway.web.api.operation import Text, Words

Moment = Annotated[datetime, Meta(tz=True)]
"""A time with its zone (RFC 3339)."""
Limit = Annotated[int, Meta(ge=1, le=200)]


class After(Struct, forbid_unknown_fields=True):
    """Where a page begins, and how long it is."""

    after: Text = ""
    """The `more` of the page before."""
    limit: Limit = 50


class Filter(After):
    """Which messages; all that is given must hold."""

    outcome: Outcome | None = None
    reason: Reason | None = None
    route: Text = ""
    user: Text = ""
    mailbox: Text = ""
    address: Text = ""
    """A party: author or recipient."""
    domain: Text = ""
    """A party at this domain."""
    contact: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None
    thread: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None
    command: Text = ""
    """The fix that the decision names."""
    since: Moment | None = None
    """Received then or later."""
    until: Moment | None = None
    """Received before that."""

    def wanted(self, scope: Scope | None) -> Wanted:
        """Return what the record is asked; of mailboxes a member asks for his own only."""
        foreign = scope is not None and self.mailbox not in scope.mailboxes
        return Wanted(
            outcome=self.outcome or "",
            reason=self.reason or "",
            route=self.route,
            user=self.user,
            mailbox="" if foreign else self.mailbox,
            address=self.address,
            domain=self.domain,
            contact=self.contact,
            thread=self.thread,
            command=self.command,
            since=self.since,
            until=self.until,
        )


class Count(Filter):
    """What is counted."""

    by: Literal["day", "reason", "user", "route"] = "day"


class Search(Filter, kw_only=True):
    """Which words are looked for."""

    q: Words
