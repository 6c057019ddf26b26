"""Measures the reader beside the stdlib's, and on what is made to be slow.

    python -m tests.bench.reading [--rounds N] [--json]

S, M, L and XL are the messages of the other benches, with ids of their own in each round; in
`S, strangers` nobody has written before, nor under this subject. Each is read to the end by both:
parts walked, decoded and digested; ours reads addresses, words, quotations, kinds and forwards
besides. Both take turns in one process; the CPU time of the best round is told (what the machine
does beside can only add to it), and the median of the rounds' ratios. The hostile ones are each to
be read in a second.
"""

from __future__ import annotations

import argparse
import email
import email.policy
import hashlib
import json
import mmap
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

from gateway.mail.reading import read_heading, read_message
from gateway.model.envelope import Octets
from tests.bench.messages import ID, write
from tests.mail.hostile import HOSTILE

TIMES: Mapping[str, int] = {"S": 100, "S, strangers": 100, "M": 20, "L": 1, "XL": 1}
"""How many different messages of a size are read in one round."""
ROUNDS = 15
LARGE_ROUNDS = 3
CHANCE = random.Random(4711)


def ours(octets: Octets) -> None:
    """Read a message as the gateway does."""
    read_message(octets, read_heading(octets))


def stdlib(octets: Octets) -> None:
    """Walk a message as a user of the stdlib does: parts decoded and digested."""
    for part in email.message_from_bytes(bytes(octets)).walk():
        if not part.is_multipart():
            hashlib.sha256(part.get_payload(decode=True) or b"").digest()  # type: ignore[arg-type]


def cpu_s(read: Callable[[Octets], None], contents: list[Octets]) -> float:
    """Return the CPU time that reading each of these takes, in seconds."""
    began = time.process_time_ns()
    for octets in contents:
        read(octets)
    return (time.process_time_ns() - began) / 1e9 / len(contents)


def contents_of(path: Path, name: str) -> list[Octets]:
    """Return messages that nobody has read; a large one as the gateway has it, in a map."""
    if TIMES[name] == 1:
        with path.open("rb") as file:
            return [mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)]
    whole = path.read_bytes()
    return [_another(whole, name) for _ in range(TIMES[name])]


def _another(whole: bytes, name: str) -> bytes:
    number = b"%016x" % CHANCE.getrandbits(64)
    octets = whole.replace(ID.encode(), number)
    if name.endswith("strangers"):
        for known in (b"joe", b"Joe", b"anna", b"Anna", b"office", b"customer", b"Projekt"):
            octets = octets.replace(known, known + number[:8])
    return octets


def compare(folder: Path, rounds: int) -> list[dict[str, object]]:
    """Return one row for each size: microseconds of both, and how they stand to each other."""
    rows: list[dict[str, object]] = []
    files = write(folder)
    for name in TIMES:
        both = []
        for _ in range(rounds if TIMES[name] > 1 else min(rounds, LARGE_ROUNDS)):
            contents = contents_of(files[name.partition(",")[0]], name)
            both.append((cpu_s(ours, contents), cpu_s(stdlib, contents)))
        own, other = (min(one) for one in zip(*both, strict=True))
        ratio = round(median(theirs / mine for mine, theirs in both), 2)
        row = {"message": name, "ours_us": round(own * 1e6, 1), "stdlib_us": round(other * 1e6, 1)}
        rows.append(row | {"times_as_fast": ratio})
    return rows


def memory_mb(folder: Path, reader: str) -> float:
    """Return how much memory a fresh process needs more to read the largest message."""
    asked = ["--memory", reader, "--folder", str(folder)]
    call = [sys.executable, "-m", "tests.bench.reading", *asked]
    return float(subprocess.run(call, check=True, capture_output=True, text=True).stdout)


def _measure_memory(folder: Path, reader: str) -> float:
    read = {"ours": ours, "stdlib": stdlib}[reader]
    files = {name: folder / f"{name}.wire" for name in ("S", "XL")}
    # The first message fills what is kept for all.
    read(files["S"].read_bytes())
    content = contents_of(files["XL"], "XL")[0]
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak_kb()
    read(content)
    return round((_peak_kb() - before) / 1024, 1)


def _peak_kb() -> int:
    """Return the most memory that this process had since that was last forgotten."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def hostile() -> list[dict[str, object]]:
    """Return the CPU seconds that each hostile message takes."""
    return [
        {"hostile": name, "octets": len(octets), "seconds": round(cpu_s(ours, [octets]), 3)}
        for name, octets in HOSTILE.items()
    ]


def main() -> int:
    """Print the table; fail when a hostile message takes a second."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.reading")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--memory", choices=("ours", "stdlib"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.memory:
        print(_measure_memory(chosen.folder, chosen.memory))
        return 0
    with tempfile.TemporaryDirectory() as made:
        rows = compare(Path(made), chosen.rounds)
        added = {f"{who}_mb": memory_mb(Path(made), who) for who in ("ours", "stdlib")}
    rows.append({"message": "XL", "memory_added": True} | added)
    slow = hostile()
    for row in rows + slow:
        said = json.dumps(row) if chosen.json else "  ".join(f"{k} {v}" for k, v in row.items())
        print(said)
    return int(any(float(str(row["seconds"])) >= 1 for row in slow))


if __name__ == "__main__":
    sys.exit(main())
