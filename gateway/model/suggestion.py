"""To which thread a message may belong that cites none: for a person to confirm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Hint(StrEnum):
    """Why a message may answer another, the strongest first."""

    QUOTED_ID = "quoted-id"
    QUOTED_LINES = "quoted-lines"
    SUBJECT = "subject"
    LINES_ALONE = "lines-alone"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An earlier message that might be answered."""

    entry_id: str
    message_id: str
    base_subject: str
    people: frozenset[str]
    """Keys of its parties; in the gateway those outside the company."""
    received_at: datetime
    lines: frozenset[str] = frozenset()
    """Its own lines, folded, where its words are kept."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A message may answer this entry; nothing is joined before a person says so."""

    entry_id: str
    hint: Hint
    detail: str
    """What was seen, in words."""
