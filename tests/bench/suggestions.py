"""Scores suggestions for replies that cite nothing: `python -m tests.bench.suggestions FOLDER`.

Of each labelled reply In-Reply-To and References are taken out; candidates are the messages that
stand before it in its pool, tied into threads by their own ids, as a store would have them. A
suggestion is right when it leads to the thread that the label names.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.mail.hints import read_hints, told_lines
from gateway.mail.reading import read_heading, read_message
from gateway.model.message import Heading, Message
from gateway.model.suggestion import Candidate, Suggestion
from gateway.rules.suggestions import suggest
from tests.bench.accuracy import Threads

Label = dict[str, Any]
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


def results(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield for each reply: what its suggestion rests on, how it was met, and its file."""
    lines = (folder / "labels.jsonl").read_text("utf-8").splitlines()
    labels = [one for one in map(json.loads, lines) if one["task"] == "reply_correlation"]
    by_pool: dict[str, dict[str, Label]] = defaultdict(dict)
    for label in labels:
        by_pool[label["pool"]].setdefault(label["path"], label)
    pools = {name: Pool(folder, list(found.values())) for name, found in by_pool.items()}
    for label in labels:
        if label.get("variant") != "no_refs" or label["expected"]["role"] != "inbound":
            continue
        pool = pools[label["pool"]]
        found = pool.suggestion(label)
        root = pool.root_of(found.entry_id) if found else None
        wanted = label["expected"]["root"]
        missed = "missed" if wanted else "none due"
        met = ("right" if root == wanted else "wrong") if root else missed
        yield str(found.hint) if found else "nothing", met, label["path"]


def main() -> None:
    """Print how many suggestions are right, by what they rest on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--misses", type=int, default=20)
    asked = parser.parse_args()
    by_hint: dict[str, Counter[str]] = defaultdict(Counter)
    total: Counter[str] = Counter()
    bad: list[tuple[str, str, str]] = []
    for hint, met, path in results(asked.folder):
        by_hint[hint][met] += 1
        total[met] += 1
        if met in {"wrong", "missed"}:
            bad.append((met, hint, path))
    for hint, counts in sorted(by_hint.items()):
        print(f"{hint:<14}", "  ".join(f"{name} {n}" for name, n in sorted(counts.items())))
    made, due = total["right"] + total["wrong"], total["right"] + total["missed"]
    print(
        f"precision {total['right'] / max(made, 1):.4f}  recall {total['right'] / max(due, 1):.4f}"
    )
    for met, hint, path in bad[: asked.misses]:
        print(f"  {met} ({hint}): {path}")


if __name__ == "__main__":
    main()
