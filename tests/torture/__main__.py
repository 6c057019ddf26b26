"""`python -m tests.torture`: one page of figures, and `torture.json`.

Exit code 1 when a letter was lost or a claim did not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.postgres import postgres_server, programs
from tests.reasons import put
from tests.torture.account import Account
from tests.torture.crash import crash
from tests.torture.gate import zygote
from tests.torture.nodes import crash_nodes
from tests.torture.soak import Soaked, soak
from tests.torture.steady import Steady, steady

GROWTH_LIMIT = 1_000_000
"""Octets for 10,000 letters; runs of fewer than `GROWTH_LETTERS` say nothing of it."""
GROWTH_LETTERS = 50_000
"""By then the caches of the store are full."""


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


async def torture(asked: argparse.Namespace, folder: Path) -> dict[str, object]:
    """Run what is asked for and return the figures."""
    began, seed = time.monotonic(), asked.seed
    figures: dict[str, object] = {"seed": seed, "workers": asked.workers}
    async with zygote() as starter:
        if asked.kills:
            found = await crash(starter, folder, asked.kills, seed, _say, workers=asked.workers)
            figures |= _crashed(*found)
        if asked.steady:
            figures |= _steady(await steady(starter, folder, asked.steady, seed, _say))
    if asked.soak:
        figures |= _soaked(await soak(folder / "soak", asked.soak, seed, _say), asked.soak)
    return figures | {"seconds": _since(began)}


def _since(began: float) -> int:
    return round(time.monotonic() - began)


def _crashed(found: Account, deaths: Counter[str]) -> dict[str, object]:
    """Return the figures of kills."""
    return {
        "kills": deaths.total(),
        "kills by stage": dict(sorted(deaths.items())),
        "messages": found.letters,
        "copies among them": found.copies,
        "delivered": found.delivered,
        "delivered twice (the 250 was on its way)": found.doubled,
        "entries": found.entries,
        "lost": found.lost,
        "claims broken": found.faults,
    }


def _soaked(soaked: Soaked, seconds: float) -> dict[str, object]:
    """Return the figures of a soak."""
    first, last = soaked.descriptors
    broken = [*soaked.account.faults, *_grown(soaked.account.letters, soaked.growth)]
    if last > first + 8:
        broken.append(f"descriptors grew from {first} to {last}")
    left_out = {name: f"left out: {why}" for name, why in soaked.left_out.items()}
    return {
        "soak: seconds": round(seconds),
        "soak: faults switched on": soaked.faults.total(),
        "soak: by kind": dict(sorted((soaked.faults | left_out).items())),
        "soak: messages": soaked.account.letters,
        "soak: passed without an entry (disk full)": soaked.account.unrecorded,
        "soak: delivered twice (no reply to the dot)": soaked.account.doubled,
        "soak: lost": soaked.account.lost,
        "soak: octets of memory for 10,000 letters": soaked.growth,
        "soak: most descriptors, first and last half": f"{first}, {last}",
        "soak: claims broken": broken,
    }


def _steady(held: Steady) -> dict[str, object]:
    """Return the figures of small letters."""
    broken = [*held.refused, *_grown(held.letters, held.growth)]
    return {
        "memory: small messages": held.letters,
        "memory: octets at the half, at the end": ", ".join(map(str, held.ends)),
        "memory: octets for 10,000 letters": held.growth,
        "memory: claims broken": broken,
    }


def _grown(letters: int, growth: int) -> list[str]:
    if letters < GROWTH_LETTERS or growth <= GROWTH_LIMIT:
        return []
    return [f"memory grew by {growth} octets for 10,000 letters"]


def page(figures: dict[str, object]) -> str:
    """Return the figures as people read them."""
    lines = []
    for name, value in figures.items():
        if isinstance(value, dict):
            lines.append(f"{name}:")
            lines += [f"  {inner:<44}{count:>8}" for inner, count in value.items()]
        elif isinstance(value, list):
            lines.append(f"{name:<46}{len(value):>8}")
            lines += [f"  {fault}" for fault in value[:20]]
        else:
            lines.append(f"{name:<46}{value!s:>8}")
    return "\n".join(lines)


async def torture_nodes(nodes: int, kills: int, seed: int, folder: Path) -> dict[str, object]:
    """Kill several gateways on one PostgreSQL, and return the figures."""
    binaries = programs()
    if binaries is None:
        raise FileNotFoundError("There is no PostgreSQL on this machine.")
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        starters = [await stack.enter_async_context(zygote()) for _ in range(nodes)]
        server = stack.enter_context(postgres_server(binaries))
        found, deaths = await crash_nodes(starters, server, folder, kills, seed, _say)
    return {"seed": seed, "nodes": nodes, **_crashed(found, deaths), "seconds": _since(began)}


def _of_nodes(asked: argparse.Namespace) -> int:
    with TemporaryDirectory(prefix="torture-") as made:
        folder = asked.folder or Path(made)
        figures = asyncio.run(torture_nodes(asked.nodes, asked.kills, asked.seed, folder))
    print(page(figures))
    return 1 if figures["lost"] or figures["claims broken"] else 0


def quote(figures: dict[str, object], readme: Path) -> None:
    """Put the page between the marks of the README."""
    text = put(readme.read_text("utf-8"), "torture", f"```text\n{page(figures)}\n```")
    readme.write_text(text, "utf-8")


def joined(files: Sequence[Path]) -> dict[str, object]:
    """Return the figures of runs that went side by side as one page."""
    runs: list[dict[str, Any]] = [json.loads(file.read_text("utf-8")) for file in files]
    figures = {name: value for run in runs for name, value in run.items()}
    seconds = figures.pop("seconds")
    return figures | {"seconds": max([seconds, *(run["seconds"] for run in runs)])}


def main() -> int:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--soak", type=float, default=15.0, help="seconds; 0 leaves it out")
    parser.add_argument("--steady", type=int, default=0, help="small letters; 0 leaves them out")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--workers", type=int, default=1, help="of the gateway; not in the soak")
    parser.add_argument("--write", type=Path, default=Path("torture.json"))
    parser.add_argument("--folder", type=Path, help="keep what the gateways leave behind here")
    parser.add_argument("--nodes", type=int, default=1, help="gateways on one PostgreSQL")
    parser.add_argument("--readme", type=Path, help="put the page there as well")
    parser.add_argument(
        "--join", type=Path, nargs="+", help="run nothing: put what these files hold on one page"
    )
    asked = parser.parse_args()
    if asked.nodes > 1:
        return _of_nodes(asked)
    if asked.join:
        figures = joined(asked.join)
    else:
        with TemporaryDirectory(prefix="torture-") as made:
            figures = asyncio.run(torture(asked, asked.folder or Path(made)))
    asked.write.write_text(json.dumps(figures, indent=2) + "\n")
    print(page(figures))
    if asked.readme:
        quote(figures, asked.readme)
    bad = ("lost", "claims broken")
    return 1 if any(value for name, value in figures.items() if name.endswith(bad)) else 0


if __name__ == "__main__":
    sys.exit(main())
