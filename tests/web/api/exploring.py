"""Calls every operation of a served API with data made from its description, for a while.

What the description does not say is found: a status, a media type, a body that it does not know,
and every 5xx. `python -m tests.web.api.exploring SECONDS` does so for longer.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
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
    found = [one.ok() for one in schema.get_all_operations()]
    operations = [one for one in found if not one.path.endswith(ENDLESS)]
    explored, began = Explored(seconds), time.monotonic()
    with requests.Session() as session:
        for done, operation in enumerate(operations):
            session.headers["Authorization"] = f"Bearer {new_token()}"
            left = seconds - (time.monotonic() - began)
            until = time.monotonic() + max(left, 1.0) / (len(operations) - done)
            for strategy_of in (_with_seeds(operation, seeds), _positive, _negative):
                _try(operation, strategy_of, session, until, explored)
    explored.took = time.monotonic() - began
    return explored


Strategy = Callable[[APIOperation], object]


def _positive(operation: APIOperation) -> object:
    return operation.as_strategy(generation_mode=GenerationMode.POSITIVE)


def _negative(operation: APIOperation) -> object:
    return operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)


def _with_seeds(operation: APIOperation, seeds: Mapping[str, object]) -> Strategy:
    named = {one.name for one in operation.path_parameters}
    given_parts = {name: value for name, value in seeds.items() if name in named}

    def strategy(one: APIOperation) -> object:
        return one.as_strategy(path_parameters=given_parts) if given_parts else _positive(one)

    return strategy


def _try(
    operation: APIOperation,
    strategy_of: Strategy,
    session: requests.Session,
    until: float,
    explored: Explored,
) -> None:
    """Call one operation in one way, until the time is over; once at least."""
    calls = 0

    @settings(
        max_examples=200,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy_of(operation))
    def run(case: Case) -> None:
        nonlocal calls
        if calls and time.monotonic() > until:
            return
        calls += 1
        answer = case.call(session=session)
        explored.operations[operation.label] += 1
        explored.statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    run()
