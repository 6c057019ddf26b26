"""Writes the tables of reasons and of faults into the README: `make reasons`."""

from __future__ import annotations

import sys
from pathlib import Path

from gateway.rules.pages import markdown_table

FAULTS = Path(__file__).parent / "torture" / "faults.md"


def put(text: str, name: str, table: str) -> str:
    """Return the text with this table between the marks of that name."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, _, rest = text.partition(begin)
    return f"{before}{begin}{table.strip()}\n{end}{rest.partition(end)[2]}"


def main(file: Path) -> None:
    text = put(file.read_text(encoding="utf-8"), "reasons", markdown_table())
    file.write_text(put(text, "faults", FAULTS.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
