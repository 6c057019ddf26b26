"""Reasons that the edges give: no rule can see them, but they have pages like all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.model.decision import Outcome, Reason, Stage


@dataclass(frozen=True, slots=True)
class EdgeReason:
    """What an edge of the gateway, or a person, decides."""

    reason: Reason
    outcome: Outcome
    when: str
    remedy: str = ""
    command: str = ""
    stage: Stage = Stage.EDGE
    source: tuple[str, ...] = ()


EDGE: Final = (
    EdgeReason(
        Reason.STORE_UNAVAILABLE,
        Outcome.FAILED,
        "It could not be recorded durably. The mail was relayed and its octets wait in the spool; "
        'with `on_store_failure = "defer"` the client is asked to try again (451 4.3.0).',
        "Delivery was not affected. It will be logged when storage is back.",
        stage=Stage.INTAKE,
    ),
    EdgeReason(
        Reason.INSPECTION_DEFERRED,
        Outcome.FAILED,
        "Reading took longer than its budget. The mail was relayed and is decided later.",
        "Delivery was not affected. It will be decided within minutes.",
        stage=Stage.INTAKE,
    ),
    EdgeReason(
        Reason.CRM_RETRYING,
        Outcome.FAILED,
        "The CRM cannot take it now; it is queued and tried again, in the order of its thread.",
    ),
    EdgeReason(
        Reason.CRM_REFUSED,
        Outcome.FAILED,
        "The CRM refused it for good; a person must look.",
    ),
    EdgeReason(Reason.APPROVED, Outcome.LOGGED, "A person approved what was held."),
    EdgeReason(Reason.DISCARDED, Outcome.NOT_LOGGED, "A person discarded what was held."),
    EdgeReason(
        Reason.HOLD_EXPIRED, Outcome.NOT_LOGGED, "Nobody decided what was held, and its time is up."
    ),
    EdgeReason(
        Reason.LOGGED_BY_HAND,
        Outcome.LOGGED,
        "A person logged it, or its thread.",
        source=("S2", "S11"),
    ),
    EdgeReason(
        Reason.IMPORTED,
        Outcome.LOGGED,
        "It came in as history; with `--as-logged` as outgoing and logged.",
    ),
    EdgeReason(
        Reason.NOT_DELIVERED,
        Outcome.NOT_LOGGED,
        "The next hop refused it for good; it is not on the timeline.",
    ),
)
