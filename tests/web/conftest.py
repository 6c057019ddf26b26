"""A small company with its mail in a real store, and pages asked over real ASGI."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser as Chrome
from playwright.sync_api import Page, sync_playwright
from starlette.applications import Starlette

from gateway.config.load import load_config
from gateway.config.scanners import all_signatures
from gateway.config.settings import Config
from gateway.config.values import Endpoint
from gateway.filetypes import reader
from gateway.model.envelope import Direction, Relayed, RelayState
from gateway.pipeline import Pipeline, Settings
from gateway.store.opening import open_store
from gateway.store.registry import Registry
from gateway.store.spool import FolderSpool
from gateway.trust.keys import Keys
from gateway.trust.verifier import Verifier
from gateway.web.app import new_app
from gateway.web.desk import COOKIE
from gateway.web.server import new_server
from gateway.web.vault import Vault
from tests.letters import NOON, envelope_of
from tests.web.chrome import FLAGS, Opened, failed, serving

ANNA, BOB, BEA = "anna@corp.example", "bob@corp.example", "bea@corp.example"
CAROL, EVE = "carol@customer.example", "eve@stranger.example"
PASSWORD = "correct-horse-battery"
LATER = NOON + timedelta(hours=1)
T = TypeVar("T")
Mail = Callable[..., list[str]]


def clock() -> datetime:
    return LATER


def apart(work: Callable[[], Coroutine[None, None, T]]) -> T:
    """Run it on a loop of its own in a thread: the one of the test may have a browser's."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work())).result()


@pytest.fixture
def preset() -> str:
    return "hubspot-2020"


@pytest.fixture
def config(tmp_path: Path, preset: str) -> Config:
    file = tmp_path / "replygate.toml"
    file.write_text(
        f"""\
[gateway]
hostname = "gw.corp.example"
state = "{tmp_path}"
domains = ["corp.example"]
[next_hop]
address = "127.0.0.1:1"
[[listener]]
name = "inbound"
address = "127.0.0.1:2"
direction = "inbound"
[addresses]
logging = ["log@crm.corp.example"]
journal = ["journal@gate.example"]
[policy]
preset = "{preset}"
"""
    )
    return load_config(file, {})


@pytest.fixture
def company(config: Config) -> Iterator[Registry]:
    """Anna and Bob sell, Bea administers; all may sign in."""
    with Registry(config.store_path, clock=lambda: NOON - timedelta(days=30)) as registry:
        for address, name in ((ANNA, "Anna Arai"), (BOB, "Bob Berg")):
            registry.add_user(address, name)
            registry.add_mailbox(address, address, "google")
            registry.connect(address)
        registry.add_user(BEA, "Bea Boss", "admin")
        with Vault(config.gateway.state, clock=clock) as vault:
            rows = [(user, hash_of_password(), 0) for user in (ANNA, BOB, BEA)]
            vault._connection.executemany("INSERT INTO passwords VALUES (?, ?, ?)", rows)
        yield registry


@cache
def hash_of_password() -> str:
    """Return the hash, which is slow to make on purpose, made once."""
    return PasswordHasher().hash(PASSWORD)


@pytest.fixture
def mail(config: Config, company: Registry) -> Mail:
    """Return what lets letters come by, the ways of the gateway itself; gives their entries."""

    # Entries are numbered by the clock of the store, which goes on.
    ticks = count()

    def take(*letters: bytes, sent: bool = False, to: str = ANNA, minutes: int = 0) -> list[str]:
        async def work() -> list[str]:
            store = open_store(
                config.store_path,
                domains=frozenset(config.gateway.domains),
                logging_addresses=config.addresses,
                clock=lambda: LATER + timedelta(milliseconds=next(ticks)),
            )
            try:
                pipeline = Pipeline(
                    store,
                    FolderSpool(config.gateway.state / "spool"),
                    Verifier(config.trust, Keys(None)),
                    Settings(policy=config.policy),
                    read=reader(all_signatures(config.signatures)),
                )
                found: list[str] = []
                for number, octets in enumerate(letters):
                    at = NOON + timedelta(minutes=minutes, seconds=number)
                    envelope = envelope_of(
                        octets,
                        direction=Direction.OUTGOING if sent else Direction.INCOMING,
                        mail_from=ANNA if sent else CAROL,
                        rcpt_to=to,
                        received_at=at,
                    )
                    if sent:
                        found += await pipeline.take_as_logged(envelope, at)
                    else:
                        found += await pipeline.take_in(envelope, Relayed(RelayState.BY_MTA), at)
                return found
            finally:
                store.close()

        return apart(work)

    return take


@pytest.fixture
def app(config: Config, company: Registry) -> Starlette:
    return new_app(config, clock=clock)


class Browser:
    """Somebody at the pages: keeps the cookie, and finds the token of a form."""

    def __init__(self, app: Starlette) -> None:
        self.app = app
        self.cookies = httpx.Cookies()
        self.csrf = ""

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._ask("GET", path, headers=headers)

    def post(
        self, path: str, *, csrf: str | None = None, **form: str | list[str]
    ) -> httpx.Response:
        token = self.csrf if csrf is None else csrf
        return self._ask("POST", path, data={**form, "csrf": token})

    def sign_in(self, user: str, password: str = PASSWORD) -> httpx.Response:
        answer = self._ask("POST", "/sign-in", data={"address": user, "password": password})
        if answer.status_code == 303:
            found = re.search(r'name="csrf" value="([^"]+)"', self.get("/").text)
            assert found is not None
            self.csrf = found.group(1)
        return answer

    def enter(self, user: str) -> Browser:
        """Begin a session without the form, whose hash is slow on purpose."""
        desk = self.app.state.desk
        with desk.vault() as vault:
            cookie = vault.begin(user, 1)
            self.csrf = vault.csrf_of(cookie)
        self.cookies.set(desk.cookie, cookie)
        return self

    def _ask(self, method: str, path: str, **more: object) -> httpx.Response:
        async def work() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1", cookies=self.cookies
            ) as client:
                answer = await client.request(method, path, **more)  # type: ignore[arg-type]
                self.cookies = client.cookies
                return answer

        return asyncio.run(work())


@pytest.fixture
def browser(app: Starlette) -> Browser:
    return Browser(app)


@pytest.fixture
def anna(app: Starlette) -> Browser:
    return Browser(app).enter(ANNA)


@pytest.fixture
def bob(app: Starlette) -> Browser:
    return Browser(app).enter(BOB)


@pytest.fixture
def bea(app: Starlette) -> Browser:
    return Browser(app).enter(BEA)


@pytest.fixture
def address(config: Config, company: Registry) -> Iterator[str]:
    web = replace(config.web, address=Endpoint("127.0.0.1", 0))
    server = new_server(replace(config, web=web), clock=clock)
    with serving(server) as address:
        yield address


@pytest.fixture(scope="module")
def chrome(chromium: str) -> Iterator[Chrome]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(chrome: Chrome, config: Config, address: str) -> Iterator[Opened]:
    """Return what opens a browser of somebody; what its console complains of fails the test."""
    troubles: list[str] = []
    contexts = []

    def open_for(user: str, width: int = 1280, **more: object) -> Page:
        context = chrome.new_context(viewport={"width": width, "height": 900}, **more)  # type: ignore[arg-type] # flags of a context
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: troubles.append(said.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("requestfailed", lambda asked: troubles.extend(failed(asked)))
        with Vault(config.gateway.state, clock=clock) as vault:
            context.add_cookies([{"name": COOKIE, "value": vault.begin(user, 1), "url": address}])
        return page

    yield open_for
    for context in contexts:
        context.close()
    assert troubles == []
