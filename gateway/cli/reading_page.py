"""The page of `replygate inspect`: what was read in one message, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from gateway.cli.output import console, one_line, safe

NEW_TEXT_LINES = 20


def reading_page(path: Path, row: dict[str, Any]) -> None:
    """Print what was read in one message."""
    out = console()
    title = Text(one_line(str(path)), style="bold")
    out.print(Rule(title, align="left", style="dim") if out.is_terminal else title)
    if "trouble" in row:
        out.print(Text(f"  could not be read: {row['trouble']}", style="red"))
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in _facts(row):
        table.add_row(name, Text(one_line(text)))
    out.print(Padding(table, (0, 0, 0, 2)))
    lines = safe(row["new_text"]).strip().splitlines()
    if lines:
        out.print()
        more = [f"… {len(lines) - NEW_TEXT_LINES} more lines"]
        shown = lines if len(lines) <= NEW_TEXT_LINES else lines[:NEW_TEXT_LINES] + more
        out.print(Padding(Text("\n".join(shown)), (0, 0, 0, 4)))
    out.print()


def _facts(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is worth a line; what is absent gets none."""
    lines = {
        "from": people([row["author"]] if row["author"] else []),
        "to": people(row["to"]),
        "cc": people(row["cc"]),
        "subject": row["subject"],
        "date": row["date"],
        "message-id": row["message_id"] and f"<{row['message_id']}>",
        "answers": ", ".join(f"<{cited}>" for cited in row["in_reply_to"]),
        "kind": " · ".join(filter(None, (row["kind"], row["kind_evidence"]))),
        "charset": row["charset"],
        "encrypted": row["encrypted"],
        "malformed": row["unparseable"],
    }
    yield from ((name, text) for name, text in lines.items() if text)
    for attachment in row["attachments"]:
        state = "" if attachment["state"] == "present" else f" · {attachment['state']}"
        said = f"{attachment['media_type']} · {size(attachment['size'])}{state}"
        if attachment["detected_type"] not in {"", attachment["media_type"]}:
            said += f" · really {attachment['detected_type']}"
        yield "attachment", f"{attachment['name'] or '(no name)'} · {said}"
    for result in (row["bounce"] or {"results": []})["results"]:
        hard = {True: "for good", False: "for now", None: "?"}[result["hard"]]
        yield "bounced", f"{result['recipient']} · {result['status']} · {hard}"
    for forward in row["forwards"]:
        author = people([forward["author"]] if forward["author"] else [])
        yield "forwards", f"{author or '(author unknown)'} · {forward['subject']}"
    for trace in row["scanner"]:
        yield "scanner", " ".join(filter(None, (trace["product"], trace["state"], trace["name"])))
    for defect in row["defects"]:
        yield "odd", " · ".join(filter(None, (defect["code"], defect["detail"])))


def people(addresses: Iterable[dict[str, str]]) -> str:
    """Return addresses as a mail program shows them; the address always shows."""
    return ", ".join(
        f"{address['name']} <{address['address']}>"
        if address["name"] and address["address"]
        else address["address"] or address["name"]
        for address in addresses
    )


def size(octets: int) -> str:
    """Return a number of octets in the unit that reads best (MB is 10^6)."""
    for unit, octets_of_unit in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if octets >= octets_of_unit:
            return f"{octets / octets_of_unit:.1f} {unit}".replace(".0 ", " ")
    return f"{octets} B"
