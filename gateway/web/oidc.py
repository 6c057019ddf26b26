"""Signing in with an OpenID provider: the code flow with PKCE.

Standards: OpenID Connect Core 1.0 §3.1, Discovery 1.0 §4; RFC 7636 (PKCE), RFC 9207 (iss).

Design notes: the provider says who somebody is; who is a user, and what he may, the record says.
Only an address that the provider has verified counts.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from gateway.config.secrets import read_secret
from gateway.config.settings import Web

TIMEOUT_S: Final = 10.0
LEEWAY_S: Final = 60
MOST_OCTETS: Final = 1_000_000
CREDENTIAL: Final = "web_oidc"
"""The name of the client's secret among the credentials; a public client has none."""
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
PATH: Final = "/sign-in/oidc/back"


class ProviderError(Exception):
    """The provider did not say who it is; what it said instead is for the log, not for people."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What has to come back unchanged: kept in a signed cookie meanwhile."""

    state: str
    nonce: str
    verifier: str
    back_to: str

    def written(self) -> str:
        """Return it as text."""
        return json.dumps([self.state, self.nonce, self.verifier, self.back_to])

    @classmethod
    def read(cls, text: str) -> Attempt:
        """Return it again."""
        return cls(*json.loads(text))


def begin(back_to: str) -> Attempt:
    """Return a new attempt."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Attempt(state, nonce, verifier, back_to)


def address_of_provider(web: Web, attempt: Attempt, ours: str) -> str:
    """Return where the browser is sent to. Raises ProviderError."""
    digest = hashlib.sha256(attempt.verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": web.client_id,
        "redirect_uri": f"{ours}{PATH}",
        "scope": "openid email",
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    endpoint = _discovered(web)["authorization_endpoint"]
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"


def who_is(web: Web, attempt: Attempt, answer: Mapping[str, str], ours: str, now: datetime) -> str:
    """Return the verified address of whoever came back with this answer. Raises ProviderError."""
    if not secrets.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
        raise ProviderError("the state is another one")
    if answer.get("iss", web.issuer) != web.issuer:
        raise ProviderError("the answer is of another issuer")
    if not answer.get("code"):
        raise ProviderError(f"no code: {answer.get('error', 'nothing')}")
    known = _discovered(web)
    form = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": f"{ours}{PATH}",
        "code_verifier": attempt.verifier,
        "client_id": web.client_id,
    }
    secret = read_secret(CREDENTIAL, os.environ)
    if secret is not None:
        form["client_secret"] = secret.reveal()
    token = _asked("POST", known["token_endpoint"], form).get("id_token", "")
    claims = _claims(web, str(token), _asked("GET", known["jwks_uri"]), attempt.nonce, now)
    if claims.get("email_verified") not in {True, "true"} or not claims.get("email"):
        raise ProviderError("the provider has verified no address")
    return str(claims["email"])


def _claims(
    web: Web, token: str, keys: Mapping[str, Any], nonce: str, now: datetime
) -> Mapping[str, Any]:
    """Return what a token claims, once it is the provider's, for us, and of this attempt."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        read = jwt.decode(token, KeySet.import_key_set(dict(keys)), algorithms=ALGORITHMS)  # type: ignore[arg-type] # as the provider says them
        jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": web.issuer},
            aud={"essential": True, "value": web.client_id},
            nonce={"essential": True, "value": nonce},
            exp={"essential": True},
        ).validate(read.claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ProviderError(f"the token is not valid: {error}") from error
    if read.claims.get("azp", web.client_id) != web.client_id:
        raise ProviderError("the token is for another client")
    return read.claims


def _discovered(web: Web) -> dict[str, str]:
    """Return what the provider says of itself (Discovery 1.0 §4)."""
    base = web.issuer.rstrip("/")
    found = _asked("GET", f"{base}/.well-known/openid-configuration")
    if found.get("issuer") != web.issuer:
        raise ProviderError("it calls itself by another name")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if not all(isinstance(found.get(name), str) for name in names):
        raise ProviderError("it does not say where to ask")
    return {name: found[name] for name in names}


def _asked(method: str, url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
    try:
        answer = httpx.request(method, url, data=form, timeout=TIMEOUT_S, follow_redirects=False)
        if answer.status_code != 200 or len(answer.content) > MOST_OCTETS:
            raise ProviderError(f"{url} answered {answer.status_code}")
        found = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise ProviderError(f"{url}: {error}") from error
    if not isinstance(found, dict):
        raise ProviderError(f"{url} answered no object")
    return found
