from __future__ import annotations

import pytest

from gateway.mail import limits
from gateway.mail.filenames import safe_filename


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a.txt", "a.txt"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\a.exe", "a.exe"),
        ("a\u202etxt.exe", "atxt.exe"),
        ("a\x00\x07.txt", "a.txt"),
        ("a\r\n  b.txt", "a b.txt"),
        ("e\u0301.txt", "é.txt"),
        ("a.txt. . ", "a.txt"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1"),
        ("console.txt", "console.txt"),
        ("..", ""),
        ("\ud800a", "a"),
    ],
)
def test_names_are_safe_to_show(written: str, shown: str) -> None:
    assert safe_filename(written) == shown


@pytest.mark.parametrize(
    ("written", "ending"),
    [("日" * 200 + ".docx", ".docx"), ("x" * 300, "x"), ("x." + "y" * 300, "y")],
)
def test_long_names_are_cut_and_keep_their_extension(written: str, ending: str) -> None:
    name = safe_filename(written)
    assert len(name.encode()) <= limits.FILENAME_OCTETS
    assert name.endswith(ending)
