"""Reads records of what security products leave in mail: those that are shipped, and an admin's.

`scanners.toml` beside this module is shipped (`conf/scanners.toml` is the same file); an admin's
own stands in a file that `scanners` under [policy] names. All of it is right, or nothing starts.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Final

from gateway.config.faults import ConfigError, Fault, allowed_words
from gateway.config.lines import line_numbers
from gateway.mail.scanners import (
    Signature,
    SignatureBook,
    SignatureError,
    compile_signature,
)

TABLE: Final = "scanner"
SHIPPED: Final = "scanners.toml"


@lru_cache(maxsize=1)
def shipped_signatures() -> tuple[Signature, ...]:
    """Return the records that come with the gateway, compiled; read once in a process."""
    place = resources.files("gateway.config") / SHIPPED
    return parse_signatures(place.read_text(encoding="utf-8"), Path(SHIPPED))


def all_signatures(own: Sequence[Signature] = ()) -> SignatureBook:
    """Return the shipped records and an admin's; his take the place of those of the same id."""
    known = {signature.ident: signature for signature in (*shipped_signatures(), *own)}
    return SignatureBook(known.values())


def load_signatures(file: Path) -> tuple[Signature, ...]:
    """Return the records of an admin's file. Raises ConfigError with every fault in it."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        problem = f"This file of scanner records cannot be read ({error.strerror})."
        raise ConfigError([Fault(file, 1, problem)]) from error
    except UnicodeDecodeError as error:
        problem = "This is not UTF-8, which TOML has to be."
        raise ConfigError([Fault(file, 1, problem)]) from error
    return parse_signatures(text, file)


def parse_signatures(text: str, file: Path) -> tuple[Signature, ...]:
    """Return the records of a text. Raises ConfigError with every fault in it."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([Fault(file, 1, f"This is no TOML: {error}.")]) from error
    numbers = line_numbers(text)
    faults = [
        Fault(file, numbers[(key,)], f'There is no "{key}" here{allowed_words(key, [TABLE])}')
        for key in document
        if key != TABLE
    ]
    records = document.get(TABLE, [])
    if not isinstance(records, list):
        faults.append(Fault(file, numbers[(TABLE,)], "Write each record under [[scanner]]."))
        records = []
    found: dict[str, Signature] = {}
    for place, record in enumerate(records):
        line = numbers.get((TABLE, place), 1)
        try:
            signature = compile_signature(record)
        except SignatureError as error:
            faults.append(Fault(file, line, f"[[scanner]] {error}."))
            continue
        if signature.ident in found:
            faults.append(Fault(file, line, f"[[scanner]] {signature.ident}: this id is taken."))
        found[signature.ident] = signature
    if faults:
        raise ConfigError(faults)
    return tuple(found.values())
