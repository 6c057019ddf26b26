"""What was not logged within some days, and how much of it one fix would log: pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.model.decision import Outcome
from gateway.model.entry import Entry
from gateway.notices.words import DIGEST_HEADLINE, DIGEST_LINE, DIGEST_SUBJECT
from gateway.words.catalogue import Language, tongue
from gateway.words.rules import remedy_in

LINES: Final = 20
"""Fixes that a digest names, those that cure most first."""


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing to do, and how many messages it is about."""

    remedy: str
    reason: str
    messages: int
    kept: int
    """Of how many the content is still there, so that they can be logged."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What one user is told."""

    user: str
    fixes: tuple[Fix, ...]

    @property
    def messages(self) -> int:
        """How many messages were not logged."""
        return sum(fix.messages for fix in self.fixes)


def digests_of(
    entries: Iterable[Entry], users: Mapping[str, str], language_of: Callable[[str], Language]
) -> tuple[Digest, ...]:
    """Return a digest for each user whose mail was not logged, by name of user.

    `users` gives the user of each mailbox, `language_of` the language that a user is told in;
    only what a remedy cures is told.
    """
    found: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    kept: Counter[tuple[str, str, str]] = Counter()
    for entry in entries:
        if entry.outcome not in {Outcome.HELD, Outcome.NOT_LOGGED} or not entry.remedy:
            continue
        for user in _users_of(entry, users):
            remedy = _remedy(entry, language_of(user))
            found[user][remedy, str(entry.reason)] += 1
            kept[user, remedy, str(entry.reason)] += entry.kept
    return tuple(
        Digest(
            user,
            tuple(
                Fix(remedy, reason, count, kept[user, remedy, reason])
                for (remedy, reason), count in counted.most_common(LINES)
            ),
        )
        for user, counted in sorted(found.items())
    )


def told(digest: Digest, days: int, language: Language) -> Sequence[tuple[str, str]]:
    """Return subject and headline, then a line for each fix."""
    words = tongue(language)
    subject = words.say(DIGEST_SUBJECT, days=days, count=digest.messages)
    headline = words.say(DIGEST_HEADLINE, days=days, count=digest.messages)
    lines = (
        words.say(DIGEST_LINE, count=fix.messages, remedy=fix.remedy, kept=fix.kept)
        for fix in digest.fixes
    )
    return [(subject, headline), *((str(number), line) for number, line in enumerate(lines))]


def _remedy(entry: Entry, language: Language) -> str:
    matched = (a for a in entry.trace if a.rule == str(entry.reason) and a.matched)
    answer = next(matched, None)
    return remedy_in(
        tongue(language), entry.reason, entry.remedy, answer.evidence if answer else {}
    )


def _users_of(entry: Entry, users: Mapping[str, str]) -> set[str]:
    """Return whose mail it is: the sender's, else that of the mailboxes that it reached."""
    if entry.user:
        return {entry.user}
    return {users[box] for box in entry.mailboxes if users.get(box)}
