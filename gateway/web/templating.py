"""How the templates write words, times, sizes and addresses, in a language; all is escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, get_args
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from gateway.model.decision import Evidence, Outcome, Reason
from gateway.model.entry import AttachmentNote, Entry
from gateway.rules.telling import FATES, OUTCOMES, STAGES
from gateway.web.orders import LABELS, SENTENCES, Order
from gateway.web.work import Done
from gateway.words.catalogue import LANGUAGES, Language, Tongue, tongue
from gateway.words.findings import finding_in
from gateway.words.phrases import fault_in, phrase_in
from gateway.words.rules import remedy_in, sentences_in

FOLDER = Path(__file__).parent
UNITS = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))
MARKS = {
    Outcome.LOGGED: "✓",
    Outcome.PARTIAL: "◐",
    Outcome.HELD: "‖",
    Outcome.DUPLICATE: "=",
    Outcome.NOT_LOGGED: "○",
    Outcome.FAILED: "!",
}
"""A sign for each outcome, so that none is told by its colour alone."""
SHORT = {
    Outcome.LOGGED: "Logged",
    Outcome.PARTIAL: "Logged in part",
    Outcome.HELD: "Held",
    Outcome.DUPLICATE: "Duplicate",
    Outcome.NOT_LOGGED: "Not logged",
    Outcome.FAILED: "Failed",
}
WAYS = {"incoming": "incoming", "outgoing": "outgoing"}
FILE_STATES = {
    Reason.ATTACHMENT_TOO_LARGE: "too large, not stored",
    Reason.ATTACHMENT_PENDING: "still being scanned",
    Reason.ATTACHMENT_STRIPPED: "taken out by a scanner",
    Reason.ATTACHMENTS_OFF: "not stored",
    Reason.ATTACHMENT_ENCODING: "damaged in part",
    Reason.ATTACHMENT_TYPE_MISMATCH: "not of the type that it says",
}
STORED: Final = "stored"
STRIPPED_BY: Final = "stripped by {product}"
FORMS: Mapping[Language, tuple[str, str]] = {
    "en": ("{0.day} {0:%b %Y}", "{0.day} {0:%b %Y}, {0:%H:%M} UTC"),
    "ja": ("{0.year}年{0.month}月{0.day}日", "{0.year}年{0.month}月{0.day}日 {0:%H:%M} UTC"),
}
"""How each language writes a day, and a minute."""


def new_templates() -> Mapping[Language, Environment]:
    """Return the environment of the templates in each language."""
    return {language: _environment(tongue(language)) for language in get_args(Language)}


def _environment(told: Tongue) -> Environment:
    env = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {
        "minute": partial(minute, told.language),
        "day": partial(day, told.language),
        "stamp": stamp,
        "size": size,
        "number": number,
        "query": query,
        "evidence": partial(evidence_words, told),
        "safe_text": safe_text,
        "combine": combine,
        "combine_one": combine_one,
    }
    env.globals |= {
        "_": partial(_said, told),
        "_n": partial(_counted, told),
        "language": told.language,
        "languages": LANGUAGES,
        "outcome_words": OUTCOMES,
        "short": SHORT,
        "marks": MARKS,
        "ways": WAYS,
        "fates": FATES,
        "stages": STAGES,
        "sentence": partial(sentences_in, told),
        "remedy": partial(remedy_in, told),
        "label": partial(label, told),
        "does": partial(does, told),
        "effect": partial(effect, told),
        "fault": partial(fault_in, told),
        "finding": partial(finding_in, told),
        "file_state": partial(file_state, told),
        "Outcome": Outcome,
    }
    return env


def _said(told: Tongue, sentence: str, **values: object) -> Markup:
    """Return a sentence of ours, which may hold markup; what fills it is escaped."""
    words = Markup(told.template(sentence))  # noqa: S704 - from our catalogue
    return words.format(**values) if values else words


def _counted(told: Tongue, one: str, many: str, count: int, **values: object) -> Markup:
    """Return a sentence for so many."""
    words = Markup(told.plural(one, many, count))  # noqa: S704 - from our catalogue
    return words.format(**{"count": number(count), **values})


def minute(language: Language, when: datetime | None) -> str:
    """Return a time as people read it."""
    return "" if when is None else FORMS[language][1].format(when)


def day(language: Language, iso: str) -> str:
    """Return a day as people read it."""
    return FORMS[language][0].format(date.fromisoformat(iso))


def stamp(when: datetime) -> str:
    """Return a time as programs read it."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def number(count: int) -> str:
    """Return a number, its thousands apart."""
    return f"{count:,}"


def size(octets: int) -> str:
    """Return a number of octets in the unit that reads best (MB is 10^6)."""
    for unit, octets_of_unit in UNITS:
        if octets >= octets_of_unit:
            return f"{octets / octets_of_unit:.1f} {unit}".replace(".0 ", " ")
    return f"{octets} B"


def query(path: str, **asked: Any) -> str:
    """Return an address with what is asked; what is empty is left out."""
    given = {key: value for key, value in asked.items() if value not in {"", None}}
    return f"{path}?{urlencode(given)}" if given else path


def combine(asked: Mapping[str, str], **other: str) -> dict[str, str]:
    """Return what is asked, with something else put over it."""
    return {**asked, **other}


def combine_one(asked: Mapping[str, str], name: str, value: str, outcome: str) -> dict[str, str]:
    """Return what is asked, with one more condition and an outcome."""
    return {**asked, name: value, "outcome": outcome}


def evidence_words(told: Tongue, evidence: Evidence) -> str:
    """Return what a rule saw, on one line: its own names, for whoever reads the rules."""
    return ", ".join(
        f"{name.replace('_', ' ')}: {phrase_in(told, str(value))}"
        for name, value in evidence.items()
    )


def label(told: Tongue, order: Order) -> str:
    """Return what stands on the button of an order."""
    return told.template(LABELS[order.kind]).format(*order.words, *("", "", ""))


def does(told: Tongue, order: Order) -> str:
    """Return what an order changes, as a sentence."""
    return told.template(SENTENCES[order.kind]).format(*order.words, *("", "", ""))


def effect(told: Tongue, done: Done, own: Sequence[str]) -> str:
    """Return what an order means for the timeline; `own` are the messages that were chosen."""
    count = len(done.logged)
    if done.logged and done.logged == set(own):
        return told.count("It logs this message.", "It logs these {count} messages.", count)
    if not done.known:
        return told.count(
            "It logs one message at most.", "It logs up to {count} messages.", done.at_most
        )
    if not done.logged:
        return told.say("It logs no earlier message.")
    return told.count("It logs one earlier message.", "It logs {count} earlier messages.", count)


def file_state(told: Tongue, entry: Entry, file: AttachmentNote) -> str:
    """Return what became of a file, and by whom."""
    if file.reason is None:
        return told.say(STORED)
    if file.reason is Reason.ATTACHMENT_STRIPPED:
        for note in entry.notes:
            if note.reason is file.reason and note.subject == file.attachment.part:
                product = phrase_in(told, str(note.evidence["product"]))
                return told.say(STRIPPED_BY, product=product)
    return told.say(FILE_STATES[file.reason])


_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f]")


def safe_text(text: str) -> str:
    """Return words as written, without what HTML cannot hold."""
    return _UNSEEN.sub("", text)
