from __future__ import annotations

import pytest

from gateway.mail import limits
from gateway.mail.parameters import parse_parameters


@pytest.mark.parametrize(
    ("written", "params"),
    [
        ('text/plain; name="a b.txt"', {"name": "a b.txt"}),
        ("text/plain; name=a.txt; x=1", {"name": "a.txt", "x": "1"}),
        ("text/plain;name = a.txt", {"name": "a.txt"}),
        ("text/plain; name=a b.txt", {"name": "a b.txt"}),
        ('text/plain; name="a\\"b"', {"name": 'a"b'}),
        ('text/plain; name="C:\\dir\\a.txt"', {"name": "C:\\dir\\a.txt"}),
        ('text/plain; name="a.txt', {"name": "a.txt"}),
        ("text/plain; filename*=utf-8'en'%e6%97%a5.txt", {"filename": "日.txt"}),
        ("x; filename*0*=utf-8''%e6%97; filename*1*=%a5; filename*2=.txt", {"filename": "日.txt"}),
        ("x; filename*1=b; filename*0=a", {"filename": "ab"}),
        ("x; filename*0=a; filename*99=z", {"filename": "a"}),
        ("x; filename*0*=%61%62", {"filename": "ab"}),
        ("x; filename=old; filename*=utf-8''new", {"filename": "new"}),
        ('x; name="=?utf-8?B?5pel?=.txt"', {"name": "日.txt"}),
        ('x; filename*0="=?utf-8?B?5pel?=.txt"', {"filename": "日.txt"}),
        ("x; name*z=1", {"name*z": "1"}),
        ("text/plain", {}),
        ("text/plain;", {}),
        ("text/plain; ;; =x; name", {}),
    ],
)
def test_parameters_as_clients_write_them(written: str, params: dict[str, str]) -> None:
    assert parse_parameters(written.encode())[1] == params


def test_the_value_before_them_is_lower_case() -> None:
    assert parse_parameters(b" Text/PLAIN ; a=b")[0] == "text/plain"


def test_raw_octets_in_a_name_are_read() -> None:
    assert parse_parameters(b'x; name="' + "テスト".encode("cp932") + b'"')[1]["name"] == "テスト"


def test_of_two_names_the_first_counts_and_the_doubt_is_noted() -> None:
    _, params, defects = parse_parameters(b"x; boundary=a; boundary=b; boundary=a")
    assert params == {"boundary": "a"}
    assert [d.code for d in defects] == ["duplicate-parameter"]


def test_too_many_parameters_are_cut_and_noted() -> None:
    written = "x" + "".join(f"; p{n}=1" for n in range(100))
    _, params, defects = parse_parameters(written.encode())
    assert len(params) == limits.PARAMETERS
    assert defects[0].code == "too-many-parameters"
