"""Scores suggestions for replies that cite nothing: `python -m tests.bench.suggestions FOLDER`.

Of each labelled reply In-Reply-To and References are taken out; candidates are the messages that
stand before it in its pool, tied into threads by their own ids, as a store would have them. A
suggestion is right when it leads to the thread that the label names.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from gateway.mail.hints import read_hints, told_lines
from gateway.mail.reading import read_heading, read_message
from gateway.model.message import Heading, Message
from gateway.model.suggestion import Candidate, Suggestion
from gateway.rules.suggestions import suggest
from tests.bench.accuracy import Threads
from tests.bench.results import Label, Result, summarise

_CITING = re.compile(rb"(?im)^(?:In-Reply-To|References):.*(?:\r?\n[ \t].*)*\r?\n")


def read(octets: bytes) -> Message:
    return read_message(octets, read_heading(octets))


def without_ids(octets: bytes) -> bytes:
    """Return a message without the fields that cite others."""
    end = re.search(rb"\r?\n\r?\n", octets)
    stop = end.start() + 1 if end else len(octets)
    return _CITING.sub(b"", octets[:stop]) + octets[stop:]


def people_of(heading: Heading) -> frozenset[str]:
    named = (*heading.authors, *heading.to, *heading.cc, *heading.reply_to)
    return frozenset(address.key for address in named if address.key)


class Pool:
    """Messages in the order in which they came, and the threads of their ids."""

    def __init__(self, folder: Path, labels: list[Label]) -> None:
        self.folder = folder
        self.threads = Threads(folder, labels)
        self.order = {label["path"]: place for place, label in enumerate(labels)}
        self.candidates = [self._candidate(label["path"]) for label in labels]

    def suggestion(self, label: Label) -> Suggestion | None:
        """Return what is suggested for a message when it cites nothing."""
        message = read(without_ids((self.folder / label["path"]).read_bytes()))
        heading = message.heading
        assert not heading.cited
        before = self.candidates[: self.order[label["path"]]]
        received_at = heading.date
        if received_at is None:
            return None
        return suggest(
            heading,
            read_hints(message),
            people=people_of(heading),
            received_at=max([received_at, *(one.received_at for one in before[-1:])]),
            candidates=before,
        )

    def root_of(self, path: str) -> str | None:
        return self.threads.start_in(self.threads.top(f"m:{path}"))

    def _candidate(self, path: str) -> Candidate:
        message = read((self.folder / path).read_bytes())
        heading = message.heading
        at = heading.date or self.candidates[-1].received_at
        people = people_of(heading)
        lines = told_lines(message.new_text)
        return Candidate(path, message.message_id, heading.base_subject, people, at, lines)


def score_suggestions(folder: Path, labels: Iterable[Label]) -> list[Result]:
    """Score what is suggested for each labelled reply that cites nothing."""
    by_pool: dict[str, dict[str, Label]] = defaultdict(dict)
    asked: list[Label] = []
    for label in labels:
        if (folder / label["path"]).exists():
            by_pool[label["pool"]].setdefault(label["path"], label)
        if label.get("variant") == "no_refs" and label["expected"]["role"] == "inbound":
            asked.append({**label, "task": "reply_suggestion"})
    pools = {name: Pool(folder, list(found.values())) for name, found in by_pool.items()}
    return [_scored(pools[label["pool"]], label) for label in asked]


def _scored(pool: Pool, label: Label) -> Result:
    if label["path"] not in pool.order:
        return Result(label, detail="no such file", missing=True)
    found = pool.suggestion(label)
    root = pool.root_of(found.entry_id) if found else None
    wanted = label["expected"]["root"]
    hit = root == wanted
    fields = {str(found.hint): hit} if found and (root or wanted) else {}
    detail = f"{found.detail if found else 'nothing'}: {root}"
    # A wrong thread is a false suggestion, whatever thread would have been right.
    return Result(
        label, hit, root is not None, wanted is not None and (hit or not root), fields, detail
    )


def main() -> None:
    """Print the score, and the misses."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.suggestions")
    parser.add_argument("folder", type=Path)
    chosen = parser.parse_args()
    lines = (chosen.folder / "labels.jsonl").read_text("utf-8").splitlines()
    labels = [one for one in map(json.loads, lines) if one["task"] == "reply_correlation"]
    results = score_suggestions(chosen.folder, labels)
    for row in summarise(results):
        print(json.dumps(row))
    for result in results:
        if not result.right:
            print(f"  {result.label['id']}: {result.detail}")


if __name__ == "__main__":
    main()
