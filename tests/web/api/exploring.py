"""Calls every operation of a served API with data made from its description, for a while.

What the description does not say is found: a status, a media type, a body that it does not know,
and every 5xx. `make explore` does so for longer.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

Called = APIOperation[Any, Any, Any, Any]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 3
"""Of each kind in each round."""
ENDLESS = "/live"
"""Streams for as long as somebody listens; a test of its own looks at it."""


@dataclass
class Explored:
    """What was called, and what was answered."""

    seconds: float
    """The budget."""
    took: float = 0.0
    operations: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)

    def __str__(self) -> str:
        told = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        return (
            f"{sum(self.operations.values())} calls of {len(self.operations)} operations in"
            f" {self.took:.1f} s of {self.seconds:.0f} s ({told})"
        )


def explore(
    url: str,
    new_token: Callable[[], str],
    seeds: Mapping[str, object],
    seconds: float,
) -> Explored:
    """Explore for about so long; raises what schemathesis finds.

    `seeds` fill parts of paths with what is there; `new_token` makes a token for one operation,
    which may well revoke it.
    """
    schema = schemathesis.openapi.from_url(f"{url}/api/v1/openapi.json")
    found = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    operations = [one for one in found if not one.path.endswith(ENDLESS)]
    explored, began = Explored(seconds), time.monotonic()
    with requests.Session() as session:
        for operation, strategy in _rounds(operations, seeds):
            explored.took = time.monotonic() - began
            if explored.took > seconds and len(explored.operations) == len(operations):
                break
            session.headers["Authorization"] = f"Bearer {new_token()}"
            _try(operation, strategy, session, explored)
    return explored


def _rounds(
    operations: Sequence[Called], seeds: Mapping[str, object]
) -> Iterator[tuple[Called, Any]]:
    """Yield every operation with data for it, again and again, each time of another kind."""
    kinds = ("seeded", "wrong", "right")
    for turn in count():
        for place, operation in enumerate(operations):
            yield operation, _data(operation, kinds[(turn + place) % 3], seeds)


def _data(operation: Called, kind: str, seeds: Mapping[str, object]) -> Any:
    if kind == "wrong":
        return operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    named = {one.name for one in operation.path_parameters} if kind == "seeded" else set()
    parts = {name: value for name, value in seeds.items() if name in named}
    return operation.as_strategy(path_parameters=parts) if parts else operation.as_strategy()


def _try(operation: Called, strategy: Any, session: requests.Session, explored: Explored) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def run(case: Case[Any]) -> None:
        answer = case.call(session=session, timeout=20, allow_redirects=False)
        explored.operations[operation.label] += 1
        explored.statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    run()
