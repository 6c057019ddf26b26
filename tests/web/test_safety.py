"""What keeps the pages and the API safe, held against every address that there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.config.settings import Config, Web
from gateway.store.registry import Registry
from gateway.web.app import new_app
from tests.letters import letter
from tests.web.api.conftest import Caller
from tests.web.conftest import ANNA, BEA, Browser, Mail, clock

PARTS = {
    "contact": 1, "domain": "customer.example", "thread": 1, "entry": "0000000000000001",
    "number": 1, "kind": "log", "name": "log", "token": 1, "user": ANNA, "push": 1,
}  # fmt: skip
OPEN = {"/sign-in"}
"""What nobody has to sign in for; it looks at where the form came from."""
FILE = (
    b"From: Carol <carol@customer.example>\r\nTo: anna@corp.example\r\nSubject: A page\r\n"
    b"Date: Mon, 23 Nov 2026 12:00:00 +0000\r\nMessage-ID: <page@customer.example>\r\n"
    b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=_b"\r\n\r\n'
    b"--=_b\r\nContent-Type: text/plain\r\n\r\nSee the page.\r\n"
    b'--=_b\r\nContent-Type: text/html; name="page.html"\r\n'
    b'Content-Disposition: attachment; filename="page.html"\r\n\r\n'
    b"<script>alert(1)</script>\r\n--=_b--\r\n"
)


def forms(app: Starlette) -> Iterator[str]:
    """Yield the addresses of everything that a form changes."""
    for route in app.routes:
        if isinstance(route, Route) and "POST" in (route.methods or ()):
            parts = {name: PARTS.get(name, 1) for name in route.param_convertors}
            yield str(route.url_path_for(route.name, **parts))


def test_every_form_needs_the_token_of_its_session(
    app: Starlette, company: Registry, bea: Browser, anna: Browser
) -> None:
    paths = [path for path in forms(app) if path not in OPEN]
    assert len(paths) >= 10
    for token in ("", anna.csrf):
        refused = {path: bea.post(path, csrf=token).status_code for path in paths}
        assert set(refused.values()) == {403}, refused


def test_every_form_needs_somebody_who_signed_in(app: Starlette, browser: Browser) -> None:
    told = {path: browser.post(path).status_code for path in forms(app) if path not in OPEN}
    assert set(told.values()) == {303}, told


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/openapi.json", "/api/v1/nowhere"])
def test_api_answers_with_the_headers_of_the_pages(anna: Browser, path: str) -> None:
    headers = anna.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


def test_file_is_a_download_of_no_type_that_a_browser_runs(
    mail: Mail, app: Starlette, anna: Browser
) -> None:
    mail(letter(author=ANNA, to="carol@customer.example", message_id="o@corp.example"), sent=True)
    (entry,) = mail(FILE)
    path = f"/messages/{entry}/files/1"
    for answer in (anna.get(path), Caller(app, ANNA).get(path)):
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.content == b"<script>alert(1)</script>"


def test_no_page_holds_script_or_style_of_its_own(anna: Browser, bea: Browser) -> None:
    for path in ("/", "/decisions", "/contacts", "/held", "/suggestions", "/policy", "/admin"):
        page = bea.get(path).text
        assert "<script>" not in page
        assert " style=" not in page
        assert " onclick=" not in page


def test_sign_in_is_limited_for_a_machine_that_tries_many_users(
    config: Config, company: Registry
) -> None:
    few = replace(config, web=Web(sign_ins_per_minute=1))
    browser = Browser(new_app(few, clock=clock))
    tried = [browser.sign_in(f"u{n}@corp.example", "wrong-password").status_code for n in range(10)]
    assert set(tried) == {401}
    assert browser.sign_in(BEA).status_code == 429
