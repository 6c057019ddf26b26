"""Signing in with an OpenID provider: a real one, small, on a socket of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette

from gateway.config.settings import Config
from gateway.web.vault import Vault
from tests.letters import letter
from tests.web.conftest import ANNA, BOB, LATER, Browser, Mail

CLIENT = "replygate"
NOW = int(LATER.timestamp())


@dataclass
class Provider:
    """What the issuer says, and what it was asked."""

    url: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(auto_kid=True))
    signs_with: RSAKey | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    def discovery(self) -> dict[str, str]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        }

    def token(self, form: dict[str, str]) -> dict[str, str]:
        self.asked.append(form)
        key = self.signs_with or self.key
        claims = {"iss": self.url, "aud": CLIENT, "exp": NOW + 60, "iat": NOW, **self.claims}
        return {"id_token": jwt.encode({"alg": "RS256", "kid": self.key.kid or ""}, claims, key)}


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(auto_kid=True)


@pytest.fixture
def provider(key: RSAKey) -> Iterator[Provider]:
    told = Provider(key=key)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys = KeySet([told.key]).as_dict(private=False)
            pages = {"/.well-known/openid-configuration": told.discovery(), "/keys": keys}
            self._say(pages.get(self.path))

        def do_POST(self) -> None:
            octets = self.rfile.read(int(self.headers["Content-Length"]))
            self._say(told.token({k: v[0] for k, v in parse_qs(octets.decode()).items()}))

        def _say(self, said: object) -> None:
            octets = json.dumps(said).encode()
            self.send_response(200 if said else 404)
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def config(config: Config, provider: Provider) -> Config:
    web = replace(config.web, issuer=provider.url, client_id=CLIENT, issuer_name="Corp ID")
    return replace(config, web=web)


@pytest.fixture
def there(mail: Mail, browser: Browser, provider: Provider) -> dict[str, str]:
    """Somebody at the provider: what it was asked to do."""
    mail(letter())
    answer = browser.get("/sign-in/oidc?next=/held")
    assert answer.status_code == 303
    place = urlsplit(answer.headers["location"])
    assert f"{place.scheme}://{place.netloc}{place.path}" == f"{provider.url}/authorize"
    asked = {name: values[0] for name, values in parse_qs(place.query).items()}
    provider.claims = {"nonce": asked["nonce"], "email": ANNA, "email_verified": True}
    return asked


def back(browser: Browser, asked: dict[str, str], **other: str) -> Any:
    given = {"state": asked["state"], "code": "c0de", **other}
    query = "&".join(f"{name}={value}" for name, value in given.items())
    return browser.get(f"/sign-in/oidc/back?{query}")


def is_in(browser: Browser) -> bool:
    return browser.get("/").status_code == 200


def test_user_whom_the_provider_knows_is_let_in(
    there: dict[str, str], browser: Browser, provider: Provider, config: Config
) -> None:
    answer = back(browser, there, iss=provider.url)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/held"
    assert is_in(browser)
    (asked,) = provider.asked
    assert asked["redirect_uri"] == there["redirect_uri"] == "http://127.0.0.1/sign-in/oidc/back"
    assert len(asked["code_verifier"]) > 40
    with Vault(config.gateway.state) as vault:
        assert "signed in by OpenID" in {deed.did for deed in vault.deeds(5)}


def test_secret_of_the_client_is_told_to_the_provider_alone(
    there: dict[str, str],
    browser: Browser,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REPLYGATE_WEB_OIDC", "hush")
    back(browser, there)
    assert provider.asked[0]["client_secret"] == "hush"
    assert "hush" not in str(there)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"}, {"aud": "another"}, {"iss": "https://evil.example"},
        {"exp": NOW - 3600}, {"email_verified": False}, {"email_verified": None}, {"email": ""},
        {"azp": "another"}, {"email": "nonsense"},
    ],
)  # fmt: skip
def test_token_that_is_not_for_this_attempt_lets_nobody_in(
    there: dict[str, str], browser: Browser, provider: Provider, claims: dict[str, Any]
) -> None:
    provider.claims |= claims
    answer = back(browser, there)
    assert answer.status_code == 502
    assert "The sign-in at Corp ID did not work." in answer.text
    assert not is_in(browser)


def test_token_of_another_key_lets_nobody_in(
    there: dict[str, str], browser: Browser, provider: Provider
) -> None:
    provider.signs_with = RSAKey.generate_key()
    assert back(browser, there).status_code == 502
    assert not is_in(browser)


@pytest.mark.parametrize(
    "other", [{"state": "another"}, {"code": ""}, {"iss": "https://evil.example"}]
)
def test_answer_to_another_question_lets_nobody_in(
    there: dict[str, str], browser: Browser, provider: Provider, other: dict[str, str]
) -> None:
    assert back(browser, there, **other).status_code == 502
    assert provider.asked == []
    assert not is_in(browser)


def test_answer_in_another_browser_lets_nobody_in(
    there: dict[str, str], app: Starlette, provider: Provider
) -> None:
    assert back(Browser(app), there).status_code == 502
    assert provider.asked == []


def test_who_is_no_user_is_told_so(
    there: dict[str, str], browser: Browser, provider: Provider
) -> None:
    provider.claims |= {"email": "guest@corp.example"}
    answer = back(browser, there)
    assert answer.status_code == 403
    assert "guest@corp.example is no user of this gateway." in answer.text
    assert not is_in(browser)


def test_form_offers_it_beside_the_password(there: dict[str, str], browser: Browser) -> None:
    page = browser.get("/sign-in?next=/held").text
    assert "Sign in with Corp ID" in page
    assert "/sign-in/oidc?next=%2Fheld" in page
    assert "password" in page


def test_next_page_is_never_another_host(mail: Mail, browser: Browser, provider: Provider) -> None:
    mail(letter())
    answer = browser.get("/sign-in/oidc?next=//evil.example/")
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    provider.claims = {"nonce": asked["nonce"][0], "email": BOB, "email_verified": True}
    assert back(browser, {"state": asked["state"][0]}).headers["location"] == "/"


def test_provider_that_does_not_answer_is_said(
    mail: Mail, browser: Browser, provider: Provider
) -> None:
    mail(letter())
    provider.url = "http://127.0.0.1:1"
    assert "did not work" in browser.get("/sign-in/oidc").text
