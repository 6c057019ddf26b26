"""Signing in: who may, how often, and what a session is worth."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette

from gateway.config.load import parse_config
from gateway.config.settings import Config
from gateway.web.app import new_app
from gateway.web.vault import PasswordTooShortError, Vault
from tests.letters import NOON
from tests.web.conftest import ANNA, BEA, PASSWORD, Browser, clock

PAGES = (
    "/", "/decisions", "/search?q=x", "/contacts", "/contacts/1", "/companies/customer.example",
    "/threads/1", "/messages/0000000000000001", "/messages/0000000000000001/html",
    "/messages/0000000000000001/quoted", "/messages/0000000000000001/files/1",
    "/messages/0000000000000001/do/log", "/held", "/suggestions", "/policy", "/admin",
)  # fmt: skip
FORMS = (
    "/sign-out", "/contacts/1/merge", "/contacts/1/earlier", "/messages/0000000000000001/do/log",
    "/held", "/suggestions",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_a_page_without_signing_in(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("path", FORMS)
def test_nobody_changes_anything_without_signing_in(browser: Browser, path: str) -> None:
    answer = browser.post(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/")


@pytest.mark.parametrize("path", FORMS)
def test_form_without_the_token_of_its_session_is_refused(
    anna: Browser, bea: Browser, path: str
) -> None:
    for token in ("", "x", bea.csrf):
        answer = anna.post(path, csrf=token)
        assert answer.status_code == 403
        assert "not of your session" in answer.text


def test_live_tail_is_for_admins(anna: Browser, browser: Browser) -> None:
    assert [one.get("/admin/live").status_code for one in (anna, browser)] == [403, 403]


@pytest.mark.parametrize("path", ["/policy", "/admin"])
def test_member_sees_no_page_of_the_admin(anna: Browser, bea: Browser, path: str) -> None:
    assert anna.get(path).status_code == 403
    assert bea.get(path).status_code == 200


def test_right_password_leads_to_the_page_that_was_asked(browser: Browser) -> None:
    answer = browser.post("/sign-in?next=/held", address=ANNA, password=PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/held")


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_signing_in_never_leads_to_another_host(browser: Browser, away: str) -> None:
    answer = browser.post(f"/sign-in?next={away}", address=ANNA, password=PASSWORD)
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("user", [ANNA, "nobody@corp.example", "no address"])
def test_wrong_password_and_unknown_user_are_told_alike(browser: Browser, user: str) -> None:
    answer = browser.sign_in(user, "wrong-password")
    assert answer.status_code == 401
    assert "do not fit together" in answer.text


def test_too_many_attempts_have_to_wait_even_with_the_right_password(browser: Browser) -> None:
    for _ in range(10):
        assert browser.sign_in(ANNA, "wrong-password").status_code == 401
    assert browser.sign_in(ANNA).status_code == 429
    assert browser.sign_in(BEA).status_code == 303


def test_form_of_another_site_signs_nobody_in(browser: Browser) -> None:
    answer = browser._ask(
        "POST",
        "/sign-in",
        data={"address": ANNA, "password": PASSWORD},
        headers={"sec-fetch-site": "cross-site"},
    )
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


def test_session_ends_at_the_server_when_its_user_signs_out(anna: Browser) -> None:
    cookies = dict(anna.cookies)
    anna.post("/sign-out")
    anna.cookies.update(cookies)
    assert anna.get("/").status_code == 303


def test_session_ends_when_its_user_gets_another_password(anna: Browser, config: Config) -> None:
    with Vault(config.gateway.state, clock=clock) as vault:
        vault.set_password(ANNA, "another-password")
    assert anna.get("/").status_code == 303


def test_cookie_that_was_not_signed_here_is_none(anna: Browser) -> None:
    (name,) = anna.cookies.keys()
    anna.cookies.set(name, "x" * 43 + ".forged")
    assert anna.get("/").status_code == 303


def test_cookie_cannot_be_read_by_script_or_sent_by_other_sites(browser: Browser) -> None:
    cookie = browser.sign_in(ANNA).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_cookie_behind_https_is_secure_and_bound_to_its_host(
    config: Config, app: Starlette, tmp_path: Path
) -> None:
    text = config.file.read_text() + '[web]\npublic_url = "https://timeline.corp.example"\n'
    secure = new_app(parse_config(text, tmp_path / "x.toml", {}), clock=clock)
    answer = Browser(secure).post("/sign-in", address=ANNA, password=PASSWORD)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-replygate=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert answer.headers["strict-transport-security"]


def test_password_that_could_be_guessed_is_refused(config: Config) -> None:
    with (
        Vault(config.gateway.state) as vault,
        pytest.raises(PasswordTooShortError, match="10 char"),
    ):
        vault.set_password(ANNA, "short")


def test_password_is_kept_as_argon2id_in_a_file_of_our_own(config: Config, app: Starlette) -> None:
    file = config.gateway.state / "web.db"
    assert file.stat().st_mode & 0o077 == 0
    with Vault(config.gateway.state) as vault:
        (row,) = vault._rows("SELECT hash FROM passwords WHERE user = ?", ANNA)
    assert row[0].startswith("$argon2id$")


def test_form_of_unsaid_or_large_size_is_refused(anna: Browser) -> None:
    assert anna.post("/held", entry="x" * 1_100_000).status_code == 413


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nowhere", "/static/style.css"])
def test_every_answer_forbids_script_of_others_and_guessing_of_types(
    anna: Browser, path: str
) -> None:
    headers = anna.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"


def test_pages_are_kept_by_no_cache(anna: Browser) -> None:
    assert anna.get("/").headers["cache-control"] == "no-store"


def test_audit_log_tells_who_looked_at_what(anna: Browser, config: Config) -> None:
    anna.get("/companies/customer.example")
    anna.get("/search?q=offer")
    anna.get("/held")
    with Vault(config.gateway.state) as vault:
        seen = [(deed.user, deed.did, deed.what) for deed in vault.deeds(9)]
    assert seen == [(ANNA, "looked at", "/search offer")]


def test_audit_log_forgets_after_its_time(config: Config, tmp_path: Path) -> None:
    with Vault(tmp_path, clock=lambda: NOON - timedelta(days=30), audit_days=30) as vault:
        vault.note(ANNA, "looked at", "long ago")
    with Vault(tmp_path, clock=lambda: NOON, audit_days=30) as vault:
        vault.note(ANNA, "looked at", "now")
        assert [deed.what for deed in vault.deeds(9)] == ["now"]
