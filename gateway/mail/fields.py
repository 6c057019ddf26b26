"""Cuts the header section of a message or part into header fields.

Standards: RFC 5322 §2.2 and §4.5, RFC 6532.

Limits: a lone CR ends no line here (another parser may see a field where we see text), and a
line that is no field ends the header section, as the stdlib's parser does it.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.mail import limits
from gateway.model.envelope import Octets
from gateway.model.message import Defect, Field

# Sound header sections match this as a whole: each line is a field's first or a folded one.
# RFC 5322 §4.5.3 allows white space between name and colon.
_SOUND: Final = re.compile(rb"(?:(?:[!-9;-~]++[ \t]*+:|[ \t])[^\n]*+\n)*+\r?\n")
_SOUND_LINES: Final = re.compile(rb"(?:(?:[!-9;-~]++[ \t]*+:|[ \t])[^\n]*+(?:\n|\Z))*+")
_FIELD: Final = re.compile(rb"(?m)^([!-9;-~]++)[ \t]*+:[ \t]*+([^\n]*+(?:\n[ \t][^\n]*+)*+)")
# A field, or any other line: found one behind the other, so that one look reads and checks.
_FIELD_OR_LINE: Final = re.compile(
    rb"([!-9;-~]++)[ \t]*+:[ \t]*+([^\n]*+(?:\n[ \t][^\n]*+)*+)\n|[^\n]*+\n"
)
_NO_FIELD: Final = (b"", b"")
_EMPTY_LINE: Final = b"\r\n\r\n"
# As a number: to ask whether octets hold octets costs an exception inside of CPython 3.11.
_LF: Final = ord("\n")
_NAMES_KEPT: Final = 2048
_NAME_OCTETS: Final = 64
_MBOX_LINE: Final = re.compile(rb"(?:>?From (?![ \t]*:)[^\n]*+\n)++")


class _Names(dict[bytes, str]):
    """Field names in lower case, kept: all mail has the same few hundred."""

    def __missing__(self, raw: bytes) -> str:
        name = raw.lower().decode("ascii")
        if len(raw) <= _NAME_OCTETS and len(self) < _NAMES_KEPT:
            self[raw] = name
        return name


_NAMES: Final = _Names()


def split_fields(octets: Octets) -> tuple[tuple[Field, ...], int, list[Defect]]:
    """Return the fields, the size of the header section with its empty line, and defects."""
    defects: list[Defect] = []
    found, size = _split_sound(octets)
    if not found:
        start, stop, size = find_section(octets, 0, len(octets), defects)
        if stop - start > limits.HEADING_OCTETS:
            defects.append(Defect("header-too-long", str(stop - start)))
            stop = start + limits.HEADING_OCTETS
        found = _FIELD.findall(bytes(octets[start:stop]))
    if len(found) > limits.FIELDS:
        defects.append(Defect("too-many-fields", str(len(found))))
        del found[limits.FIELDS :]
    fields = tuple([Field(_NAMES[name], value.removesuffix(b"\r")) for name, value in found])
    if size > limits.FIELD_OCTETS:
        fields = tuple([_cut_field(field, defects) for field in fields])
    return fields, size, defects


def _split_sound(octets: Octets) -> tuple[list[tuple[bytes, bytes]], int]:
    """Return names and bodies of a section as nearly all are, and its size; else nothing."""
    if not isinstance(octets, bytes):
        return [], 0
    end = octets.find(_EMPTY_LINE, 0, limits.FIELD_OCTETS)
    found = _FIELD_OR_LINE.findall(octets[: end + 2]) if end > 0 else []
    return ([], 0) if _NO_FIELD in found else (found, end + len(_EMPTY_LINE))


def find_section(
    octets: Octets, start: int, stop: int, defects: list[Defect]
) -> tuple[int, int, int]:
    """Return where the fields of a header section begin and end, and where its body begins."""
    sound = _SOUND.match(octets, start, stop)
    if sound is not None:
        return start, sound.end(), sound.end()
    if mbox := _MBOX_LINE.match(octets, start, stop):
        defects.append(Defect("mbox-line"))
        start = mbox.end()
    lines = _SOUND_LINES.match(octets, start, stop)
    fields_stop = lines.end() if lines else start
    rest = bytes(octets[fields_stop : min(fields_stop + 2, stop)])
    if rest == b"\r\n":
        return start, fields_stop, fields_stop + 2
    if rest[:1] == b"\n":
        return start, fields_stop, fields_stop + 1
    # A file that is nothing but fields needs no empty line (RFC 5322 §3.5).
    if rest:
        defects.append(Defect("header-without-end"))
    return start, fields_stop, fields_stop


def is_sound_section(section: bytes) -> bool:
    """Whether octets are fields and the empty line behind them, and nothing else."""
    return _SOUND.fullmatch(section) is not None


def _cut_field(field: Field, defects: list[Defect]) -> Field:
    """Return the field with no more octets than the limit."""
    if len(field.value) <= limits.FIELD_OCTETS:
        return field
    defects.append(Defect("field-too-long", field.name))
    return Field(field.name, field.value[: limits.FIELD_OCTETS])


def unfold(value: bytes) -> bytes:
    """Return the field body on one line (RFC 5322 §2.2.3)."""
    if _LF not in value:
        return value
    return value.replace(b"\r\n", b"").replace(b"\n", b"")
