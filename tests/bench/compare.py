"""The gateway beside others, in one run: `python -m tests.bench.compare [--quick]`.

Rounds are interleaved, so that all meet the same machine; medians are shown. After every single
measurement the sink must have every message, and the gateway's record too. Writes bench.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.bench import contestants, messages, processes
from tests.bench.contestants import Contestant
from tests.bench.ends.tools import Sink, Tools, send, tools

OURS = "replygate"
STOCK = "aiosmtpd+aiosmtplib"


@dataclass(frozen=True)
class Plan:
    """What is sent in one measurement."""

    message: str
    sessions: int
    count: int
    quick: int
    """The count of a quick run."""

    @property
    def title(self) -> str:
        return f"{self.message}, {self.sessions} session{'s' if self.sessions > 1 else ''}"


PLANS = (Plan("S", 20, 3000, 400), Plan("M", 20, 400, 60), Plan("L", 1, 5, 2), Plan("XL", 1, 2, 1))


@dataclass(frozen=True)
class Figures:
    """What one measurement gave."""

    rate: float
    """Messages per second, until the last one is at the sink."""
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    """Per message."""
    growth: int
    """Octets of memory at the peak, over what it used before."""


@dataclass(frozen=True)
class Row:
    """One comparison, as bench.json has it."""

    metric: str
    ours: float
    peer: str
    peer_figure: float
    ratio: float
    goal: str | None
    holds: bool | None
    rounds: int


@dataclass(frozen=True)
class Goal:
    """What is to be reached against the stock relay."""

    said: str
    holds: Callable[[float, float, int], bool]
    """Asked with our figure, the peer's, and the octets of the message."""


GOALS = {
    ("S", "rate"): Goal("ratio >= 1", lambda ours, theirs, _: ours >= theirs),
    ("XL", "p50_ms"): Goal("ratio < 0.1", lambda ours, theirs, _: ours < theirs / 10),
    ("XL", "growth"): Goal(
        "less than a fifth of the message", lambda ours, _, size: ours < size / 5
    ),
}


def measure(who: Contestant, plan: Plan, count: int, sink: Sink, message: Path) -> Figures:
    """Send through one contestant, and make sure that everything arrived."""
    before, logged = sink.taken(), who.logged() if who.logged else 0
    used = memory = 0.0
    if who.process is not None:
        processes.reset_peak(who.process)
        used, memory = processes.cpu_s(who.process), processes.memory(who.process)
    sent = send(sink.tools, who.port, message, plan.sessions, count)
    waited = sink.await_messages(before.messages + count)
    taken = sink.taken().since(before)
    whole = (taken.octets, taken.sum) == (sent.octets, sent.sum)
    if taken.messages != count or (who.exact and not whole) or taken.octets < sent.octets:
        raise SystemExit(f"{who.name} lost or changed mail: sent {sent}, arrived {taken}")
    if who.logged and who.logged() - logged != count:
        raise SystemExit(f"{who.name} logged {who.logged() - logged} of {count} messages")
    if who.process is None:
        return Figures(count / sent.seconds, sent.p50_ms, sent.p99_ms, 0.0, 0)
    cpu_ms = (processes.cpu_s(who.process) - used) * 1000 / count
    growth = int(max(0, processes.peak_memory(who.process) - memory))
    return Figures(count / (sent.seconds + waited), sent.p50_ms, sent.p99_ms, cpu_ms, growth)


Results = Mapping[str, Mapping[str, Sequence[Figures]]]
"""By plan title, then by contestant."""


def run(
    who: Sequence[Contestant], sink: Sink, files: Mapping[str, Path], rounds: int, *, quick: bool
) -> Results:
    """Measure everyone in every round, each round beginning with another."""
    results: dict[str, dict[str, list[Figures]]] = defaultdict(lambda: defaultdict(list))
    warm = PLANS[0]
    for contestant in who:
        measure(contestant, warm, warm.quick, sink, files[warm.message])
    for number in range(rounds):
        for plan in PLANS:
            turn = number % len(who)
            for contestant in (*who[turn:], *who[:turn]):
                count = plan.quick if quick else plan.count
                say(f"round {number + 1} of {rounds}: {plan.title}, {contestant.name}")
                figures = measure(contestant, plan, count, sink, files[plan.message])
                results[plan.title][contestant.name].append(figures)
    say("")
    return results


def say(words: str) -> None:
    """Show progress where somebody looks."""
    if sys.stderr.isatty():
        print(f"\r\033[K{words}", end="", file=sys.stderr, flush=True)


def median(results: Sequence[Figures], name: str) -> float:
    """Return the median of one figure."""
    return float(statistics.median(getattr(figures, name) for figures in results))


def rows(results: Results, sizes: Mapping[str, int], rounds: int) -> list[Row]:
    """Compare the gateway with every other; goals are those against the stock relay."""
    made = []
    for plan in PLANS:
        found = results[plan.title]
        for peer in (name for name in found if name != OURS):
            for figure, unit in (
                ("rate", "messages/s"),
                ("p50_ms", "p50 ms"),
                ("p99_ms", "p99 ms"),
                ("cpu_ms", "CPU ms per message"),
                ("growth", "peak memory growth, octets"),
            ):
                ours, theirs = median(found[OURS], figure), median(found[peer], figure)
                if peer == "direct" and figure in {"cpu_ms", "growth"}:
                    continue
                goal = GOALS.get((plan.message, figure)) if peer == STOCK else None
                holds = goal.holds(ours, theirs, sizes[plan.message]) if goal else None
                ratio = round(ours / theirs, 4) if theirs else 0.0
                ours, theirs = round(ours, 3), round(theirs, 3)
                metric = f"{plan.title}: {unit}"
                said = goal.said if goal else None
                made.append(Row(metric, ours, peer, theirs, ratio, said, holds, rounds))
    return made


def table(results: Results) -> str:
    """Return the medians, a line for each contestant."""
    lines = []
    for title, found in results.items():
        lines.append(
            f"\n{title:<22}{'messages/s':>12}{'p50 ms':>10}{'p99 ms':>10}"
            f"{'CPU ms each':>13}{'peak memory':>13}"
        )
        for name, figures in found.items():
            told = {f: median(figures, f) for f in ("rate", "p50_ms", "p99_ms", "cpu_ms", "growth")}
            lines.append(
                f"  {name:<20}{told['rate']:>12.1f}{told['p50_ms']:>10.2f}{told['p99_ms']:>10.2f}"
                f"{told['cpu_ms']:>13.3f}{told['growth'] / 1e6:>+10.1f} MB"
            )
    return "\n".join(lines)


def main() -> None:
    """Measure, print, write bench.json; exit code 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.compare", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round, few messages")
    parser.add_argument("--rounds", type=int, help="default 3; 1 when quick")
    parser.add_argument("--out", type=Path, default=Path("bench.json"))
    asked = parser.parse_args()
    rounds = asked.rounds or (1 if asked.quick else 3)
    with ExitStack() as open_:
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="replygate-bench-")))
        found = tools(folder)
        files = messages.write(folder)
        sink = open_.enter_context(Sink(found))
        who = enter_all(open_, sink.port, folder)
        announce(found, who, folder, rounds)
        results = run(who, sink, files, rounds, quick=asked.quick)
        made = rows(results, {name: file.stat().st_size for name, file in files.items()}, rounds)
    report(results, made, asked.out)
    if any(row.holds is False for row in made):
        raise SystemExit(1)


def enter_all(open_: ExitStack, sink: int, folder: Path) -> list[Contestant]:
    """Start everyone who can be started here."""
    who = [
        open_.enter_context(contestants.direct(sink)),
        open_.enter_context(contestants.stock(sink)),
        open_.enter_context(contestants.gateway(sink, folder)),
    ]
    why = contestants.why_no_postfix()
    if why:
        print(f"SKIPPED: Postfix is not measured: {why}")
    else:
        who.append(open_.enter_context(contestants.postfix(sink)))
    return who


def announce(found: Tools, who: Sequence[Contestant], folder: Path, rounds: int) -> None:
    """Say what is measured, and with what."""
    names = ", ".join(contestant.name for contestant in who)
    print(f"Medians of {rounds} interleaved rounds: {names}.")
    print(f"Load and sink are in {found.language}; the store is on {filesystem(folder)}.")
    if any(not contestant.exact for contestant in who):
        print("Postfix answers when mail is in its queue (p50, p99); its rate is until delivered.")


def filesystem(folder: Path) -> str:
    """Return the kind of the file system; a commit costs nothing on one in memory."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    above = [(place, kind) for place, kind in mounts if folder.resolve().is_relative_to(place)]
    return max(above, key=lambda mount: len(mount[0]))[1]


def report(results: Results, made: Sequence[Row], out: Path) -> None:
    """Print the tables, and write the rows."""
    print(table(results))
    print("\nGoals:")
    for row in made:
        if row.goal:
            verdict = "holds" if row.holds else "MISSED"
            print(
                f"  {verdict:<7} {row.metric}: {row.ours:g}, {row.peer} {row.peer_figure:g}"
                f" (ratio {row.ratio:g}; goal: {row.goal})"
            )
    written: list[dict[str, Any]] = [asdict(row) for row in made]
    out.write_text(json.dumps(written, indent=1) + "\n")
    print(f"\n{len(written)} rows written to {out}.")


if __name__ == "__main__":
    main()
