"""Brings the catalogues up to date with the code, and compiles them: `make words`.

What people read stands in templates (`_`, `_n`), in calls of `say` and `count`, in the rules
themselves, and in a few tables that are named here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment
from jinja2.ext import extract_from_ast

from gateway.model.decision import Reason
from gateway.notices import words as notices
from gateway.rules.telling import FATES, OUTCOMES, STAGES
from gateway.web import deeds, orders, switch_words, templating, work
from gateway.web.pages import provider, signing
from gateway.words import findings, phrases
from gateway.words.evidence import EVIDENCE
from gateway.words.reasons import REASONS
from gateway.words.rules import remedies_of, sentences_of

ROOT = Path(__file__).parents[2] / "gateway"
PO = ROOT / "words" / "ja.po"
MO = PO.with_suffix(".mo")
WRITTEN = datetime(2026, 11, 23, tzinfo=UTC)
Said = str | tuple[str, str]


def said_in_code() -> set[Said]:
    """Return everything that people may read in another language."""
    return {*_templates(), *_calls(), *_tables(), *_rules()}


def _templates() -> Iterator[Said]:
    env = Environment(autoescape=True)
    for file in sorted((ROOT / "web" / "templates").glob("*.html")):
        tree = env.parse(file.read_text(encoding="utf-8"))
        for _, name, said in extract_from_ast(tree, ("_", "_n")):
            texts = [text for text in (said if isinstance(said, tuple) else (said,)) if text]
            # Where a table names the sentence, it is found with the table.
            if texts:
                yield (texts[0], texts[1]) if name == "_n" else texts[0]


def _calls() -> Iterator[Said]:
    for folder in ("web", "notices", "words"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    texts = [
                        argument.value
                        for argument in node.args
                        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                    ]
                    if node.func.attr in {"say", "template"} and texts:
                        yield texts[0]
                    elif node.func.attr == "count" and len(texts) > 1:
                        yield texts[0], texts[1]


def _tables() -> Iterator[Said]:
    for table in (
        OUTCOMES, STAGES, FATES, orders.LABELS, orders.SENTENCES, templating.SHORT,
        REASONS, EVIDENCE, templating.WAYS, templating.FILE_STATES, switch_words.SWITCHES,
        switch_words.VALUES,
    ):  # fmt: skip
        yield from table.values()
    yield from (templating.STORED, templating.STRIPPED_BY, work.NOT_KEPT, work.GONE)
    yield from (
        signing.WRONG,
        signing.TOO_MANY,
        signing.FROM_HERE,
        provider.NO_ANSWER,
        provider.NO_USER,
    )
    yield from (deed.warns for deed in deeds.DEEDS.values() if deed.warns)
    yield from (
        *phrases.PHRASES,
        *phrases.FAULTS,
        *phrases.SLIPS,
        *phrases.DETAILS,
        *findings.FINDINGS,
        *notices.ALL,
    )


def _rules() -> Iterator[Said]:
    for reason in Reason:
        yield from remedies_of(reason)
        for direction in ("incoming", "outgoing"):
            yield from sentences_of(reason, direction)


def catalogue() -> Catalog:
    """Return the catalogue as it is."""
    with PO.open("rb") as file:
        return read_po(file, locale="ja", domain="replygate")


def main() -> None:
    """Add what is new, drop what is gone, compile; what has no words yet is named."""
    template = Catalog(domain="replygate")
    for said in sorted(said_in_code(), key=str):
        template.add(said)
    known = catalogue() if PO.exists() else Catalog(locale="ja", domain="replygate")
    known.update(template, no_fuzzy_matching=True)
    known.obsolete.clear()
    write(known)
    compile_catalogue()
    for said, told in words_of(known).items():
        if not all(told):
            print("no words yet:", said)


def words_of(known: Catalog) -> dict[Said, tuple[str, ...]]:
    """Return what a catalogue has for everything, in each form of number."""
    found: dict[Said, tuple[str, ...]] = {}
    for message in known:
        forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
        told = tuple(str(form or "") for form in forms)
        if isinstance(message.id, tuple | list):
            found[message.id[0], message.id[1]] = told
        elif message.id:
            found[message.id] = told
    return found


def write(known: Catalog) -> None:
    """Write the catalogue, so that what nobody changed stays as it is."""
    known.creation_date = known.revision_date = WRITTEN
    known.header_comment = "# What people read, in Japanese. `make words` brings it up to date.\n#"
    known.project, known.version, known.fuzzy = "Replygate", "1", False
    known.msgid_bugs_address = known.last_translator = known.language_team = ""
    with PO.open("wb") as file:
        write_po(file, known, width=100, sort_output=True, no_location=True)


def compile_catalogue() -> None:
    """Write what the program reads."""
    with MO.open("wb") as file:
        write_mo(file, catalogue())


if __name__ == "__main__":
    main()
