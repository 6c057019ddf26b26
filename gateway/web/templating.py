"""How the templates write words, times, sizes and addresses, in a language; all is escaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Any, Final, get_args
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from gateway.model.decision import Evidence, Outcome, Reason
from gateway.model.entry import AttachmentNote, Entry
from gateway.rules.telling import FATES, OUTCOMES, STAGES
from gateway.web.orders import LABELS, SENTENCES, Order
from gateway.web.work import Done
from gateway.words.catalogue import LANGUAGES, Language, Tongue, tongue
from gateway.words.evidence import evidence_in
from gateway.words.findings import finding_in
from gateway.words.phrases import detail_in, fault_in, phrase_in
from gateway.words.reasons import REASONS, reason_in
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
DAYS: Mapping[Language, str] = {
    "en": "{0.day} {0:%b %Y}",
    "ja": "{0.year}年{0.month}月{0.day}日",
}
MINUTES: Mapping[Language, str] = {
    "en": f"{DAYS['en']}, {{0:%H:%M}}",
    "ja": f"{DAYS['ja']} {{0:%H:%M}}",
}
WEEKDAYS: Mapping[Language, str] = {
    "en": "{1}, {0.day} {0:%B %Y}",
    "ja": "{0.year}年{0.month}月{0.day}日({1})",
}
"""How each language writes a day, a minute of it, and a day with its name."""
NAMES_OF_DAYS: Mapping[Language, tuple[str, ...]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "ja": ("月", "火", "水", "木", "金", "土", "日"),
}


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
        **_FILTERS,
        "day": partial(day, told.language),
        "weekday": partial(weekday, told.language),
    }
    env.globals |= {
        **_WORDS,
        "_": partial(_said, told),
        "_n": partial(_counted, told),
        "language": told.language,
        "sentence": partial(sentences_in, told),
        "label": partial(label, told),
        "does": partial(does, told),
        "effect": partial(effect, told),
        "fault": partial(fault_in, told),
        "finding": partial(finding_in, told),
        "reason_name": partial(reason_in, told),
        "detail": partial(detail_in, told),
        "file_state": partial(file_state, told),
    }
    _add_times(env, told)
    return env


def _add_times(env: Environment, told: Tongue) -> None:
    """Add what writes times: where they are depends on who reads them."""

    @pass_context
    def minute_here(context: Context, when: datetime | None) -> str:
        """Return a time as people read it."""
        return minute(told.language, when, zone_in(context))

    @pass_context
    def hour_here(context: Context, when: datetime) -> str:
        """Return the time of the day."""
        return f"{when.astimezone(zone_in(context)):%H:%M}"

    @pass_context
    def remedy_here(context: Context, *words: Any) -> str:
        """Return a remedy with its times."""
        return local_times(told.language, remedy_in(told, *words), zone_in(context))

    @pass_context
    def evidence_here(context: Context, evidence: Evidence) -> str:
        """Return what a rule saw with its times."""
        return local_times(told.language, evidence_in(told, evidence), zone_in(context))

    env.filters |= {"minute": minute_here, "hour": hour_here, "evidence": evidence_here}
    env.globals |= {"remedy": remedy_here}


def zone_in(context: Context) -> tzinfo:
    """Return the time zone of whom a page is for."""
    zone = context.get("zone")
    return zone if isinstance(zone, tzinfo) else UTC


def _said(told: Tongue, sentence: str, **values: object) -> Markup:
    """Return a sentence of ours, which may hold markup; what fills it is escaped."""
    words = Markup(told.template(sentence))  # noqa: S704 - from our catalogue
    return words.format(**values) if values else words


def _counted(told: Tongue, one: str, many: str, count: int, **values: object) -> Markup:
    """Return a sentence for so many."""
    words = Markup(told.plural(one, many, count))  # noqa: S704 - from our catalogue
    return words.format(**{"count": number(count), **values})


def minute(language: Language, when: datetime | None, zone: tzinfo) -> str:
    """Return a time as people read it, where they are."""
    return "" if when is None else MINUTES[language].format(when.astimezone(zone))


_UTC: Final = re.compile(r"\b(\d{4}-\d\d-\d\d \d\d:\d\d) UTC\b")


def local_times(language: Language, text: str, zone: tzinfo) -> str:
    """Return a text of ours, in which times stand in UTC, with times as people read them."""
    return _UTC.sub(
        lambda found: minute(language, datetime.fromisoformat(f"{found[1]}+00:00"), zone), text
    )


def day(language: Language, iso: str) -> str:
    """Return a day as people read it."""
    return DAYS[language].format(date.fromisoformat(iso))


def weekday(language: Language, when: date) -> str:
    """Return a day with its name."""
    return WEEKDAYS[language].format(when, NAMES_OF_DAYS[language][when.weekday()])


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
        return told.say("It logs nothing now." if own else "It logs no earlier message.")
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


_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "stamp": stamp,
    "size": size,
    "number": number,
    "query": query,
    "safe_text": safe_text,
    "combine": combine,
    "combine_one": combine_one,
}
_WORDS: Final[Mapping[str, Any]] = {
    "languages": LANGUAGES,
    "outcome_words": OUTCOMES,
    "short": SHORT,
    "reason_names": REASONS,
    "marks": MARKS,
    "ways": WAYS,
    "fates": FATES,
    "stages": STAGES,
    "Outcome": Outcome,
}
"""What templates say in every language alike, or look up by a key of their own."""
