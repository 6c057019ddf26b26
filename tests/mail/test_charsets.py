from __future__ import annotations

import time

import pytest

from gateway.mail.charsets import codec_for, decode_text, guess_text


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        ("①㈱髙﨑~", "cp932", "windows-31j"),
        ("日本語ｱ", "cp932", "Shift_JIS"),
        ("日本語", "euc_jp", "EUC-JP"),
        ("简体，〇", "gb18030", "gb2312"),
        ("あいう", "gb18030", "gb2312"),
        ("繁體", "big5hkscs", "big5"),
        ("똠방각하", "cp949", "ks_c_5601-1987"),
        ("naïve “x” €", "cp1252", "iso-8859-1"),
        ("naïve", "utf-8", "iso-8859-1"),
        ("naïve", "utf-8", "us-ascii"),
        ("zażółć", "iso8859_2", "iso-8859-2"),
        ("привет", "koi8_r", "koi8-r"),
        ("plain", "ascii", "us-ascii"),
        ("plain", "ascii", ""),
        ("ü", "utf-7", "unicode-1-1-utf-7"),
        ("ü", "utf-8", '"UTF-8"'),
        ("שלום", "iso8859_8", "iso-8859-8-i"),
        ("ü", "utf-16", "utf-16"),
        ("ü", "cp1252", "csISOLatin1"),
        ("ü", "utf-8", "Unicode_1-1_UTF-8"),
    ],
)
def test_the_text_shown_is_the_text_written(text: str, codec: str, label: str) -> None:
    assert decode_text(text.encode(codec), label)[0] == text


@pytest.mark.parametrize(
    "label", ["foo", "rot13", "base64", "idna", "raw_unicode_escape", "ü" * 3, "x" * 99, "a\0b"]
)
def test_what_is_no_charset_is_guessed(label: str) -> None:
    assert codec_for(label) == "guess"
    assert decode_text("日本".encode(), label) == ("日本", "utf-8?")


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("これはテストです".encode("cp932"), "これはテストです"),
        ("これはテストです".encode("euc_jp"), "これはテストです"),
        ("日本".encode("iso2022_jp"), "日本"),
        ("日本".encode(), "日本"),
        ("Grüße".encode("latin-1"), "Grüße"),
        (b"\x81", "\ufffd"),
    ],
)
def test_unlabelled_octets_are_read_by_what_they_look_like(octets: bytes, text: str) -> None:
    assert guess_text(octets)[0] == text


def test_a_long_unlabelled_text_is_told_by_its_letters() -> None:
    text = "Съешь же ещё этих мягких французских булок, да выпей чаю. " * 8
    assert guess_text(text.encode("cp1251"))[0] == text


def test_damaged_octets_keep_what_can_be_read() -> None:
    assert decode_text(b"ab\xffcd", "utf-8") == ("ab\ufffdcd", "utf-8")


def test_utf_8_under_another_label_is_seen() -> None:
    assert decode_text("日本語".encode(), "euc-kr")[0] == "日本語"


def test_a_label_of_iso_2022_jp_without_escapes_is_guessed() -> None:
    assert decode_text("これは".encode("cp932"), "iso-2022-jp")[0] == "これは"


def test_escapes_under_a_western_label_are_japanese() -> None:
    assert decode_text("日本".encode("iso2022_jp") + b"\xff", "us-ascii")[0].startswith("日本")


def test_no_text_holds_half_a_character() -> None:
    decode_text(b"+2AA-", "utf-7")[0].encode()
    decode_text(b"+2AA-\xff", "utf-7")[0].encode()


def test_a_codec_that_cannot_replace_falls_back() -> None:
    assert decode_text(b"\xff", "utf-7")[0] == "\ufffd"


def test_a_long_line_is_guessed_in_linear_time() -> None:
    began = time.perf_counter()
    guess_text(b"a" * 30_000 + b"\n\xff" + b"b" * 30_000)
    assert time.perf_counter() - began < 1
