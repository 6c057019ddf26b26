"""What intake and relay cost alone: `python -m tests.bench.path_cost [ROUNDS [S M L XL]]`.

No rules and no store, so that a change of the mail path shows. Rates move with whatever else the
machine does; the processor time of the process that is watched moves less.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench import contestants, messages
from tests.bench.compare import measure, table
from tests.bench.contestants import Contestant
from tests.bench.ends.tools import ROOT, Sink, tools
from tests.bench.figures import Figures, Plan

PLANS = (
    Plan("S", 1, 1500, 300),
    Plan("S", 20, 5000, 400),
    Plan("S", 100, 5000, 400),
    Plan("M", 20, 600, 60),
    Plan("L", 1, 10, 2),
    Plan("XL", 1, 3, 1),
)


@contextmanager
def bare(sink: int, loop: str) -> Iterator[Contestant]:
    """Intake and relay alone."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.bare_path", str(sink), loop],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield Contestant(f"intake+relay {loop}", port, process.pid)
    finally:
        process.kill()
        process.communicate()


def main() -> None:
    """Measure everyone in every round and print the medians."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    plans = [plan for plan in PLANS if len(sys.argv) < 3 or plan.message in sys.argv[2:]]
    results: dict[str, dict[str, list[Figures]]] = defaultdict(lambda: defaultdict(list))
    with ExitStack() as open_:
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="replygate-bench-")))
        files = messages.write(folder)
        sink = open_.enter_context(Sink(tools(folder)))
        who = [
            open_.enter_context(contestants.direct(sink.port)),
            open_.enter_context(contestants.stock(sink.port)),
            open_.enter_context(bare(sink.port, "uvloop")),
            open_.enter_context(bare(sink.port, "asyncio")),
        ]
        for contestant in who:
            measure(contestant, PLANS[0], 300, sink, files["S"])
        for _ in range(rounds):
            for plan in plans:
                for contestant in who:
                    found = measure(contestant, plan, plan.count, sink, files[plan.message])
                    results[plan.title][contestant.name].append(found)
    print(f"Medians of {rounds} rounds, interleaved.\n{table(results)}")


if __name__ == "__main__":
    main()
