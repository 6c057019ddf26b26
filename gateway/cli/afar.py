"""A gateway afar: commands ask its API in place of the record here.

`replygate --remote URL --token-file FILE …`, or $REPLYGATE_URL and $REPLYGATE_TOKEN.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import click

from gateway.cli.command import URL
from gateway.cli.trouble import CommandError
from gateway.config.sinks import is_loopback

TOKEN = "REPLYGATE_TOKEN"  # noqa: S105 - the name of a variable
TIMEOUT_S = 120.0
"""Judging much again takes its time."""
T = TypeVar("T")


def afar(ctx: click.Context) -> Afar | None:
    """Return the gateway that --remote or the environment names; None is the one here."""
    told = ctx.find_root().meta
    if "afar" not in told:
        url = told.get("remote") or os.environ.get(URL, "")
        told["afar"] = made = Afar(url, _token(told.get("token_file"))) if url else None
        if made is not None:
            ctx.find_root().call_on_close(made.close)
    found: Afar | None = told["afar"]
    return found


def _token(file: str | None) -> str:
    token = Path(file).read_text().strip() if file else os.environ.get(TOKEN, "")
    if not token:
        raise CommandError(
            f"There is no token for the gateway. Name a file with --token-file, or set ${TOKEN};"
            " its admin makes one with: replygate token create USER"
        )
    return token


class Afar:
    """A gateway that is asked by its API."""

    def __init__(self, url: str, token: str) -> None:
        place = urlsplit(url)
        if place.scheme not in {"http", "https"} or not place.hostname:
            raise CommandError(f"{url} is no address of a gateway, such as https://mail.example.")
        if place.scheme == "http" and not is_loopback(place.hostname):
            raise CommandError(f"The token would cross the network to {url} in the clear: https.")
        self.url = url.rstrip("/")
        import httpx

        self._client = httpx.Client(
            base_url=f"{self.url}/api/v1",
            headers={"Authorization": f"Bearer {token}", "User-Agent": "replygate"},
            timeout=TIMEOUT_S,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, kind: type[T], **query: Any) -> T:
        """Return what is told. Raises CommandError."""
        import msgspec

        given = {name: value for name, value in query.items() if value not in {None, ""}}
        return self._ask("GET", path, kind, params=msgspec.to_builtins(given))

    def send(self, method: str, path: str, kind: type[T], **body: Any) -> T:
        """Return what came of a change. Raises CommandError."""
        import msgspec

        return self._ask(method, path, kind, json=msgspec.to_builtins(body))

    def post(self, path: str, kind: type[T], **body: Any) -> T:
        """Return what came of a change. Raises CommandError."""
        return self.send("POST", path, kind, **body)

    def _ask(self, method: str, path: str, kind: type[T], **more: Any) -> T:
        import httpx
        import msgspec

        from gateway.web.api.shapes import Problem

        try:
            answer = self._client.request(method, path, **more)
        except httpx.HTTPError as error:
            raise CommandError(
                f"{self.url} does not answer ({error or type(error).__name__}). Is replygate web"
                " running there?"
            ) from error
        try:
            if answer.is_success:
                return msgspec.json.decode(answer.content, type=kind)
            raise CommandError(msgspec.json.decode(answer.content, type=Problem).detail)
        except msgspec.MsgspecError as error:
            raise CommandError(
                f"{self.url} answered {answer.status_code} and nothing that is known here. Is it a"
                " replygate of this version?"
            ) from error


def part(word: str) -> str:
    """Return a word as a part of a path."""
    return quote(word, safe="@+")
