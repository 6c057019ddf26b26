from __future__ import annotations

import time

import pytest

from gateway.mail.words import decode_unstructured, decode_words


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (b"plain", "plain"),
        (b"=?utf-8?Q?J=C3=B6rg?=", "Jörg"),
        (b"=?utf-8?Q?a_b?=", "a b"),
        (b"=?utf-8?B?5pel?= =?utf-8?B?5pys?=", "日本"),
        (b"=?utf-8?B?5pc=?= =?UTF-8?B?pQ==?=", "日"),
        (b"=?utf-8?Q?=E6=97?=\r\n =?utf-8?Q?=A5?=", "日"),
        (b"=?utf-8?B?5pel?==?utf-8?B?5pys?=", "日本"),
        (b"a =?utf-8?Q?b?= c =?utf-8?Q?d?=", "a b c d"),
        (b"=?iso-8859-1?Q?=FC?= =?utf-8?Q?=C3=BC?=", "üü"),
        (b"=?utf-8*de?Q?=C3=BC?=", "ü"),
        (b"=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "日本"),
        (b"=?utf-8?Q?What??=", "What?"),
        (b"=?utf-8?B?5pel5pys?", "=?utf-8?B?5pel5pys?"),
        (b"=?utf-8?B?5pel5pys!?=", "日本"),
        (b"=?utf-8?B?YWJj5?=", "abc"),
        (b"=?x-unknown?Q?=C3=BC?=", "ü"),
        (b"=?utf-8?Q?a=0D=0ABcc:_x?=", "a Bcc: x"),
        ("ünlabelled".encode(), "ünlabelled"),
        ("これはテスト".encode("cp932"), "これはテスト"),
        ("日本".encode("iso2022_jp"), "日本"),
        (b"a\tb\x00c", "a bc"),
        (b"folded\r\n line", "folded line"),
    ],
)
def test_unstructured_fields_as_clients_write_them(written: bytes, text: str) -> None:
    assert decode_unstructured(written) == text


def test_words_over_the_limit_stay_as_they_are() -> None:
    text = decode_words("=?utf-8?Q?a?=" * 600)
    assert text.startswith("a" * 500)
    assert text.endswith("=?utf-8?Q?a?=")


def test_hostile_words_are_read_in_linear_time() -> None:
    began = time.process_time()
    decode_words("=?x?q?" * 10_000)
    decode_words("=?" * 30_000)
    assert time.process_time() - began < 1
