"""The gateway beside others, in one run: `python -m tests.bench.compare [--quick]`.

Rounds are interleaved, so that all meet the same machine; medians are shown. After every single
measurement the sink must have every message, and the gateway's record too. Writes bench.json, and
charts as SVG where `--charts` names a folder.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from tests.bench import charts, contestants, disk, messages, million, peers, processes
from tests.bench.contestants import Contestant
from tests.bench.ends.tools import Sink, Tools, send, tools
from tests.bench.figures import DIRECT, OURS, Figures, Plan, Results, Row, median
from tests.bench.goals import GOALS, Measured
from tests.bench.million import Lookups

PLANS = (
    Plan("S", 20, 3000, 400),
    Plan("S", 100, 3000, 400),
    Plan("S", 1, 200, 50),
    Plan("M", 20, 400, 60),
    Plan("L", 1, 5, 2),
    Plan("L", 20, 20, 20),
    Plan("XL", 1, 2, 1),
    Plan("XL", 4, 4, 4),
)
WATCHED = "XL"
"""While it passes, memory is looked at all the time."""
FIGURES = (
    ("rate", "messages/s"),
    ("p50_ms", "p50 ms"),
    ("p99_ms", "p99 ms"),
    ("cpu_ms", "CPU ms per message"),
    ("growth", "peak memory growth, octets"),
)


def measure(who: Contestant, plan: Plan, count: int, sink: Sink, message: Path) -> Figures:
    """Send through one contestant, and make sure that everything arrived."""
    before, logged = sink.taken(), who.logged() if who.logged else 0
    used = memory = 0.0
    if who.process is not None:
        processes.reset_peak(who.process)
        used, memory = processes.cpu_s(who.process), processes.memory(who.process)
    with ExitStack() as while_sent:
        memory_of = None
        if who.process is not None and plan.message == WATCHED:
            memory_of = while_sent.enter_context(processes.watched(who.process))
        sent = send(sink.tools, who.port, message, plan.sessions, count)
    waited = sink.await_messages(before.messages + count) if who.delivers else 0.0
    taken = sink.taken().since(before)
    whole = (taken.octets, taken.sum) == (sent.octets, sent.sum)
    arrived = taken.messages == count and taken.octets >= sent.octets
    if who.delivers and not (arrived and (whole or not who.exact)):
        raise SystemExit(f"{who.name} lost or changed mail: sent {sent}, arrived {taken}")
    if who.logged and who.logged() - logged != count:
        raise SystemExit(f"{who.name} logged {who.logged() - logged} of {count} messages")
    if who.process is None:
        rate = count / sent.seconds
        return Figures(rate, sent.p50_ms, sent.p99_ms, 0.0, 0, sent.spread_ms)
    cpu_ms = (processes.cpu_s(who.process) - used) * 1000 / count
    growth = int(max(0, processes.peak_memory(who.process) - memory))
    rate, waits = count / (sent.seconds + waited), (sent.p50_ms, sent.p99_ms)
    return Figures(rate, *waits, cpu_ms, growth, sent.spread_ms, tuple(memory_of or ()))


def run(
    who: Sequence[Contestant], sink: Sink, files: Mapping[str, Path], rounds: int, *, quick: bool
) -> Results:
    """Measure everyone in every round, each round beginning with another."""
    results: dict[str, dict[str, list[Figures]]] = defaultdict(lambda: defaultdict(list))
    warm = PLANS[0]
    for contestant in who:
        count = count_of(warm, contestant, quick=True)
        measure(contestant, warm, count, sink, files[warm.message])
    for number in range(rounds):
        for plan in PLANS:
            turn = number % len(who)
            for contestant in (*who[turn:], *who[:turn]):
                if contestant.only not in {"", plan.title}:
                    continue
                count = count_of(plan, contestant, quick=quick)
                say(f"round {number + 1} of {rounds}: {plan.title}, {contestant.name}")
                figures = measure(contestant, plan, count, sink, files[plan.message])
                results[plan.title][contestant.name].append(figures)
    say("")
    return results


def count_of(plan: Plan, who: Contestant, *, quick: bool) -> int:
    """Return how many messages one is sent: enough for all sessions, fewer when it is slow."""
    count = plan.quick if quick else plan.count
    return max(min(plan.sessions, count), round(count * who.pace))


def say(words: str) -> None:
    """Show progress where somebody looks."""
    if sys.stderr.isatty():
        print(f"\r\033[K{words}", end="", file=sys.stderr, flush=True)


def rows(measured: Measured) -> list[Row]:
    """Compare the gateway with every other, and with every goal."""
    made = []
    for plan in PLANS:
        found = measured.results[plan.title]
        for peer in (name for name in found if name != OURS):
            for figure, unit in FIGURES:
                if peer == DIRECT and figure in {"cpu_ms", "growth"}:
                    continue
                ours, theirs = median(found[OURS], figure), median(found[peer], figure)
                ratio = round(ours / theirs, 4) if theirs else 0.0
                ours, theirs = round(ours, 3), round(theirs, 3)
                metric = f"{plan.title}: {unit}"
                made.append(Row(metric, ours, peer, theirs, ratio, None, None, measured.rounds))
    return [*made, *(row for goal in GOALS if (row := goal(measured)) is not None)]


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
    parser.add_argument("--rounds", type=int, help="default 5; 1 when quick")
    parser.add_argument("--out", type=Path, default=Path("bench.json"))
    parser.add_argument("--charts", type=Path, help="folder for charts")
    parser.add_argument("--workers", type=int, default=1, help="a gateway of so many, too")
    asked = parser.parse_args()
    rounds = asked.rounds or (1 if asked.quick else 5)
    with ExitStack() as open_:
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="replygate-bench-")))
        # Some give root up, and must still come in.
        folder.chmod(0o755)
        found = tools(folder)
        files = messages.write(folder)
        sink = open_.enter_context(Sink(found))
        who = enter_all(open_, sink.port, folder)
        if asked.workers > 1:
            several = folder / "workers"
            several.mkdir()
            who.append(open_.enter_context(contestants.gateway(sink.port, several, asked.workers)))
        found_lookups = million_of(open_, who, folder, sink.port, quick=asked.quick)
        announce(found, who, folder, rounds)
        syncs, writes = disk.sync_ms(folder), [disk.write_ms(folder, files["XL"])]
        results = run(who, sink, files, rounds, quick=asked.quick)
        syncs += disk.sync_ms(folder)
        writes += [disk.write_ms(folder, files["XL"]) for _ in range(2)]
        sizes = {name: file.stat().st_size for name, file in files.items()}
    measured = Measured(results, disk.summary(syncs, writes), sizes, rounds, found_lookups)
    made = rows(measured)
    report(measured, made, asked.out)
    for chart in charts.draw(results, asked.charts, found_lookups) if asked.charts else ():
        print(f"chart: {chart}")
    if any(row.holds is False for row in made):
        raise SystemExit(1)


def enter_all(open_: ExitStack, sink: int, folder: Path) -> list[Contestant]:
    """Start everyone who can be started here."""
    who = [
        open_.enter_context(contestants.direct(sink)),
        open_.enter_context(contestants.stock(sink)),
        open_.enter_context(contestants.gateway(sink, folder)),
    ]
    others: tuple[peers.Peer, ...] = (
        ("Postfix", contestants.why_no_postfix(), lambda: contestants.postfix(sink)),
        *peers.peers(sink, folder),
    )
    for name, why, start in others:
        if why:
            print(f"SKIPPED: {name} is not measured: {why}")
        else:
            who.append(open_.enter_context(start()))
    return who


def million_of(
    open_: ExitStack, who: list[Contestant], folder: Path, sink: int, *, quick: bool
) -> Mapping[int, Lookups]:
    """Measure a store that grows, and have a gateway on a million compete."""
    why = "a quick run makes none" if quick else million.why_not(folder)
    if why:
        print(f"SKIPPED: a store of a million, and lookups as it grows: {why}")
        return {}
    kept = folder / "full" / "state"
    kept.mkdir(parents=True)
    found = million.grown(folder / "growing", kept / "replygate.db")
    who.append(open_.enter_context(million.gateway(sink, kept.parent)))
    return found


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


def report(measured: Measured, made: Sequence[Row], out: Path) -> None:
    """Print the tables, and write the rows."""
    print(table(measured.results))
    for one in measured.lookups.values():
        print(
            f"\nAmong {one.messages:,} messages, ten references: p50 {one.references_us.p50:g},"
            f" p99 {one.references_us.p99:g} µs; all facts of such a reply:"
            f" p50 {one.facts_us.p50:g}, p99 {one.facts_us.p99:g} µs"
        )
    told = measured.disk
    print(
        f"\nThe disk of these minutes: fsync p50 {told.fsync_p50_ms:.2f} ms, p99"
        f" {told.fsync_p99_ms:.2f} ms; XL written and synced in {told.write_ms:.0f} ms."
    )
    print("Goals:")
    for row in made:
        if row.goal:
            verdict = "holds" if row.holds else "MISSED"
            print(
                f"  {verdict:<7} {row.metric}: {row.ours:g}, {row.peer} {row.peer_figure:g}"
                f" (ratio {row.ratio:g}; goal: {row.goal})"
            )
    out.write_text(json.dumps([asdict(row) for row in made], indent=1) + "\n")
    print(f"\n{len(made)} rows written to {out}.")


if __name__ == "__main__":
    main()
