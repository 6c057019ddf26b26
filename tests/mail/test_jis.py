from __future__ import annotations

import pytest

from gateway.mail.jis import decode_jis


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"abc \x1b$BF|K\\\x1b(B def", "abc 日本 def"),
        (b"\x1b$@F|K\\\x1b(J", "日本"),
        (b"\x1b$B-!\x1b(B", "①"),
        (b"\x1b$B-jF|\x1b(B", "㈱日"),
        (b"\x1b$B|b\x1b(B", "髙"),
        (b"\x1b(I1\x1b(B", "ｱ"),
        (b"\x0e1\x0fa", "ｱa"),
        (b"\x1b$(D0!\x1b(B", "丂"),
        (b"\x1b$(Q-!\x1b(B", "①"),
        (b"\x1b$(P!!\x1b(B", "𠂉"),
        (b"\x1b$A0!\x1b(B", "啊"),
        (b"\x1b$(C0!\x1b(B", "가"),
        (b"\x1b$BF|\nabc", "日\nabc"),
        (b"\x1b$BF|K\\\x1b(B" + "と".encode(), "日本と"),
        (b"\x1b$BF|\x1b(B\xb1", "日ｱ"),
        (b"\x1b$B-!K", "①K"),
        (b"\x1b$B-!" + b"F|" * 100, "①" + "日" * 100),
        (b"\x1b$B-!\x20\x20", "①  "),
        (b"", ""),
        (b"\x1bZ", "\x1bZ"),
    ],
)
def test_dialects_of_iso_2022_jp(octets: bytes, text: str) -> None:
    assert decode_jis(octets) == text


@pytest.mark.parametrize(
    "octets", [b"\x1b$B\xff\x7f", b"\x1b$(D\x80", b"\x1b(I\xff", b"\x1b$B~~-!"]
)
def test_what_is_in_no_table_raises_nothing(octets: bytes) -> None:
    assert isinstance(decode_jis(octets), str)
