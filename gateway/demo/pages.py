"""What the story shows on the terminal: in colour on a tty, plain elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gateway.demo.letters import Letter
from gateway.demo.story import EVERYBODY, Chapter
from gateway.model.decision import Outcome
from gateway.model.entry import Entry

COLOURS = {
    Outcome.LOGGED: "green",
    Outcome.PARTIAL: "green",
    Outcome.HELD: "yellow",
    Outcome.DUPLICATE: "cyan",
    Outcome.NOT_LOGGED: "red",
    Outcome.FAILED: "bold red",
}
Row = tuple[Chapter, str, list[Entry]]


class Pages:
    """Writes the story."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console()
        if not self.console.is_terminal and self.console.width < 110:
            self.console.width = 110

    def opening(self, folder: Path, presets: Sequence[str]) -> None:
        """Say what is about to be played."""
        self.console.print(
            Panel(
                "Two real gateways are running on loopback ports, one with preset "
                f"[bold]{presets[0]}[/] and one with preset [bold]{presets[1]}[/]. The same "
                "letters go through both over SMTP and on to a small next hop that writes a "
                f"Maildir.\nEverything they keep is in {folder}.",
                title="Replygate: why was this logged, and why not?",
            )
        )

    def chapter(self, chapter: Chapter) -> None:
        """Open a chapter."""
        self.console.print()
        self.console.rule(f"[bold]{chapter.statement}[/]  {chapter.title}", align="left")

    def command(self, command: str) -> None:
        """Show a command that changes what the gateway knows."""
        self.console.print(Text(f"  $ replygate {command}", style="bold blue"))

    def letter(self, letter: Letter) -> None:
        """Show a letter."""
        line = Text(f"  ✉ {letter.name}: {letter.sender} → {letter.to.replace(' ', ', ')}")
        if letter.bcc:
            line.append(f" (bcc {', '.join(letter.bcc)})")
        line.append(f"  “{letter.text}”", style="italic")
        self.console.print(line)

    def looked(self, name: str) -> None:
        """Say that an earlier letter is looked at again."""
        self.console.print(f"  ↻ {name}, by now")

    def decided(self, preset: str, words: str, entry: Entry) -> None:
        """Show what one gateway decided."""
        outcome = Outcome(words.partition(" ")[0])
        line = Text(f"      {preset:<13} ")
        line.append(words, style=COLOURS[outcome])
        if entry.remedy and entry.outcome is outcome:
            line.append(f"  {entry.remedy}", style="dim")
        self.console.print(line)
        for note in entry.notes:
            if note.partial:
                self.console.print(Text(f"      {'':<13} {note.remedy}", style="dim"))

    def closing(self, rows: Sequence[Row]) -> None:
        """Show timelines, the table of decisions, and what to try next."""
        self.console.print()
        self.console.rule("[bold]The timeline[/] (preset gateway)", align="left")
        for address in EVERYBODY:
            self._timeline(address, rows)
        self.console.print()
        self.console.print(self._table(rows))
        self.console.print(
            Panel(
                "replygate demo --folder F     the same, and all of it stays; in F/gateway then:\n"
                "replygate explain s9-deputy@story.example       why it was logged, or not\n"
                "replygate decisions                             all decisions in a table\n"
                "replygate replay --all --preset hubspot-2020    what another preset would say\n"
                "replygate rules                                 every reason, with its remedy\n"
                "Then put it behind your own Postfix: see README.md and conf/postfix/.",
                title="Every step was as written. What to try next",
            )
        )

    def _timeline(self, address: str, rows: Sequence[Row]) -> None:
        self.console.print(Text(f"  {address}", style="bold"))
        for _, name, entries in rows:
            entry = entries[-1]
            if entry.outcome.on_timeline and address in {entry.author, *entry.contacts}:
                arrow = "→" if entry.direction == "outgoing" else "←"
                clock = entry.received_at.strftime("%H:%M:%S")
                words = " ".join(entry.text.split())[:60]
                self.console.print(f"    {clock} {arrow} {name:<12} {words}")

    def _table(self, rows: Sequence[Row]) -> Table:
        table = Table(
            title="What became of each message, and what helped",
            title_justify="left",
            show_lines=True,
        )
        for heading in ("", "message", "hubspot-2020", "gateway", "what to do about it"):
            table.add_column(heading, overflow="fold")
        for chapter, name, entries in rows:
            remedy = next((d.remedy for entry in entries for d in entry.decisions if d.remedy), "")
            cells = [_history(entry) for entry in entries]
            table.add_row(chapter.statement, name, *cells, remedy)
        return table

    def failed(self, why: str) -> None:
        """Say where the story went otherwise."""
        self.console.print(Panel(Text(why), title="The story failed", border_style="red"))


def _history(entry: Entry) -> Text:
    """Return the decisions about an entry, from the first to the one that holds."""
    shown = Text()
    for decision in entry.decisions:
        if shown:
            shown.append("\n→ ")
        shown.append(f"{decision.outcome} {decision.reason}", style=COLOURS[decision.outcome])
    return shown
