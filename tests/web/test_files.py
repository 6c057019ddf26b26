"""How the pages hand out what letters hold: their HTML, and their files."""

from __future__ import annotations

import pytest

from gateway.config.settings import Config
from gateway.web.vault import Vault
from tests.letters import forward_of
from tests.web.conftest import ANNA, CAROL, Browser, Mail
from tests.web.correspondence import OFFER, html_letter


@pytest.mark.parametrize(
    "bad",
    [
        "<script>alert(1)</script>", "<img src=https://evil.example/p.gif>",
        "<a href='javascript:alert(1)'>x</a>", "<p style='background:url(//evil.example)'>x</p>",
        "<style>@import '//evil.example'</style>", "<iframe src=//evil.example></iframe>",
        "<form action=//evil.example><input></form>", "<svg><script>alert(1)</script></svg>",
        "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
        "<meta http-equiv=refresh content='0;url=//evil.example'>", "<base href=//evil.example>",
        "<p onclick=alert(1)>x</p>", "<link rel=stylesheet href=//evil.example>",
        "<object data=//evil.example></object>", "<video src=//evil.example></video>",
    ],
)  # fmt: skip
def test_html_of_a_letter_runs_nothing_and_fetches_nothing(
    mail: Mail, anna: Browser, bad: str
) -> None:
    mail(OFFER, sent=True, to=CAROL)
    (entry,) = mail(html_letter(f"<p><b>Hello</b></p>{bad}"), minutes=1)
    answer = anna.get(f"/messages/{entry}/html")
    body = answer.text.partition("<body>")[2].lower()
    assert "<b>hello</b>" in body
    for sign in ("script", "evil.example", "onerror", "onclick", "<img", "<form", "<style", "<svg"):
        assert sign not in body
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy


def test_attachment_is_handed_out_as_a_download_octet_for_octet(
    mail: Mail, anna: Browser, config: Config
) -> None:
    head = (
        f"From: Carol <{CAROL}>\r\nTo: {ANNA}\r\nSubject: Files\r\n"
        "Message-ID: <files@customer.example>\r\nIn-Reply-To: <offer@corp.example>\r\n"
        "Date: Mon, 23 Nov 2026 11:59:00 +0000\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n"
        "--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n"
        "Content-Disposition: attachment; filename*=UTF-8''%E8%A6%8B%E7%A9%8D.html\r\n\r\n"
        "PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==\r\n--b--\r\n"
    )
    mail(OFFER, sent=True, to=CAROL)
    (entry,) = mail(head.encode(), minutes=1)
    assert "見積.html" in anna.get(f"/messages/{entry}").text
    answer = anna.get(f"/messages/{entry}/files/1")
    assert answer.content == b"<script>alert(1)</script>"
    assert answer.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''%E8%A6%8B%E7%A9%8D.html"
    )
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert anna.get(f"/messages/{entry}/files/2").status_code == 404
    with Vault(config.gateway.state) as vault:
        assert "downloaded" in {deed.did for deed in vault.deeds(5)}


FILES = (
    f"From: Carol <{CAROL}>\r\nTo: {ANNA}\r\nSubject: Files\r\n"
    "Message-ID: <files@customer.example>\r\nDate: Mon, 23 Nov 2026 11:59:00 +0000\r\n"
    'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: text/html\r\n\r\n<b>See the file.</b>\r\n"
    "--b\r\nContent-Type: application/pdf\r\n"
    'Content-Disposition: attachment; filename="a.pdf"\r\n\r\n%PDF-1.4 of Carol\r\n--b--\r\n'
).encode()


def test_file_of_a_forwarded_letter_is_that_of_the_letter_inside(mail: Mail, bea: Browser) -> None:
    outer = forward_of(FILES, author=ANNA, to="log@crm.corp.example")
    (entry,) = mail(outer, sent=True, to="log@crm.corp.example")
    page = bea.get(f"/messages/{entry}").text
    assert "See the file." in page
    assert bea.get(f"/messages/{entry}/files/1").content == b"%PDF-1.4 of Carol"
    assert bea.get(f"/messages/{entry}/html").status_code == 404


def test_file_that_a_scanner_took_out_is_told_with_its_name(
    mail: Mail, anna: Browser, config: Config
) -> None:
    head = (
        f"From: Carol <{CAROL}>\r\nTo: {ANNA}\r\nSubject: Files\r\n"
        "Message-ID: <taken@customer.example>\r\nIn-Reply-To: <offer@corp.example>\r\n"
        "Date: Mon, 23 Nov 2026 11:59:00 +0000\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n"
        "--b\r\nContent-Type: text/plain\r\n"
        'Content-Disposition: attachment; filename="Malware Alert Text.txt"\r\n\r\n'
        "Malware was found.\r\n--b--\r\n"
    )
    mail(OFFER, sent=True, to=CAROL)
    (entry,) = mail(head.encode(), minutes=1)
    for path in (f"/messages/{entry}", "/contacts/1"):
        assert "stripped by Exchange anti-malware" in anna.get(path).text
    page = anna.get("/contacts/1", **{"accept-language": "ja"}).text
    assert "Exchange anti-malware が除去" in page
