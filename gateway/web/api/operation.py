"""An operation of the API: a function, and what its annotations say of it.

The parameter `query` or `body`, if there is one, takes a struct; others are parts of the path.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, get_type_hints

from msgspec import Meta, Struct

from gateway.web.desk import Visit
from gateway.web.tokens import Scope

EntryId = Annotated[str, Meta(pattern="^[0-9a-f]{16}$", description="The id of an entry.")]
Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Address = Annotated[
    str,
    Meta(min_length=3, max_length=320, pattern=r"^[^@\s/\x00-\x1f]+@[^@\s/\x00-\x1f]+$"),
]
"""An email address, in a path or in words."""
Text = Annotated[str, Meta(max_length=500, pattern=r"^[^\x00]*$")]
"""A word or a sentence."""
Words = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^[^\x00]+$")]
"""The same, and not empty."""

Handler = Callable[..., Any]


@dataclass(frozen=True)
class Operation:
    """One operation; calling it answers."""

    method: str
    path: str
    """Below `/api/v1`, with `{names}`."""
    handler: Handler
    scope: Scope
    admin: bool
    """Only an admin may."""
    status: int
    media: str
    """What it answers: JSON, or a stream of something else."""
    may_conflict: bool
    """It can find that it was done already, or cannot be done now (409)."""

    @property
    def name(self) -> str:
        """Its name in the description."""
        return self.handler.__name__.strip("_")

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (inspect.getdoc(self.handler) or "").split("\n", 1)[0]

    @property
    def details(self) -> str:
        """What else there is to say."""
        return (inspect.getdoc(self.handler) or "").partition("\n")[2].strip()

    @cached_property
    def hints(self) -> Mapping[str, Any]:
        """The types of its parameters and of its answer."""
        return get_type_hints(self.handler, include_extras=True)

    @property
    def path_types(self) -> dict[str, Any]:
        """The types of the parts of its path, in their order."""
        return {name: self.hints[name] for name in re.findall(r"{(\w+)}", self.path)}

    @property
    def query(self) -> type[Struct] | None:
        """What may follow the path."""
        return self.hints.get("query")

    @property
    def body(self) -> type[Struct] | None:
        """What has to be sent."""
        return self.hints.get("body")

    @property
    def answers(self) -> Any:
        """The type of its answer."""
        return self.hints["return"]

    @property
    def statuses(self) -> tuple[int, ...]:
        """All statuses that it may answer with."""
        some = [self.status, 401, 403, 429, 503]
        if self.query is not None or self.body is not None or self.path_types:
            some += [400, 404]
        if self.body is not None:
            some += [413, 415]
        if self.may_conflict:
            some.append(409)
        return tuple(sorted(some))

    def __call__(self, visit: Visit, **given: Any) -> Any:
        """Answer a visit."""
        return self.handler(visit, **given)


def reads(
    path: str,
    *,
    admin: bool = False,
    media: str = "application/json",
    may_conflict: bool = False,
) -> Callable[[Handler], Operation]:
    """Make an operation of a function that only reads."""

    def made(handler: Handler) -> Operation:
        return Operation("GET", path, handler, "read", admin, 200, media, may_conflict)

    return made


def acts(
    method: str, path: str, *, admin: bool = False, status: int = 200
) -> Callable[[Handler], Operation]:
    """Make an operation of a function that changes something; a path of the admin's is so named."""

    def made(handler: Handler) -> Operation:
        scope: Scope = "admin" if admin else "act"
        media = "application/json"
        return Operation(method, path, handler, scope, admin, status, media, may_conflict=True)

    return made
