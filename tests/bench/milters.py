"""Postfix with our milter and without, and with those of others on DKIM-signed mail, in one run.

`python -m tests.bench.milters [--quick]`, by root. Each has a Postfix of its own; rounds are
interleaved, medians are shown. Rates are until delivered; CPU is of all processes, Postfix
included, and of the milter alone. After every measurement everything must be at the sink, and on
our record. Rows go into bench.json, beside those of `tests.bench.compare`.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench import contestants, filters, messages, processes
from tests.bench.compare import say
from tests.bench.ends.tools import Sink, free_port, send, tools
from tests.bench.figures import Row
from tests.flows.postfix.instance import SNIPPETS, Ports, Postfix
from tests.flows.postfix.last_hop import LastHop
from tests.flows.postfix.ports import reserved
from tests.trust.signing import signed_by

PLAIN, OURS, IN_PATH = "Postfix", "Postfix + replygate", "replygate in path"
OPENDKIM, RSPAMD = "Postfix + opendkim", "Postfix + rspamd"
NOTHING = "Postfix + nothing"
"""A milter that looks at nothing: what is left is what Postfix pays for any."""
METRIC = "milter: "
"""How the metrics of these rows begin."""
SIGNED = "S, DKIM"
NOISE = 2_000_000
"""Octets by which the same measurement differs from one run to the next."""
FIELDS = ("From", "To", "Cc", "Subject", "Date", "MIME-Version", "Content-Type")
"""What is signed: all but the id, which is another one each time."""
OURS_IS_A_DOOR = """
[gateway]
hostname = "gateway.corp.example"
state = {state}
domains = ["corp.example"]

[[listener]]
name = "milter"
address = "127.0.0.1:{port}"
direction = "inbound"
protocol = "milter"
submission_networks = []

[policy]
preset = "gateway"
"""


@dataclass(frozen=True)
class Lane:
    """One way from the load to the sink."""

    name: str
    port: int
    postfix: int | None = None
    """Its master; None in path."""
    milter: int | None = None
    """The process that is watched beside it, with all below."""
    logged: Callable[[], int] | None = None
    """How many messages are on our timeline; None when it is not ours."""

    @property
    def roots(self) -> list[int]:
        return [one for one in (self.postfix, self.milter) if one is not None]


@dataclass(frozen=True)
class Plan:
    """What is sent in one measurement, and by whom."""

    message: str
    sessions: int
    count: int
    quick: int
    lanes: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"{self.message}, {self.sessions} session{'s' if self.sessions > 1 else ''}"


PLANS = (
    Plan("S", 20, 1500, 300, (PLAIN, OURS, NOTHING)),
    Plan(SIGNED, 20, 1500, 300, (PLAIN, OURS, OPENDKIM, RSPAMD)),
    Plan("XL", 1, 2, 1, (OURS, IN_PATH)),
)


@dataclass(frozen=True)
class Figures:
    """What one measurement gave."""

    rate: float
    p50_ms: float
    cpu_ms: float
    """Per message, of all processes."""
    milter_ms: float
    """Of the milter alone."""
    growth: int
    """Octets of memory of the milter at its peak, over what it used before."""


Results = Mapping[str, Mapping[str, Sequence[Figures]]]


@contextmanager
def lane(name: str, sink: Sink, milter: tuple[int, int] | None = None) -> Iterator[Lane]:
    """Start a Postfix with a milter, by port and process, as conf/postfix/milter.cf has it."""
    with ExitStack() as open_:
        ports = Ports(*open_.enter_context(reserved(5)))
        running = open_.enter_context(Postfix(ports, sink.port))
        running.run("postconf -e message_size_limit=100000000 && postfix reload")
        if milter is not None:
            text = re.sub(r"\b10029\b", str(milter[0]), (SNIPPETS / "milter.cf").read_text())
            # A milter that fails must be seen here.
            snippet = running.folder / "milter.cf"
            snippet.write_text(text.replace("default_action=accept", "default_action=reject"))
            running.run(f"grep '^[^#]' {snippet} | xargs -d '\\n' postconf -e && postfix reload")
        assert running.master is not None
        process = milter[1] if milter else None
        if name in {OPENDKIM, RSPAMD}:
            _check(name, running, sink)
        yield Lane(name, ports.smtp, running.master.pid, process)


@contextmanager
def gateway(folder: Path) -> Iterator[tuple[int, int, Callable[[], int]]]:
    """Serve as a milter with everything on; give port, process, and how much is on record."""
    port = free_port()
    folder.mkdir()
    config = OURS_IS_A_DOOR.format(state=json.dumps(str(folder / "state")), port=port)
    with contestants.serving(folder, config) as (process, logged):
        filters.await_door(port)
        yield port, process, logged


def _check(name: str, running: Postfix, sink: Sink) -> None:
    """See that it verifies what we are going to measure."""
    with LastHop() as last_hop:
        running.run(f"postconf -e relayhost=[127.0.0.1]:{last_hop.port} && postfix reload")
        found = tools(running.folder)
        file = running.folder / "signed.wire"
        file.write_bytes(signed())
        send(found, running.ports.smtp, file, 1, 1)
        letter = last_hop.letter(lambda _: True)
        running.run(f"postconf -e relayhost=[127.0.0.1]:{sink.port} && postfix reload")
    if not filters.has_verified(letter.content):
        raise SystemExit(f"{name} did not verify the signature:\n{letter.content[:2000]!r}")


def signed() -> bytes:
    """Return message S, signed, in wire form."""
    with tempfile.TemporaryDirectory() as folder:
        wire = messages.write(Path(folder))["S"].read_bytes()
    plain = wire.replace(b"\r\n..", b"\r\n.")
    return signed_by(plain, filters.DOMAIN, fields=FIELDS).replace(b"\r\n.", b"\r\n..")


def measure(who: Lane, plan: Plan, count: int, sink: Sink, message: Path) -> Figures:
    """Send by one lane, and make sure that everything arrived."""
    before, logged = sink.taken(), who.logged() if who.logged else 0
    used = [processes.cpu_s(root) for root in who.roots]
    memory = 0
    if who.milter is not None:
        processes.reset_peak(who.milter)
        memory = processes.memory(who.milter)
    sent = send(sink.tools, who.port, message, plan.sessions, count)
    waited = sink.await_messages(before.messages + count)
    if sink.taken().since(before).messages != count:
        raise SystemExit(f"{who.name} delivered another number of messages than {count}")
    if who.logged and who.logged() - logged != count:
        raise SystemExit(f"{who.name} logged {who.logged() - logged} of {count} messages")
    spent = [
        (processes.cpu_s(root) - was) * 1000 / count
        for root, was in zip(who.roots, used, strict=True)
    ]
    peak = processes.peak_memory(who.milter) if who.milter is not None else 0
    return Figures(
        count / (sent.seconds + waited),
        sent.p50_ms,
        sum(spent),
        spent[-1] if who.milter is not None else 0.0,
        max(0, peak - memory),
    )


def run(
    lanes: Mapping[str, Lane], sink: Sink, files: Mapping[str, Path], rounds: int, *, quick: bool
) -> Results:
    """Measure everyone in every round, each round beginning with another."""
    results: dict[str, dict[str, list[Figures]]] = defaultdict(lambda: defaultdict(list))
    for one in lanes.values():
        measure(one, PLANS[0], 100, sink, files["S"])
    for number in range(rounds):
        for plan in PLANS:
            who = [lanes[name] for name in plan.lanes if name in lanes]
            turn = number % len(who)
            for one in (*who[turn:], *who[:turn]):
                count = plan.quick if quick else plan.count
                say(f"round {number + 1} of {rounds}: {plan.title}, {one.name}")
                figures = measure(one, plan, count, sink, files[plan.message])
                results[plan.title][one.name].append(figures)
    say("")
    return results


def median(results: Sequence[Figures], name: str) -> float:
    """Return the median of one figure."""
    return float(statistics.median(getattr(figures, name) for figures in results))


@dataclass(frozen=True)
class Goal:
    """What is to be reached against one peer."""

    said: str
    holds: Callable[[float, float], bool]


GOALS = {
    ("S", PLAIN, "rate"): Goal("ratio >= 0.75", lambda ours, theirs: ours >= 0.75 * theirs),
    (SIGNED, RSPAMD, "rate"): Goal("ahead of it", lambda ours, theirs: ours > theirs),
    (SIGNED, RSPAMD, "cpu_ms"): Goal("less than it", lambda ours, theirs: ours < theirs),
    ("XL", IN_PATH, "growth"): Goal(
        "no more than in path, within 2 MB of chance", lambda ours, theirs: ours <= theirs + NOISE
    ),
}
FIGURES = (
    ("rate", "messages/s"),
    ("p50_ms", "p50 ms"),
    ("cpu_ms", "CPU ms per message"),
    ("milter_ms", "CPU ms per message of the milter"),
    ("growth", "peak memory growth, octets"),
)


def rows(results: Results, rounds: int) -> list[Row]:
    """Compare our milter with every other lane."""
    made = []
    for plan in PLANS:
        found = results[plan.title]
        for peer in (name for name in found if name != OURS):
            for figure, unit in FIGURES:
                ours, theirs = median(found[OURS], figure), median(found[peer], figure)
                if peer == PLAIN and figure in {"milter_ms", "growth"}:
                    continue
                goal = GOALS.get((plan.message, peer, figure))
                made.append(
                    Row(
                        f"{METRIC}{plan.title}: {unit}",
                        round(ours, 3),
                        peer,
                        round(theirs, 3),
                        round(ours / theirs, 4) if theirs else 0.0,
                        goal.said if goal else None,
                        goal.holds(ours, theirs) if goal else None,
                        rounds,
                    )
                )
    return made


def table(results: Results) -> str:
    """Return the medians, a line for each lane."""
    lines = []
    for title, found in results.items():
        lines.append(
            f"\n{title:<22}{'messages/s':>12}{'p50 ms':>10}{'CPU ms each':>13}"
            f"{'of the milter':>15}{'peak memory':>13}"
        )
        for name, figures in found.items():
            told = {figure: median(figures, figure) for figure, _ in FIGURES}
            lines.append(
                f"  {name:<20}{told['rate']:>12.1f}{told['p50_ms']:>10.2f}{told['cpu_ms']:>13.3f}"
                f"{told['milter_ms']:>15.3f}{told['growth'] / 1e6:>+10.1f} MB"
            )
    return "\n".join(lines)


def enter_all(open_: ExitStack, sink: Sink, folder: Path) -> dict[str, Lane]:
    """Start everyone who can be started here."""
    port, process, logged = open_.enter_context(gateway(folder / "milter"))
    ours = open_.enter_context(lane(OURS, sink, (port, process)))
    lanes = {
        PLAIN: open_.enter_context(lane(PLAIN, sink)),
        OURS: Lane(OURS, ours.port, ours.postfix, process, logged),
    }
    for name, program, start in (
        (NOTHING, "nothing", filters.nothing),
        (OPENDKIM, "opendkim", filters.opendkim),
        (RSPAMD, "rspamd", filters.rspamd),
    ):
        if why := filters.why_not(program):
            print(f"SKIPPED: {name} is not measured: {why}")
            continue
        door = free_port()
        started = open_.enter_context(start(folder / program, door))
        lanes[name] = open_.enter_context(lane(name, sink, (door, started)))
    (folder / "path").mkdir()
    in_path = open_.enter_context(contestants.gateway(sink.port, folder / "path"))
    lanes[IN_PATH] = Lane(IN_PATH, in_path.port, None, in_path.process, in_path.logged)
    return lanes


def main() -> None:
    """Measure, print, write bench.json; exit code 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.milters", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round, few messages")
    parser.add_argument("--rounds", type=int, help="default 3; 1 when quick")
    parser.add_argument("--out", type=Path, default=Path("bench.json"))
    asked = parser.parse_args()
    if why := contestants.why_no_postfix():
        print(f"SKIPPED: milters are not measured: {why}")
        return
    rounds = asked.rounds or (1 if asked.quick else 3)
    with ExitStack() as open_:
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="replygate-bench-")))
        # Others give root up and must still come in.
        folder.chmod(0o755)
        found = tools(folder)
        files = {**messages.write(folder), SIGNED: folder / "signed.wire"}
        files[SIGNED].write_bytes(signed())
        sink = open_.enter_context(Sink(found))
        lanes = enter_all(open_, sink, folder)
        results = run(lanes, sink, files, rounds, quick=asked.quick)
    made = rows(results, rounds)
    report(results, made, asked.out, rounds)
    if any(row.holds is False for row in made):
        raise SystemExit(1)


def report(results: Results, made: Sequence[Row], out: Path, rounds: int) -> None:
    """Print tables and goals, and put the rows beside those that are there."""
    print(f"Milters, medians of {rounds} interleaved rounds; CPU is of Postfix and milter.")
    print(table(results))
    print("\nGoals:")
    for row in made:
        if row.goal:
            verdict = "holds" if row.holds else "MISSED"
            print(
                f"  {verdict:<7} {row.metric}: {row.ours:g}, {row.peer} {row.peer_figure:g}"
                f" (ratio {row.ratio:g}; goal: {row.goal})"
            )
    others = json.loads(out.read_text()) if out.exists() else []
    kept = [row for row in others if not row["metric"].startswith(METRIC)]
    out.write_text(json.dumps([*kept, *map(asdict, made)], indent=1) + "\n")
    print(f"\n{len(made)} rows written to {out}.")


if __name__ == "__main__":
    main()
