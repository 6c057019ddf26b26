"""Messages that are made to be slow: each is to be read within a second (issue of reading)."""

from __future__ import annotations

from collections.abc import Mapping

from tests.mail.build import letter, multipart

HOSTILE: Mapping[str, bytes] = {
    "5 MB header field": b"Subject: " + b"x" * 5_000_000 + b"\r\n\r\nx",
    "5 MB folded field": b"X: y\r\n" + b" x\r\n" * 1_250_000 + b"\r\nx",
    "200,000 references": b"References: " + b"<a@x>" * 200_000 + b"\r\n\r\nx",
    "500,000 addresses": b"To: " + b"a@x," * 500_000 + b"\r\n\r\nx",
    "100,000 nested divs": letter("<div>" * 100_000, Content_Type="text/html"),
    "10,000 parts": multipart("mixed", *["\nx"] * 10_000),
    "500,000 at signs": letter("a@" * 500_000),
    "4 MB bounce": letter("x" * 4_000_000, From="MAILER-DAEMON@x", subject="Undelivered"),
    "encoded words": letter("\n".join(["=?utf-8?Q?x?="] * 100_000), subject="=?x?q?" * 10_000),
    "nested messages": b"Content-Type: message/rfc822\n\n" * 20_000,
    "nested multiparts": b"".join(
        b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(20_000)
    ),
    "colons": letter("From:\n" * 300_000, subject="Fwd: x"),
    "wrote": letter("wrote:\n" * 200_000),
    "dashes": letter("-- \n" * 500_000 + "-----" * 100_000),
    "quotes": letter("> " * 1_000_000),
    "begin": letter("begin 644 x\n" * 200_000),
}
"""Content by what is hostile in it."""
