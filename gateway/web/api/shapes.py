"""What the API answers about messages, as structs; a client reads them by the same types."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from gateway.model.decision import Outcome, Reason
from gateway.model.envelope import Direction, RelayState
from gateway.model.suggestion import Hint

Evidence = dict[str, str | int | bool]
"""What a rule saw."""


class Line(Struct, frozen=True):
    """A message as a line of a list."""

    entry: str
    received_at: datetime
    direction: Direction
    route: str
    outcome: Outcome
    reason: Reason
    author: str
    author_name: str
    subject: str
    user: str
    mailboxes: list[str]
    thread: int
    kept: bool
    """Whether its octets are there, so that it can be judged again."""
    remedy: str
    command: str
    """The command that the remedy names; empty when none cures it."""


class File(Struct, frozen=True):
    """An attachment."""

    number: int
    """Its number in the address of its content."""
    part: str
    name: str
    media_type: str
    detected_type: str
    size: int
    sha256: str
    disposition: str
    state: str
    inline: bool
    reason: Reason | None
    """What was noted of it, such as why its content is not stored."""
    stored: bool
    """Whether its content can be fetched."""


class Note(Struct, frozen=True):
    """Something said beside the decision."""

    reason: Reason
    subject: str
    remedy: str
    evidence: Evidence
    partial: bool


class Answer(Struct, frozen=True):
    """What one rule answered."""

    stage: str
    rule: str
    matched: bool
    evidence: Evidence


class Relay(Struct, frozen=True):
    """How it went onward."""

    state: RelayState
    code: int | None
    text: list[str]
    sha256_out: str


class Sighting(Struct, frozen=True):
    """One arrival of the message."""

    received_at: datetime
    route: str
    direction: Direction
    recipients: list[str]
    relay: RelayState
    marked: bool
    proof: str
    user: str
    sha256_in: str


class Past(Struct, frozen=True):
    """A decision as it was taken."""

    decided_at: datetime
    outcome: Outcome
    reason: Reason
    remedy: str
    preset: str
    by: str


class Action(Struct, frozen=True):
    """Something that can be done about a message."""

    kind: str
    label: str
    does: str
    words: list[str]


class Message(Struct, frozen=True):
    """A message, with its decision and all that explains it, as far as the asker may know."""

    entry: str
    message_id: str
    received_at: datetime
    direction: Direction
    route: str
    author: str
    author_name: str
    subject: str
    outcome: Outcome
    reason: Reason
    sentence: str
    """Why it was decided so."""
    remedy: str
    command: str
    thread: int | None
    tracked: bool
    contacts: list[str]
    mailboxes: list[str]
    user: str
    attachments: list[File]
    notes: list[Note]
    trace: list[Answer]
    relayed: Relay
    sha256_in: str
    sightings: list[Sighting]
    """Empty for whom its envelope does not concern."""
    decisions: list[Past]
    """Oldest first; the last one holds."""
    kept: bool
    text: str
    """The new words."""
    actions: list[Action]


class Messages(Struct, frozen=True):
    """A page of messages, newest first."""

    messages: list[Message]
    more: str
    """What to give as `after` for the next page; empty when this is the last one."""


class Lines(Struct, frozen=True):
    """A page of lines, newest first."""

    lines: list[Line]
    more: str
    """What to give as `after` for the next page; empty when this is the last one."""


class Suggested(Struct, frozen=True):
    """What a message may answer that cites nothing."""

    entry: str
    hint: Hint
    detail: str


class Push(Struct, frozen=True):
    """One event that one sink is to be told of."""

    push: int
    sink: str
    kind: str
    entry: str
    thread: str
    state: str
    attempts: int
    made_at: datetime
    next_at: datetime
    failing_since: datetime | None
    reason: Reason | None
    said: str
    key: str
    theirs: str


class Explained(Struct, frozen=True):
    """A message with what may be said beside it."""

    message: Message
    suggestion: Suggested | None
    handovers: list[Push]


class Letter(Struct, frozen=True):
    """The words of a message."""

    to: str
    cc: str
    new_text: str
    quoted: str
    html: str
    """Made harmless: nothing in it runs, or is fetched from elsewhere."""


class Done(Struct, frozen=True):
    """What an action did, or in a rehearsal would do."""

    dry_run: bool
    words: str
    """What it means for the timeline: "It logs 7 earlier messages." """
    logged: list[str]
    """Ids of what comes onto the timeline."""
    known: bool
    """False: it was not rehearsed, and `at_most` is what is known."""
    at_most: int


class Changed(Struct, frozen=True):
    """A decision that is, or would be, another one."""

    entry: str
    author: str
    subject: str
    before: Outcome
    before_reason: Reason
    after: Outcome
    reason: Reason
    remedy: str


class Replayed(Struct, frozen=True):
    """What came of judging again."""

    dry_run: bool
    judged: int
    would_log: int
    """How many of those judged are, or would be, on the timeline."""
    changes: list[Changed]
    lost: list[str]
    """What was named and cannot be judged: nothing of it is kept."""


class Problem(Struct, frozen=True):
    """Why it was not done, and what to do (RFC 9457 §3.1)."""

    title: str
    """The kind of problem: the phrase of the status."""
    status: int
    detail: str
    """What happened, to what, and what to do."""
    type: str = "about:blank"
