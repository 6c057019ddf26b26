"""Turns octets into text by the charset that is declared, or by what they look like.

The text shown must be the text written: labels are read as clients mean them (windows-31j,
gb2312 for GBK, iso-8859-1 for UTF-8), not as registries define them.

Standards: RFC 2978 names, the WHATWG encoding labels where they are wider.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import Final

import charset_normalizer

from gateway.mail.jis import decode_jis

_CODECS: Final = {
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932",
    "windows-31j": "cp932", "ms932": "cp932", "cp932": "cp932", "ms_kanji": "cp932",
    "shift_jisx0213": "cp932", "windows-932": "cp932", "x-ms-cp932": "cp932",
    "iso-2022-jp": "jis", "iso-2022-jp-ms": "jis", "iso-2022-jp-1": "jis",
    "iso-2022-jp-2": "jis", "iso-2022-jp-3": "jis", "iso-2022-jp-2004": "jis",
    "cp50220": "jis", "cp50221": "jis", "cp50222": "jis", "x-windows-iso2022jp": "jis",
    "csiso2022jp": "jis", "jis": "jis", "jis7": "jis", "jis8": "jis",
    "euc-jp": "euc_jp", "eucjp-ms": "euc_jp", "cp51932": "euc_jp", "x-euc-jp": "euc_jp",
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "gb_2312-80": "gb18030",
    "cp936": "gb18030", "x-gbk": "gb18030", "euc-cn": "gb18030", "hz-gb-2312": "hz",
    "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "euc-kr": "cp949", "ksc5601": "cp949",
    "cp949": "cp949", "x-windows-949": "cp949", "iso-2022-kr": "iso2022_kr",
    "big5": "big5hkscs", "big5-hkscs": "big5hkscs", "cp950": "cp950", "x-x-big5": "big5hkscs",
    "us-ascii": "western", "ascii": "western", "ansi_x3.4-1968": "western", "": "guess",
    "iso-8859-1": "western", "iso8859-1": "western", "latin1": "western", "latin-1": "western",
    "windows-1252": "western", "cp1252": "western", "ansi": "western", "x-ansi": "western",
    "iso-8859-8-i": "iso8859_8", "iso-8859-6-i": "iso8859_6", "visual": "iso8859_8",
    "windows-874": "cp874", "tis-620": "cp874", "iso-8859-11": "cp874",
    "unicode-1-1-utf-7": "utf-7", "x-unicode-2-0-utf-7": "utf-7", "utf-7": "utf-7",
    "utf8": "utf-8", "utf-8": "utf-8", "unicode-1-1-utf-8": "utf-8", "utf-8mb4": "utf-8",
    "x-mac-roman": "mac_roman", "macintosh": "mac_roman", "x-mac-japanese": "cp932",
    "x-mac-cyrillic": "mac_cyrillic", "x-unknown": "guess", "unknown-8bit": "guess",
    "unknown": "guess", "default": "guess", "x-user-defined": "guess", "binary": "guess",
    "_autodetect": "guess", "_iso-2022-jp$esc": "jis",
}  # fmt: skip
# As a number: to ask whether octets hold octets costs an exception inside of CPython 3.11.
ESC: Final = 0x1B
_GUESS_OCTETS: Final = 32_768
_TELLING_OCTETS: Final = 2048
"""Of lines beyond ASCII, so many octets tell as much as a whole text, far sooner."""
_LEAST_OCTETS: Final = 64
_LABEL_CHARS: Final = 80
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_EIGHT_BIT_LINE: Final = re.compile(rb"(?m)^[^\n\x80-\xff]*+[\x80-\xff][^\n]*+")
# Codecs of the stdlib that are no charsets: they compress, rotate or read whole files' worth.
_NO_CHARSETS: Final = frozenset({"idna", "punycode", "undefined", "mbcs", "oem"})


@lru_cache(maxsize=512)
def codec_for(charset: str) -> str:
    """Return our codec's name for a charset label: a stdlib codec, `jis`, `western`, `guess`."""
    label = charset.strip(" \t\r\n\"'<>;,").lower()
    if (known := _CODECS.get(label)) is not None:
        return known
    plain = label.replace("_", "-").removeprefix("charset=").removeprefix("cs")
    if (known := _CODECS.get(plain)) is not None:
        return known
    if not plain.isascii() or len(plain) > 40:
        return "guess"
    try:
        entry = codecs.lookup(plain)
    except (LookupError, ValueError):
        return "guess"
    is_charset = getattr(entry, "_is_text_encoding", False) and entry.name not in _NO_CHARSETS
    escapes = "escape" in entry.name
    return entry.name if is_charset and not escapes else "guess"


def decode_text(octets: bytes, charset: str) -> tuple[str, str]:
    """Return the text and the codec that gave it; marked `?` behind when it was a guess."""
    codec = codec_for(charset[:_LABEL_CHARS]) if charset != "utf-8" else charset
    if codec in ("utf-8", "western", "guess"):
        if octets.isascii() and (codec != "guess" or ESC not in octets):
            return octets.decode("ascii"), "utf-8" if codec == "utf-8" else "us-ascii"
        if codec == "guess":
            return guess_text(octets)
    if codec == "jis":
        return _decode_japanese(octets)
    if codec == "western":
        return _decode_western(octets)
    try:
        text = octets.decode(codec)
    except (UnicodeError, ValueError):
        return _decode_damaged(octets, codec)
    # UTF-7 can spell half a surrogate pair, which no text may hold.
    return (_SURROGATE.sub("\ufffd", text) if codec == "utf-7" else text), codec


def guess_text(octets: bytes, hint: str = "") -> tuple[str, str]:
    """Return the text of octets that nobody labelled, and the codec that gave it.

    `hint` is a charset declared near by; it is tried when the octets are no UTF-8.
    """
    if b"\x1b$" in octets or b"\x1b(" in octets:
        return decode_jis(octets), "iso-2022-jp?"
    try:
        return octets.decode("utf-8"), "utf-8?"
    except UnicodeDecodeError:
        pass
    if hint and (codec := codec_for(hint)) not in ("guess", "western", "jis"):
        text, used = decode_text(octets, hint)
        if used == codec and "\ufffd" not in text:
            return text, f"{codec}?"
    if (east := _east_asian(octets)) is not None:
        return east
    telling = b"\n".join(_EIGHT_BIT_LINE.findall(octets[:_GUESS_OCTETS]))[:_TELLING_OCTETS]
    best = charset_normalizer.from_bytes(telling).best() if len(telling) >= _LEAST_OCTETS else None
    codec = best.encoding if best is not None else "latin-1"
    if best is None or codec.startswith("utf") or codec == "ascii":
        codec = "cp1252"
    return _decode_damaged(octets, codec)[0], f"{codec}?"


def _east_asian(octets: bytes) -> tuple[str, str] | None:
    """Return octets read as Japanese when kana says so, which chance hardly makes."""
    for codec in ("cp932", "euc_jp"):
        try:
            text = octets[:_GUESS_OCTETS].decode(
                codec, "strict" if len(octets) <= _GUESS_OCTETS else "replace"
            )
        except UnicodeDecodeError:
            continue
        kana = sum(1 for char in text if "\u3041" <= char <= "\u30fc")
        wide = sum(1 for char in text if char > "\u007f")
        if wide and kana * 4 >= wide:
            return octets.decode(codec, "replace"), f"{codec}?"
    return None


def _decode_japanese(octets: bytes) -> tuple[str, str]:
    """Return text labelled ISO-2022-JP; without escapes it is what a mailer mislabelled."""
    if b"\x1b" in octets or octets.isascii():
        return decode_jis(octets), "iso-2022-jp"
    return guess_text(octets)


def _decode_western(octets: bytes) -> tuple[str, str]:
    """Return text labelled ASCII or Latin-1: UTF-8 when it is that, else windows-1252."""
    try:
        return octets.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    if b"\x1b$" in octets:
        return decode_jis(octets), "iso-2022-jp?"
    return _decode_damaged(octets, "cp1252")[0], "windows-1252"


def _decode_damaged(octets: bytes, codec: str) -> tuple[str, str]:
    """Return what can be read, the right one of two near codecs chosen."""
    if codec != "utf-8":
        try:
            return octets.decode("utf-8"), "utf-8?"
        except UnicodeDecodeError:
            pass
    try:
        return _SURROGATE.sub("\ufffd", octets.decode(codec, "replace")), codec
    except (UnicodeError, ValueError):  # pragma: no cover - for codecs of other Pythons
        return octets.decode("latin-1"), "latin-1?"
