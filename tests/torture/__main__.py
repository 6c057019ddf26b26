"""`python -m tests.torture`: one page of figures, and `torture.json`.

Exit code 1 when a letter was lost or a claim did not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.torture.crash import crash
from tests.torture.gate import zygote
from tests.torture.soak import Soaked, soak

GROWTH_LIMIT = 1_000_000
"""Octets for 10,000 letters; soaks of fewer than `GROWTH_LETTERS` say nothing of it."""
GROWTH_LETTERS = 100_000
"""By then the caches of the store are full."""


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


async def torture(kills: int, soak_s: float, seed: int, folder: Path) -> dict[str, object]:
    """Run everything and return the figures."""
    began = time.monotonic()
    async with zygote() as starter:
        found, deaths = await crash(starter, folder, kills, seed, _say)
        soaked = await soak(starter, folder, soak_s, seed, _say) if soak_s else None
    return {
        "seed": seed,
        "kills": deaths.total(),
        "kills by stage": dict(sorted(deaths.items())),
        "messages": found.letters,
        "copies among them": found.copies,
        "delivered": found.delivered,
        "delivered twice (the 250 was on its way)": found.doubled,
        "entries": found.entries,
        "lost": found.lost,
        "claims broken": found.faults,
        **(_soaked(soaked, soak_s) if soaked else {}),
        "seconds": round(time.monotonic() - began),
    }


def _soaked(soaked: Soaked, seconds: float) -> dict[str, object]:
    """Return the figures of a soak."""
    first, last = soaked.descriptors
    broken = list(soaked.account.faults)
    if soaked.account.letters >= GROWTH_LETTERS and soaked.growth > GROWTH_LIMIT:
        broken.append(f"memory grew by {soaked.growth} octets for 10,000 letters")
    if last > first + 8:
        broken.append(f"descriptors grew from {first} to {last}")
    return {
        "soak: seconds": round(seconds),
        "soak: faults switched on": soaked.faults,
        "soak: messages": soaked.account.letters,
        "soak: delivered twice (no reply to the dot)": soaked.account.doubled,
        "soak: lost": soaked.account.lost,
        "soak: octets of memory for 10,000 letters": soaked.growth,
        "soak: most descriptors, first and last half": f"{first}, {last}",
        "soak: claims broken": broken,
    }


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


def main() -> int:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--soak", type=float, default=15.0, help="seconds; 0 leaves it out")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--write", type=Path, default=Path("torture.json"))
    parser.add_argument("--folder", type=Path, help="keep what the gateways leave behind here")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="torture-") as made:
        figures = asyncio.run(
            torture(asked.kills, asked.soak, asked.seed, asked.folder or Path(made))
        )
    asked.write.write_text(json.dumps(figures, indent=2) + "\n")
    print(page(figures))
    bad = ("lost", "claims broken", "soak: lost", "soak: claims broken")
    return 1 if any(figures.get(name) for name in bad) else 0


if __name__ == "__main__":
    sys.exit(main())
