"""An access token for XOAUTH2, by a refresh token.

Standards: RFC 6749 §6 (Refreshing an Access Token), §2.3.1 (a client without a secret is public).
"""

from __future__ import annotations

import httpx

TIMEOUT_S = 30.0


def refreshed(url: str, client_id: str, secret: str, scope: str = "") -> str:
    """Return an access token; the secret is a refresh token, or `client-secret:refresh-token`.

    Raises OSError that says what the server answered, and nothing secret.
    """
    client_secret, _, token = secret.rpartition(":")
    told = {"grant_type": "refresh_token", "refresh_token": token, "client_id": client_id}
    told |= {"client_secret": client_secret} if client_secret else {}
    told |= {"scope": scope} if scope else {}
    try:
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as client:
            answer = client.post(url, data=told)
        said = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise OSError(f"{url} gave no token ({type(error).__name__})") from error
    if not answer.is_success or "access_token" not in said:
        why = said.get("error_description") or said.get("error") or answer.status_code
        raise OSError(f"{url} gave no token: {why}")
    return str(said["access_token"])
