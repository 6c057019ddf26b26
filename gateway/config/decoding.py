"""One value of TOML, made into what a setting's type asks for.

Types are checked by msgspec; what it says is turned into what an admin would say.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from gateway.config.faults import allowed_words
from gateway.config.values import Domain, Endpoint, FieldName, MailAddress, Network

NO_LIMIT = "none"
"""What stands for None, which TOML has no word for."""

_PAIRS = tuple[tuple[str, int], ...]
_WORDS: Mapping[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text in quotes",
    Path: "a path in quotes",
    Endpoint: '"host:port" such as "127.0.0.1:10025"',
    Network: 'a network such as "192.0.2.0/24"',
    Domain: 'a domain such as "example.com"',
    MailAddress: 'an address such as "log@example.com"',
    FieldName: "the name of a header field",
}


def decode(value: object, hint: Any) -> Any:
    """Return the value as the type hint has it. Raises ValueError that says what is allowed."""
    choices = _choices(hint)
    if choices is not None:
        if value in choices and isinstance(value, str):
            return value
        allowed = allowed_words(str(value), choices, mark='"')
        raise ValueError(f"{show(value)} is not allowed{allowed}")
    if NoneType in get_args(hint):
        if value == NO_LIMIT:
            return None
        hint = next(arg for arg in get_args(hint) if arg is not NoneType)
        return _convert(value, hint, f'{expected(hint)} or "{NO_LIMIT}"')
    if hint == _PAIRS:
        return tuple(_convert(value, dict[str, int], "a table of whole numbers").items())
    return _convert(value, hint, expected(hint))


def expected(hint: Any) -> str:
    """Return what a type asks for, in words."""
    if get_origin(hint) is Annotated:
        return expected(get_args(hint)[0]) + _bounds(get_args(hint)[1])
    if get_origin(hint) in {tuple, frozenset}:
        return f"a list of which each is {expected(get_args(hint)[0])}"
    if get_origin(hint) in {Union, UnionType}:
        return " or ".join(expected(arg) for arg in get_args(hint) if arg is not NoneType)
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(f'"{choice}"' for choice in get_args(hint))
    return _WORDS[hint]


def show(value: object) -> str:
    """Return a value as TOML would write it, short enough for a line."""
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _choices(hint: Any) -> tuple[str, ...] | None:
    return get_args(hint) if get_origin(hint) is Literal else None


def _bounds(meta: msgspec.Meta) -> str:
    named = {
        "of at least": meta.ge,
        "above": meta.gt,
        "up to": meta.le,
        "below": meta.lt,
    }
    said = [f"{word} {bound:_}" for word, bound in named.items() if bound is not None]
    return " " + " and ".join(said) if said else ""


def _convert(value: object, hint: Any, words: str) -> Any:
    try:
        if hint is Endpoint:
            # msgspec would take a dataclass for a table.
            return Endpoint.parse(msgspec.convert(value, str))
        return msgspec.convert(value, hint, dec_hook=_make)
    except msgspec.ValidationError as error:
        said = str(error.__cause__) if isinstance(error.__cause__, ValueError) else ""
        raise ValueError(f"{show(value)} is wrong: {said or f'{words} is expected'}.") from None
    except ValueError as error:
        raise ValueError(f"{show(value)} is wrong: {error}.") from None


def _make(kind: type, value: object) -> object:
    """Make what msgspec does not know. Raises ValueError with what is expected."""
    if not isinstance(value, str):
        raise ValueError(f"{_WORDS[kind]} is expected")  # noqa: TRY004 - msgspec wraps ValueError
    made: object = kind(value)
    return made
