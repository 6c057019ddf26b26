"""What a button does: the command that a remedy names, as an order that can be carried out.

A remedy says `replygate contact add-address ann@… ann.b@…`; the button says what that means, and
does the same. What needs more than the remedy knows (a path, a choice) stays a command to copy.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from gateway.model.decision import Outcome, Reason
from gateway.model.entry import Entry


@dataclass(frozen=True, slots=True)
class Order:
    """Something to be done, for an entry."""

    kind: str
    """What: see `LABELS`."""
    entry_id: str
    words: tuple[str, ...] = ()
    """Whom or what it names."""
    command: str = ""
    """The command that does the same; whatever names it as its cure is judged again."""

    @property
    def changes_facts(self) -> bool:
        """Whether it changes what is known of people and mailboxes."""
        return self.kind == "merge" or self.kind in _BY_WORDS.values()


LABELS = {
    "connect": "Connect {0}",
    "add-address": "Add {1} to {0}",
    "add-contact": "Make {0} a contact",
    "unlist": "Take {0} off the never-log list",
    "allow": "Allow list and robot mail of {0}",
    "permit": "Let {0} log mail",
    "logging-on": "Turn logging on for {0}",
    "log": "Log this message",
    "log-thread": "Log this conversation",
    "replay": "Judge it again",
    "merge": "Merge {2} into this contact",
    "link": "Put it into this conversation",
    "approve": "Approve",
    "approve-route": "Approve, and believe this route",
    "discard": "Discard",
}
SENTENCES = {
    "connect": "{0} counts as connected from now on.",
    "add-address": "{1} becomes a further address of {0}.",
    "add-contact": "{0} becomes a contact.",
    "unlist": "Mail of {0} is logged from now on; what passed while it was listed was not kept.",
    "allow": "List, bulk and robot mail of {0} may be logged from now on.",
    "permit": "{0} may log mail from now on.",
    "logging-on": "Mail of {0} is logged from now on.",
    "log": "This message goes onto the timeline, whatever the rules said.",
    "log-thread": "All of this conversation goes onto the timeline, what is yet to come too.",
    "replay": "The rules are asked again, with what is known today.",
    "merge": "All addresses of {2} become addresses of this contact.",
    "link": "Both become one conversation, and what was stopped in it is judged again.",
    "approve": "It goes onto the timeline.",
    "approve-route": "It goes onto the timeline. Copies of this user that the same machine brings"
    " need no other proof from now on; those that wait are judged again.",
    "discard": "It stays off the timeline, and its content is not kept.",
}
_BY_WORDS = {
    ("mailbox", "connect"): "connect",
    ("contact", "add-address"): "add-address",
    ("contact", "add"): "add-contact",
    ("never-log", "remove"): "unlist",
    ("allow", "add"): "allow",
    ("user", "permit"): "permit",
    ("user", "logging-on"): "logging-on",
}
_MEANT = {"--provider", "--user"}
"""Options whose value is a further word of the order."""
FOR_MEMBERS = frozenset(
    {
        *("connect", "add-address", "add-contact", "link"),
        *("log", "log-thread", "replay", "approve", "discard"),
    }
)
"""What a member may do for his own mail; lists and permissions are the admin's."""


def order_of(command: str, entry_id: str) -> Order | None:
    """Return the order that a command is, or None where it asks for more than a button knows."""
    words = _words(command)
    if words[:1] == ["log"]:
        kind = "log-thread" if "--thread" in words else "log"
        return None if "--contact" in words else Order(kind, entry_id, (), command)
    if words[:1] == ["replay"]:
        return Order("replay", entry_id, (), command)
    known = _BY_WORDS.get((words[0], words[1])) if len(words) > 2 else None
    named = tuple(word for word in words[2:] if word not in _MEANT)
    return Order(known, entry_id, named, command) if known else None


def orders_for(entry: Entry, command: str) -> list[Order]:
    """Return what can be done about an entry, the cure first."""
    found: list[Order] = []
    if (cure := order_of(command, entry.entry_id)) is not None:
        found.append(cure)
    if entry.outcome is Outcome.HELD:
        unproven = entry.reason is Reason.COPY_SENDER_UNVERIFIED
        kinds = ("approve", *(("approve-route",) if unproven else ()), "discard")
        by_person = [Order(kind, entry.entry_id) for kind in kinds]
        # Where nothing else is known but to ask again, or to log it, a person decides.
        is_theirs = cure is not None and cure.kind in {"replay", "log"}
        found = [*by_person, *found] if is_theirs else [*found, *by_person]
    elif entry.kept and entry.outcome is Outcome.NOT_LOGGED:
        found += [Order(kind, entry.entry_id) for kind in ("log", "log-thread", "replay")]
    by_kind: dict[str, Order] = {}
    for order in found:
        by_kind.setdefault(order.kind, order)
    return list(by_kind.values())


def _words(command: str) -> list[str]:
    """Return the words after `replygate`; none where some are to be filled in by a person."""
    try:
        words = shlex.split(command)
    except ValueError:
        return []
    if words[:1] != ["replygate"] or any(word.isupper() and word.isalpha() for word in words):
        return []
    return words[1:]
