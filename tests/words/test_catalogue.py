"""What people read in other languages: nothing is missing, unused, or filled otherwise."""

from __future__ import annotations

import ast
import re
from io import BytesIO
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.mofile import write_mo
from jinja2 import Environment, nodes

from gateway.words.catalogue import accepted, tongue
from gateway.words.phrases import FAULTS
from tests.words.extract import MO, ROOT, Said, catalogue, said_in_code, words_of

SAME = frozenset({"Cc"})
"""What is written alike in Japanese."""
NAMES = frozenset({"Replygate", "Message-ID", "entry", "SHA-256", "utf", "doctype html"})
"""What templates may hold outside of the catalogue: names."""


def known() -> dict[Said, tuple[str, ...]]:
    return words_of(catalogue())


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_everything_that_people_read_is_in_the_catalogue_and_nothing_else() -> None:
    assert set(known()) == said_in_code()


def test_everything_has_words_of_its_own() -> None:
    same = {said for said, told in known().items() for text in told if text in {"", said}}
    assert same == SAME


@pytest.mark.parametrize("said", sorted(known(), key=str))
def test_placeholders_and_markup_are_those_of_the_english_words(said: Said) -> None:
    english = said[-1] if isinstance(said, tuple) else said
    for text in known()[said]:
        assert names(text) == names(english)
        assert sorted(re.findall(r"</?\w+>", text)) == sorted(re.findall(r"</?\w+>", english))


def test_what_the_program_reads_is_compiled_of_what_people_edit() -> None:
    compiled = BytesIO()
    write_mo(compiled, catalogue())
    assert MO.read_bytes() == compiled.getvalue()


@pytest.mark.parametrize("file", sorted((ROOT / "web" / "templates").glob("*.html")), ids=str)
def test_templates_say_nothing_past_the_catalogue(file: Path) -> None:
    tree = Environment(autoescape=True).parse(file.read_text(encoding="utf-8"))
    shown = "".join(data.data for data in tree.find_all(nodes.TemplateData))
    attributes = re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]+)"', shown)
    words = re.sub(r"<[^>]*>|<[^>]*$|^[^<]*>|&\w+;", " ", shown)
    told = {word.strip() for word in (*words.split("\n"), *attributes)}
    assert not [text for text in told if re.search(r"[A-Za-z]{2,}", strip_names(text))]


def strip_names(text: str) -> str:
    for name in NAMES:
        text = text.replace(name, "")
    return text


def test_answers_of_the_store_are_those_that_it_gives() -> None:
    given: set[str] = set()
    for name in ("registry", "people", "company", "faults"):
        tree = ast.parse((ROOT / "store" / f"{name}.py").read_text(encoding="utf-8"))
        given |= {template(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)}
    assert set(FAULTS) <= given


def template(node: ast.JoinedStr) -> str:
    pieces: list[str] = []
    for value in node.values:
        if isinstance(value, ast.Constant):
            pieces.append(str(value.value))
        else:
            pieces.append(f"{{{sum(piece.startswith('{') for piece in pieces)}}}")
    return "".join(pieces)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"), ("ja", "ja"), ("ja-JP,ja;q=0.9,en;q=0.8", "ja"), ("en-US,ja;q=0.9", "en"),
        ("fr,ja;q=0.3", "ja"), ("ja;q=0,en", "en"), ("de", "en"), ("ja;q=much", "en"), ("*", "en"),
        ("en;q=0.4, JA;q=0.5", "ja"),
    ],
)  # fmt: skip
def test_the_browser_gets_the_language_that_it_likes_best(header: str, language: str) -> None:
    assert accepted(header) == language


def test_a_number_and_words_fill_a_sentence() -> None:
    said = tongue("en").count("One message approved.", "{count} messages approved.", 2)
    assert said == "2 messages approved."
    said = tongue("ja").count("One message approved.", "{count} messages approved.", 1)
    assert said == "1件を承認しました。"
