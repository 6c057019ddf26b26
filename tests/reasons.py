"""Writes the table of reasons into the README: `make reasons`."""

from __future__ import annotations

import sys
from pathlib import Path

from gateway.rules.pages import markdown_table

BEGIN, END = "<!-- reasons -->\n", "<!-- end of reasons -->"


def main(file: Path) -> None:
    before, _, rest = file.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    file.write_text(f"{before}{BEGIN}{markdown_table()}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
