"""Calls of Salesforce's REST API: the token, queries, and what its answers mean.

Standards: "OAuth 2.0 Client Credentials Flow" (the client acts as the user whom its app names);
"OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration" (RS256; `iss` the client, `sub` the
user, `aud` the login server, `exp` within three minutes; "this flow does require prior approval");
REST API Developer Guide, "Status Codes and Error Responses" (401: the session has expired; 403 with
REQUEST_LIMIT_EXCEEDED: the day's requests are used up), "Query", "Composite".

Limits: both flows need My Domain as `url`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from gateway.interfaces import SinkDeniedError, SinkRefusedError, SinkUnavailableError
from gateway.sinks.crm import CrmClient, CrmSettings
from gateway.sinks.http import fault_of

VERSION: Final = "v62.0"
"""Versions are served for three years at least ("API End-of-Life Policy")."""
PLACE: Final = f"/services/data/{VERSION}"
LIMIT_WAIT_S: Final = 3600.0
"""The limit counts the requests of 24 hours: a rolling hour gives some back."""
COMPOSITE_LIMIT: Final = 25
"""Subrequests of one composite call ("Composite")."""


JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_S: Final = 120
"""How long an assertion is good for: three minutes are the most."""


def is_key(secret: str) -> bool:
    """Whether what stands behind the client id is a private key, not a client secret."""
    return secret.lstrip().startswith("-----BEGIN")


def audience(url: str) -> str:
    """Return the login server of an organisation: a sandbox has another one."""
    is_sandbox = ".sandbox." in (urlsplit(url).hostname or "")
    return "https://test.salesforce.com" if is_sandbox else "https://login.salesforce.com"


class SalesforceApi:
    """One organisation."""

    def __init__(self, secret: str, settings: CrmSettings, clock: Callable[[], datetime]) -> None:
        """Take the parts; the secret is `client-id:client-secret`, or `client-id:` and a key."""
        self._id, _, self._secret = secret.strip().partition(":")
        self._settings = settings
        self._clock = clock
        self._token = ""
        self._client = CrmClient(settings, clock, self._headers, judge=fault_of_salesforce)

    async def call(self, method: str, place: str, **options: Any) -> Any:
        """Return what is answered as JSON; a session that has expired is opened again, once.

        Raises what the answer means.
        """
        return await self._once_more(self._client.call, method, place, **options)

    async def find(self, method: str, place: str, **options: Any) -> Any:
        """Return what is answered, or None for what is not there (404)."""
        return await self._once_more(self._client.find, method, place, **options)

    async def query(self, soql: str) -> list[dict[str, Any]]:
        """Return the records of a query, all of its pages."""
        said = await self.call("GET", f"{PLACE}/query", params={"q": soql})
        records = list(said["records"])
        while said.get("nextRecordsUrl"):
            said = await self.call("GET", said["nextRecordsUrl"])
            records += said["records"]
        return records

    async def composite(self, requests: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Do all of these or none; return what each is answered.

        "The top-level request returns HTTP 200 and includes responses for each subrequest."
        """
        asked = {"allOrNone": True, "compositeRequest": list(requests)}
        said = await self.call("POST", f"{PLACE}/composite", json=asked)
        answers = list(said["compositeResponse"])
        for one in answers:
            told = (one["body"] or [{}])[0] if isinstance(one["body"], list) else {}
            if one["httpStatusCode"] >= 400 and told.get("errorCode") != "PROCESSING_HALTED":
                message = f"Salesforce refused it: {told.get('message', 'no words')}"
                if told.get("errorCode") == "UNABLE_TO_LOCK_ROW":
                    raise SinkUnavailableError(message, everything=False)
                raise SinkRefusedError(message)
        return answers

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _once_more(
        self, does: Callable[..., Any], method: str, place: str, **options: Any
    ) -> Any:
        if not self._token:
            await self._sign_in()
        try:
            return await does(method, place, **options)
        except _ExpiredError:
            await self._sign_in()
            return await does(method, place, **options)

    async def _sign_in(self) -> None:
        self._token = ""
        if is_key(self._secret):
            told = {"grant_type": JWT_BEARER, "assertion": self._assertion()}
        else:
            told = {
                "grant_type": "client_credentials",
                "client_id": self._id,
                "client_secret": self._secret,
            }
        said = await self._client.call("POST", "/services/oauth2/token", data=told)
        self._token = str(said["access_token"])

    def _assertion(self) -> str:
        """Return what says, signed by our key, who asks for whom. Raises SinkDeniedError."""
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import RSAKey

        claims = {
            "iss": self._id,
            "sub": self._settings.login,
            "aud": audience(self._settings.url),
            "exp": int(self._clock().timestamp()) + ASSERTION_S,
        }
        try:
            return jwt.encode({"alg": "RS256"}, claims, RSAKey.import_key(self._secret.strip()))
        except (JoseError, ValueError, TypeError) as error:
            raise SinkDeniedError(
                f"The key of this sink is no RSA key in PEM ({type(error).__name__})."
                " Check the credential: the client id, a colon, and the key behind it."
            ) from error

    def _headers(self, _: str, __: str) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self._token}"} if self._token else {}


class _ExpiredError(SinkDeniedError):
    """The session is over, or was never one."""


def fault_of_salesforce(answer: httpx.Response, now: datetime) -> Exception | None:
    """Return what an answer means for the push; None when it was taken."""
    fault = fault_of(answer, now)
    if fault is None:
        return None
    codes = _codes(answer)
    if answer.status_code == 401 and "INVALID_SESSION_ID" in codes:
        return _ExpiredError(str(fault))
    if codes & {"REQUEST_LIMIT_EXCEEDED", "SERVER_UNAVAILABLE"}:
        return SinkUnavailableError(str(fault), retry_after_s=LIMIT_WAIT_S)
    if codes & {"invalid_client_id", "invalid_client", "invalid_grant", "unauthorized_client"}:
        return SinkDeniedError(f"{fault} Check the credential of this sink.")
    if "UNABLE_TO_LOCK_ROW" in codes:
        return SinkUnavailableError(str(fault), everything=False)
    return fault


def soql(value: str) -> str:
    """Return a string as a literal of SOQL ("Quoted String Escape Sequences")."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _codes(answer: httpx.Response) -> set[str]:
    """Return the error codes: a list of errors, or the one of an OAuth endpoint."""
    try:
        said = answer.json()
    except ValueError:
        return set()
    if isinstance(said, dict):
        return {str(said.get("error", ""))}
    return {str(one.get("errorCode", "")) for one in said if isinstance(one, dict)}
