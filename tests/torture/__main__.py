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


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


async def torture(kills: int, seed: int, folder: Path) -> dict[str, object]:
    """Run everything and return the figures."""
    began = time.monotonic()
    async with zygote() as starter:
        found, deaths = await crash(starter, folder, kills, seed, _say)
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
        "seconds": round(time.monotonic() - began),
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
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--write", type=Path, default=Path("torture.json"))
    parser.add_argument("--folder", type=Path, help="keep what the gateways leave behind here")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="torture-") as made:
        figures = asyncio.run(torture(asked.kills, asked.seed, asked.folder or Path(made)))
    asked.write.write_text(json.dumps(figures, indent=2) + "\n")
    print(page(figures))
    return 1 if figures["lost"] or figures["claims broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
