"""The page of `replygate explain`: what became of one message, why, and what to do about it.

It begins with what a salesperson asks, and ends with what a mail admin asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from textwrap import TextWrapper

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gateway.cli.output import OUTCOME_STYLES, console, one_line
from gateway.cli.reading_page import size
from gateway.model.decision import Answer, Decision, Evidence, Note, Outcome, Reason, Stage
from gateway.model.entry import AttachmentNote, Entry
from gateway.model.envelope import Relayed
from gateway.model.suggestion import Suggestion
from gateway.rules.telling import FATES, OUTCOMES, STAGES, command_of, when_told

PLAIN_WIDTH = 100
INDENT = 2


def explain_page(entry: Entry, suggestion: Suggestion | None = None) -> None:
    """Print the page of an entry."""
    out = page_console()
    _headline(out, entry.outcome, entry.reason)
    _what(out, entry)
    _section(out, "What to do", _advice(entry.remedy, command_of(entry), entry.outcome))
    _section(out, "Why", [Text(words) for words in when_told(entry.reason, entry.direction)])
    if suggestion is not None:
        _section(out, "What it may answer", _suggested(entry, suggestion))
    _section(out, "The way of the message", _way(entry))
    _section(out, "Attachments", (_file(note) for note in entry.attachments))
    _section(out, "Notes", (_note(note) for note in entry.notes))
    if len(entry.decisions) > 1:
        _section(out, "Decisions, oldest first", _decisions(entry))
    trace_section(out, entry.trace, entry.reason)
    out.print()


def judged_page(place: str, decision: Decision) -> None:
    """Print the page of a message that never came by: what would become of it now."""
    out = page_console()
    _headline(out, decision.outcome, decision.reason)
    _section(out, "This message never came by here", [Text(one_line(place))])
    advice = _advice(decision.remedy, decision.command, decision.outcome)
    _section(out, "What to do if it comes", advice)
    _section(out, "Why", [Text(words) for words in when_told(decision.reason, decision.direction)])
    trace_section(out, decision.trace, decision.reason)
    out.print()


def _suggested(entry: Entry, suggestion: Suggestion) -> Iterator[Text]:
    """Yield what an entry may answer, and what to do when it does."""
    yield Text(one_line(f"Entry {suggestion.entry_id}: {suggestion.detail}."))
    yield Text(
        f"It cites nothing, so nothing was joined. Log it with: replygate log {entry.entry_id}"
    )


def trace_section(out: Console, trace: Iterable[Answer], reason: Reason) -> None:
    """Print every rule that was asked, by stage: what matched first, then what did not."""
    lines: list[Text | Padding] = []
    decided = False
    order = list(Stage)
    by_stage = sorted(trace, key=lambda answer: order.index(answer.stage))
    for stage, group in groupby(by_stage, key=lambda answer: answer.stage):
        answers = list(group)
        lines.append(Text(f"{stage} · {STAGES[stage]}", style="bold"))
        for answer in answers:
            if answer.matched:
                decides = not decided and answer.rule == reason
                decided = decided or decides
                lines.append(Padding(_matched(answer, decides=decides), (0, 0, 0, 2)))
        silent = ", ".join(answer.rule for answer in answers if not answer.matched)
        if silent:
            lines += [Text(line, style="dim") for line in _folded(out, f"no: {silent}")]
    _section(out, "Every rule that was asked", lines)


def page_console() -> Console:
    """Return the console of a page, which is no wider than a page where nothing limits it."""
    out = console()
    if not out.is_terminal:
        out.width = PLAIN_WIDTH
        out.soft_wrap = False
    return out


def _headline(out: Console, outcome: Outcome, reason: Reason) -> None:
    style = OUTCOME_STYLES[outcome]
    headline = Text.assemble((f" {OUTCOMES[outcome]} ", f"{style} reverse"), f"  {reason}")
    plain = Text(f"{OUTCOMES[outcome]} · {reason}")
    out.print()
    out.print(headline if out.is_terminal else plain)


def _what(out: Console, entry: Entry) -> None:
    name = f"{entry.author_name} <{entry.author}>" if entry.author_name else entry.author
    to = sorted(set().union(*(seen.recipients for seen in entry.sightings)))
    facts = {
        "subject": entry.subject or "(not kept)",
        "from": name or "(nobody)",
        "to": ", ".join(to),
        "received": f"{entry.received_at:%Y-%m-%d %H:%M:%S} UTC, {entry.direction}",
        "contacts": ", ".join(entry.contacts),
        "mailboxes": ", ".join(entry.mailboxes),
        "credit": entry.user,
        "thread": "" if entry.thread_id is None else _thread(entry.thread_id, entry.tracked),
        "message": f"<{entry.message_id}>",
        "entry": entry.entry_id,
    }
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in facts.items():
        if text:
            table.add_row(label, Text(one_line(text)))
    out.print(Padding(table, (0, 0, 0, INDENT)))


def _thread(number: int, tracked: bool) -> str:  # noqa: FBT001 - a fact of the thread
    return f"{number}, {'tracked' if tracked else 'not tracked'}"


def _advice(remedy: str, command: str, outcome: Outcome) -> list[Text]:
    if remedy:
        said = [Text(one_line(remedy), style="bold")]
        return [*said, Text(one_line(command), style="cyan")] if command else said
    return [Text("Nothing." if outcome.on_timeline else "Nothing can be done about it.")]


def _way(entry: Entry) -> Iterator[Text]:
    for seen in sorted(entry.sightings, key=lambda sighting: sighting.received_at):
        marks = ", marked for the log" if seen.marked else ""
        proof = f", proved by {seen.proof}" if seen.proof else ""
        to = one_line(", ".join(sorted(seen.recipients))) or "nobody"
        yield Text.assemble(
            (f"{seen.received_at:%Y-%m-%d %H:%M:%S}  ", "dim"),
            f"came by {seen.route} for {to}{marks}{proof}; {FATES[seen.relay]}",
        )
    reply = entry.relayed.reply
    if reply is not None:
        yield Text(one_line(f"The next hop said: {reply.code} {' '.join(reply.text)}"))
    yield from _octets(entry.sha256_in, entry.relayed)
    kept = "kept, and can be replayed" if entry.kept else "not kept: it cannot be replayed"
    yield Text(f"Its content is {kept}.")


def _octets(sha256_in: bytes, relayed: Relayed) -> Iterator[Text]:
    if not sha256_in:
        return
    if not relayed.sha256_out:
        yield Text(f"SHA-256 {sha256_in.hex()}", style="dim")
    elif relayed.sha256_out == sha256_in:
        yield Text(f"Passed on octet for octet, SHA-256 {sha256_in.hex()}", style="dim")
    else:
        yield Text(f"SHA-256 in  {sha256_in.hex()}")
        yield Text(f"SHA-256 out {relayed.sha256_out.hex()}: it differs", style="bold red")


def _file(note: AttachmentNote) -> Text:
    file = note.attachment
    said = f"{file.name or '(no name)'} · {file.media_type} · {size(file.size)}"
    if note.reason is None:
        return Text(one_line(said))
    return Text.assemble(one_line(said), (f" · {note.reason}", "yellow"))


def _note(note: Note) -> Text:
    # The number of a part tells nobody anything; the remedy names its file.
    person = f" {one_line(note.subject)}" if "@" in note.subject else ""
    said = one_line(note.remedy) or evidence_words(note.evidence)
    return Text.assemble((f"{note.reason}{person}", "yellow"), f"  {said}")


def _decisions(entry: Entry) -> Iterator[Text]:
    for past in entry.decisions:
        yield Text.assemble(
            (f"{past.decided_at:%Y-%m-%d %H:%M:%S}  ", "dim"),
            (f"{past.outcome} {past.reason}", OUTCOME_STYLES[past.outcome]),
            (f"  by {past.by}, preset {past.preset}", "dim"),
        )


def _matched(answer: Answer, *, decides: bool) -> Text:
    mark, style = ("▶", "bold") if decides else ("•", "")
    said = evidence_words(answer.evidence)
    ending = "  ← decides" if decides else ""
    return Text.assemble((f"{mark} {answer.rule}", style), f"  {said}", (ending, "bold green"))


def evidence_words(evidence: Evidence) -> str:
    """Return what a rule saw, on one line."""
    return one_line(", ".join(f"{name}={value}" for name, value in evidence.items()))


def _folded(out: Console, text: str) -> list[str]:
    width = max(out.width - 2 * INDENT, 40)
    indent = " " * INDENT
    wrapper = TextWrapper(
        width, initial_indent=indent, subsequent_indent=indent * 2, break_on_hyphens=False
    )
    return wrapper.wrap(text)


def _section(out: Console, title: str, lines: Iterable[Text | Padding]) -> None:
    shown = list(lines)
    if not shown:
        return
    out.print()
    out.print(Text(title, style="bold underline" if out.is_terminal else ""))
    for line in shown:
        out.print(Padding(line, (0, 0, 0, INDENT)))
