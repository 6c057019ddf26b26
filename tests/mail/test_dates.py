from __future__ import annotations

import pytest

from gateway.mail.dates import parse_date


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        (b"Mon, 23 Nov 2026 09:01:00 +0100", "2026-11-23T08:01:00+00:00"),
        (b"23 Nov 2026 09:01 -0530 (comment)", "2026-11-23T14:31:00+00:00"),
        (b"Mon, 23 Nov 2026 09:01:00 GMT", "2026-11-23T09:01:00+00:00"),
        (b"Mon, 23 Nov 2026 09:01:00 EST", "2026-11-23T14:01:00+00:00"),
        (b"Mon, 23 Nov 2026 09:01:00 XYZ", "2026-11-23T09:01:00+00:00"),
        (b"Mon, 23 Nov 2026 09:01:00", "2026-11-23T09:01:00+00:00"),
        (b"23-Nov-26 09:01:60 +0000", "2026-11-23T09:01:59+00:00"),
        (b"23 Nov 99 09:01:00 +0000", "1999-11-23T09:01:00+00:00"),
        (b"23 Nov 126 09:01:00 +0000", "2026-11-23T09:01:00+00:00"),
        (b"2026-11-23T09:01:00Z", "2026-11-23T09:01:00+00:00"),
        (b"2026/11/23 09:01 +09:00", "2026-11-23T00:01:00+00:00"),
        (b"Mon Nov 23 09:01:00 2026", "2026-11-23T09:01:00+00:00"),
        (b"Wed Oct 9, 2002 11:16:09 +0000", "2002-10-09T11:16:09+00:00"),
    ],
)
def test_dates_as_clients_write_them(written: bytes, utc: str) -> None:
    found = parse_date(written)
    assert found is not None
    assert found.isoformat() == utc


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"yesterday",
        b"Thu, 1 Jan 1970 00:00:00 +0000",
        b"31 Feb 2026 09:01:00 +0000",
        b"31 Foo 2026 09:01:00 +0000",
        b"1 Jan 2026 25:00:00 +0000",
        b"Mon Nov 23 09:01:00",
        b"31 Dec 9999 23:59:59 -2300",
    ],
)
def test_what_is_no_date_gives_none(written: bytes) -> None:
    assert parse_date(written) is None
