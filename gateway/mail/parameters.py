"""Reads the parameters of Content-Type and Content-Disposition.

Standards: RFC 2045 §5.1, RFC 2183, RFC 2231 (charset, language, continuations).

Limits: of two parameters with one name the first counts, as in the stdlib; the doubt is a
defect, since other readers take the last.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from gateway.mail import limits
from gateway.mail.charsets import decode_text
from gateway.mail.words import decode_words, raw_text
from gateway.model.message import Defect

_PARAMETER: Final = re.compile(
    r";[\s;]*+([^\s=;\"]++)\s*+=\s*+(?:\"((?:[^\"\\]|\\.)*+)(?:\"|\Z)|([^;\"]*+(?:\"[^;\"]*+)*+))",
    re.DOTALL,
)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_SECTION: Final = re.compile(r"([^*]+)\*(?:(\d{1,3})(\*?))?")


def parse_parameters(value: bytes) -> tuple[str, dict[str, str], list[Defect]]:
    """Return the value before the parameters in lower case, the parameters, and defects."""
    text = raw_text(value)
    head, mark, _ = text.partition(";")
    token = head.strip().lower()
    if not mark:
        return token, {}, []
    defects: list[Defect] = []
    found = _PARAMETER.findall(text, len(head))
    if len(found) > limits.PARAMETERS:
        defects.append(Defect("too-many-parameters", str(len(found))))
        del found[limits.PARAMETERS :]
    params: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, quoted, bare in found:
        key = name.lower()
        content = (_ESCAPED.sub(_unescape, quoted) if "\\" in quoted else quoted) or bare.strip()
        if "*" in key and _add_section(sections, key, content):
            continue
        if key not in params:
            params[key] = decode_words(content) if "=?" in content else content
        elif params[key] != content:
            defects.append(Defect("duplicate-parameter", key))
    for key, pieces in sections.items():
        params[key] = _join_sections(pieces)
    return token, params, defects


def _unescape(found: re.Match[str]) -> str:
    """Return what a backslash stands for.

    Only a quote and a backslash need one; before anything else it is a path of Windows.
    """
    char = found.group(1)
    return char if char in '"\\' else found.group()


def _add_section(sections: dict[str, dict[int, tuple[str, bool]]], key: str, content: str) -> bool:
    """Note one piece of an RFC 2231 parameter; say whether it is one."""
    found = _SECTION.fullmatch(key)
    if found is None:
        return False
    name, number, star = found.groups()
    pieces = sections.setdefault(name, {})
    index = int(number or 0)
    if index < limits.CONTINUATIONS:
        pieces.setdefault(index, (content, number is None or star == "*"))
    return True


def _join_sections(pieces: dict[int, tuple[str, bool]]) -> str:
    """Return the value of an RFC 2231 parameter; the octets are joined, then decoded."""
    charset = ""
    octets = b""
    for index in sorted(pieces):
        content, is_extended = pieces[index]
        if not is_extended:
            octets += content.encode("utf-8", "surrogateescape")
            charset = charset or "utf-8"
            continue
        if index == 0 and content.count("'") >= 2:
            charset, _, content = content.split("'", 2)
        octets += unquote_to_bytes(content)
    text = decode_text(octets, charset)[0]
    return decode_words(text) if "=?" in text else text
