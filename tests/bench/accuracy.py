"""Scores a folder of labelled mail through the code that the gateway runs.

    python -m tests.bench.accuracy FOLDER [--json] [--task TASK] [--misses N]

The folder holds `labels.jsonl`, one object a line: `id, path, task, expected, source`. Names
and subjects are compared after white space is folded, file names by their last path segment
(what we show never has a path). A missing file is named and counted. What argued.toml argues about
stays a miss, and is counted beside what is right.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from gateway.mail.reading import read_heading, read_message
from gateway.model.message import Forward, Heading, Kind, Message
from gateway.trust.keys import Found
from gateway.trust.sections import read_signed
from gateway.trust.signatures import State, check_signatures, list_signatures
from tests.bench.argued import NOTES, argue
from tests.bench.results import NEEDED, Label, Result, summarise

TASKS = (
    "encoding_subject",
    "attachments",
    "bounce",
    "auto_reply",
    "forward_unwrap",
    "no_crash",
    "dkim_verify",
    "reply_correlation",
    "ordinary_mail",
)


def fold(text: str | None) -> str:
    return " ".join((text or "").split())


def read(octets: bytes) -> tuple[Heading, Message]:
    heading = read_heading(octets)
    return heading, read_message(octets, heading)


def score_subject(label: Label, octets: bytes) -> Result:
    heading, _ = read(octets)
    expected = label["expected"]
    fields = {"subject": fold(heading.subject) == fold(expected["subject"])}
    if "from_email" in expected:
        wanted = [address.lower() for address in expected["from_email"]]
        fields["from"] = [a.key for a in heading.authors] == wanted
    return Result(label, all(fields.values()), fields=fields, detail=repr(heading.subject))


def score_attachments(label: Label, octets: bytes) -> Result:
    _, message = read(octets)
    expected = label["expected"]
    wanted = sorted(fold(n).rpartition("/")[2] for n in expected["filenames"] if n)
    found = sorted(fold(file.name) for file in message.attachments if file.name)
    fields = {"names": wanted == found}
    if parts := [part for part in expected.get("parts", ()) if "sha256" in part]:
        by_digest = {file.sha256.hex(): file.size for file in message.attachments}
        fields["sha256"] = all(part["sha256"] in by_digest for part in parts)
        fields["size"] = all(by_digest.get(p["sha256"]) == int(p["size"]) for p in parts)
    return Result(label, all(fields.values()), fields=fields, detail=f"{found} not {wanted}")


def score_bounce(label: Label, octets: bytes) -> Result:
    _, message = read(octets)
    expected = label["expected"]
    results = message.report.results if message.report else ()
    is_bounce = message.kind is Kind.BOUNCE and (
        not results or any(one.action in ("failed", "delayed") for one in results)
    )
    fields = {"recognised": is_bounce == expected["bounce"]}
    if expected.get("feedback_report"):
        fields["feedback"] = message.kind is Kind.ABUSE_REPORT
    elif expected["bounce"] and "results" in expected:
        wanted = [bool(one["hard"]) for one in expected["results"]]
        found = [bool(one.hard) for one in results]
        fields["hard"] = Counter(found) == Counter(wanted)
        fields["recipients"] = len(found) == len(wanted) and all(r.recipient for r in results)
        statuses = [one["status"] for one in expected.get("results", ())]
        fields["status"] = Counter(statuses) == Counter(r.status for r in results)
    right = all(fields.get(name, True) for name in NEEDED["bounce"])
    detail = f"{message.kind} {[(r.recipient, r.status, r.hard) for r in results]}"
    wanted_text = [(r["status"], r["reason"], r["hard"]) for r in expected.get("results", ())]
    answers = {"hard": str([one.hard for one in results])}
    detail = f"{detail} not {wanted_text}"
    return Result(label, right, is_bounce, expected["bounce"], fields, detail, answers=answers)


def score_auto_reply(label: Label, octets: bytes) -> Result:
    _, message = read(octets)
    found = message.kind is Kind.AUTO_REPLY
    wanted = label["expected"]["auto_reply"]
    return Result(label, found == wanted, found, wanted, detail=message.kind_evidence)


def body_as_message(folder: Path, label: Label, octets: bytes) -> bytes:
    """Wrap a bare body into the message that it was cut from."""
    subject = "Fwd"
    if label.get("subject_path"):
        subject = fold((folder / label["subject_path"]).read_text("utf-8"))
    head = f"From: me@example.com\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n"
    return head.encode() + octets


def score_forward(label: Label, octets: bytes, folder: Path) -> Result:
    if label["kind"] == "plain_body":
        octets = body_as_message(folder, label, octets)
    _, message = read(octets)
    expected = label["expected"]
    found = bool(message.forwards)
    wanted = expected["forwarded"]
    if not (found and wanted):
        return Result(
            label,
            found == wanted,
            found,
            wanted,
            detail="forward not seen" if wanted else "no forward",
        )
    if expected.get("kind") == "rfc822":
        return score_attached(label, message)
    first = message.forwards[0]
    fields = forward_fields(first, expected)
    return Result(label, all(fields.values()), found, wanted, fields, repr(first)[:600])


def forward_fields(forward: Forward, expected: Label) -> dict[str, bool]:
    """Compare an inline forward, field by field."""
    author = forward.author
    wanted = expected["from"] or {}
    address = (wanted.get("address") or "").lower()
    fields = {"author": (author.key if author else "") == address}
    if wanted.get("name"):
        fields["name"] = fold(author.name if author else "") == fold(wanted["name"])
    fields["subject"] = fold(forward.subject) == fold(expected.get("subject"))
    if "body" in expected:
        fields["body"] = fold(forward.body) == fold(expected["body"])
    for name in ("to", "cc"):
        if expected.get(name):
            keys = [(a.key or a.name) for a in getattr(forward, name)]
            fields[name] = keys == [entry.lower() for entry in expected[name]]
    return fields


def score_attached(label: Label, message: Message) -> Result:
    """Compare attached messages."""
    attached = [one for one in message.forwards if one.kind == "attached"]
    wanted = label["expected"]["inner"]
    fields = {"count": len(attached) >= len(wanted)}
    authors = [(f.author.key or f.author.addr_spec or None) if f.author else None for f in attached]
    fields["author"] = authors[: len(wanted)] == [one["from"] for one in wanted]
    subjects = [fold(f.subject) for f in attached]
    fields["subject"] = subjects[: len(wanted)] == [fold(one["subject"]) for one in wanted]
    detail = f"{authors} {subjects} not {wanted}"
    answers = {"author": str(authors)}
    return Result(label, all(fields.values()), True, True, fields, detail, answers=answers)


def score_no_crash(label: Label, octets: bytes) -> Result:
    read(octets)
    return Result(label, right=True)


def read_keys(path: Path) -> dict[str, Found]:
    """Return the key records of a file of lines `name: record`, as the key server's answers."""
    keys = {}
    for line in path.read_text("utf-8").replace("\\\n", "").splitlines():
        name, mark, record = line.partition(":")
        if mark:
            text = " ".join(record.split())
            keys[name.strip().lower()] = Found(text.encode(), answered=text != "TEMPERROR")
    return keys


def score_dkim(label: Label, octets: bytes, folder: Path) -> Result:
    expected = label["expected"]
    # A case without a file of its own asks the keys that its neighbours publish.
    folder_of_keys = (folder / label["path"]).parent
    own = label["dns_path"]
    paths = [folder / own] if own else sorted(folder_of_keys.glob("*.dns"), reverse=True)
    keys: dict[str, Found] = {}
    for path in paths:
        keys |= read_keys(path)
    signed = read_signed(octets, read_heading(octets))
    found = check_signatures(signed, list_signatures(signed), keys) if signed else ()
    fields = {
        "found": len(found) == expected["found"],
        "valid": sum(one.state is State.VALID for one in found) == expected["valid"],
    }
    return Result(label, all(fields.values()), fields=fields, detail=repr(found)[:300])


def score(folder: Path, label: Label) -> Result:
    """Score one label."""
    try:
        octets = (folder / label["path"]).read_bytes()
    except OSError as error:
        return Result(label, detail=str(error), missing=True)
    task = label["task"]
    try:
        if task == "forward_unwrap":
            return score_forward(label, octets, folder)
        if task == "dkim_verify":
            return score_dkim(label, octets, folder)
        return SCORERS[task](label, octets)
    except Exception as error:  # noqa: BLE001 - a crash is what no_crash counts
        return Result(label, detail=f"crash: {error!r}")


SCORERS = {
    "encoding_subject": score_subject,
    "attachments": score_attachments,
    "bounce": score_bounce,
    "auto_reply": score_auto_reply,
    "no_crash": score_no_crash,
}


def score_correlation(folder: Path, labels: list[Label]) -> list[Result]:
    """Score reply correlation by ids and Thread-Index, pool by pool."""
    results: list[Result] = []
    pools: dict[str, dict[str, Label]] = defaultdict(dict)
    for label in labels:
        pools[label["pool"]].setdefault(label["path"], label)
    threads = {pool: Threads(folder, list(by_path.values())) for pool, by_path in pools.items()}
    for label in labels:
        if label["expected"]["role"] != "inbound":
            continue
        if not (folder / label["path"]).exists():
            results.append(Result(label, detail="no such file", missing=True))
            continue
        root = threads[label["pool"]].root_of(label)
        wanted = label["expected"]["root"]
        results.append(
            Result(label, root == wanted, root is not None, wanted is not None, detail=str(root))
        )
        if root is not None and root != wanted:
            results[-1].fields["wrong_thread"] = False
    return results


class Threads:
    """The threads of one pool: messages tied by ids, ghosts included."""

    def __init__(self, folder: Path, labels: list[Label]) -> None:
        self.headings: dict[str, Heading] = {}
        self.above: dict[str, str] = {}
        self.conversations: dict[str, set[str]] = defaultdict(set)
        for label in labels:
            path = folder / label["path"]
            if path.exists():
                self.headings[label["path"]] = read_heading(path.read_bytes())
        for path, heading in self.headings.items():
            for one in (heading.message_id, *heading.aliases, *heading.cited):
                self.join(f"m:{path}", f"i:{one}")
            if heading.conversation:
                self.conversations[heading.conversation].add(path)
        self.starts = {
            label["path"]
            for label in labels
            if label["expected"]["role"] == "thread_start" and label["expected"].get("tracked")
        }

    def top(self, one: str) -> str:
        while (upper := self.above.get(one, one)) != one:
            one = upper
        return one

    def join(self, one: str, other: str) -> None:
        self.above[self.top(one)] = self.top(other)

    def root_of(self, label: Label) -> str | None:
        path = label["path"]
        if label.get("variant") != "no_refs":
            return self.start_in(self.top(f"m:{path}"))
        heading = self.headings[path]
        for other in sorted(self.conversations.get(heading.conversation, ())):
            if other != path and (root := self.start_in(self.top(f"m:{other}"))):
                return root
        return None

    def start_in(self, top: str) -> str | None:
        found = [path for path in self.starts if self.top(f"m:{path}") == top]
        return found[0] if found else None


def run(folder: Path, tasks: set[str], jobs: int) -> list[Result]:
    """Score all labels of these tasks."""
    lines = (folder / "labels.jsonl").read_text("utf-8").splitlines()
    labels = [label for label in map(json.loads, lines) if label["task"] in tasks]
    single = [label for label in labels if label["task"] != "reply_correlation"]
    with ProcessPoolExecutor(jobs) as pool:
        results = list(pool.map(score, [folder] * len(single), single, chunksize=64))
    tied = [label for label in labels if label["task"] == "reply_correlation"]
    # The suggestions build on the threads of this module.
    from tests.bench.suggestions import score_suggestions

    results += score_correlation(folder, tied) + score_suggestions(folder, tied)
    if "ordinary_mail" in tasks:
        from tests.bench.ordinary import score_ordinary

        results += score_ordinary(folder, list(map(json.loads, lines)))
    return results


def main() -> int:
    """Print the scoreboard."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.accuracy")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true", help="one object per task and source")
    parser.add_argument("--task", action="append", choices=TASKS, help="only this task")
    parser.add_argument("--misses", type=int, default=10, help="list so many of each task")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    results = run(chosen.folder, set(chosen.task or TASKS), chosen.jobs)
    stale = argue(results)
    for row in summarise(results):
        if chosen.json:
            print(json.dumps(row, ensure_ascii=False))
            continue
        rates = " ".join(f"{k}={row[k]}" for k in ("positives", "precision", "recall") if row[k])
        fields = " ".join(f"{name}={share}" for name, share in row["fields"].items())
        argued = f" (+{row['argued']} argued)" if row["argued"] else ""
        shares = f"{row['right']}/{row['cases']}{argued}"
        print(f"{row['task']:18} {row['source']:16} {shares}  {rates}  {fields}")
    listed: Counter[str] = Counter()
    for result in results:
        task = result.label["task"]
        if not result.right and (result.missing or listed[task] < chosen.misses):
            listed[task] += 1
            wrong = [name for name, right in result.fields.items() if not right]
            argued = " ARGUED" if result.argued else ""
            print(f"  {result.label['id']} {wrong}{argued} {result.detail}", file=sys.stderr)
    for ident in stale:
        print(f"  {ident}: the note in {NOTES.name} argues about nothing any more", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
