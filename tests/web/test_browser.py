"""The pages in a real browser, over a real server: what a salesperson and an admin do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from gateway.config.settings import Config, Web
from gateway.config.values import Endpoint
from gateway.store.registry import Registry
from gateway.web.server import Server, new_server
from tests.letters import letter
from tests.web.conftest import ANNA, BEA, CAROL, PASSWORD, Mail
from tests.web.test_pages import DEPUTY, OFFER, REPLY, html_letter

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
Opened = Callable[..., Page]


@contextmanager
def serving(server: Server) -> Iterator[str]:
    """Run the server beside the test; give its address."""
    started = threading.Event()
    startup = server.startup

    async def told(*sockets: object, **more: object) -> None:
        await startup(*sockets, **more)  # type: ignore[arg-type] # handed on as they come
        started.set()

    server.startup = told  # type: ignore[method-assign, assignment] # tells when it listens
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert started.wait(30)
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}"
    finally:
        server.end()
        server.should_exit = True
        thread.join(30)


@pytest.fixture
def address(config: Config, company: Registry) -> Iterator[str]:
    server = new_server(replace(config, web=Web(address=Endpoint("127.0.0.1", 0))))
    with serving(server) as address:
        yield address


@pytest.fixture(scope="module")
def chrome(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


def failed(asked: Request) -> list[str]:
    """Return what failed, but what a page that is left breaks off."""
    aborted = "ERR_ABORTED" in (asked.failure or "")
    return [] if aborted else [f"failed: {asked.url}: {asked.failure}"]


@pytest.fixture
def opened(chrome: Browser, address: str) -> Iterator[Opened]:
    """Return what opens a browser of somebody; what its console complains of fails the test."""
    troubles: list[str] = []
    contexts = []

    def open_for(user: str, width: int = 1280, **more: bool) -> Page:
        context = chrome.new_context(viewport={"width": width, "height": 900}, **more)  # type: ignore[arg-type] # flags of a context
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: troubles.append(said.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("requestfailed", lambda asked: troubles.extend(failed(asked)))
        page.goto(f"{address}/decisions")
        page.fill("#address", user)
        page.fill("#password", PASSWORD)
        page.click("text=Sign in >> nth=-1")
        page.wait_for_url(f"{address}/decisions")
        return page

    yield open_for
    for context in contexts:
        context.close()
    assert troubles == []


def test_salesperson_finds_why_and_logs_it(mail: Mail, address: str, opened: Opened) -> None:
    mail(OFFER, sent=True, to=CAROL)
    mail(REPLY, minutes=1)
    mail(DEPUTY, minutes=2)
    page = opened(ANNA)
    page.goto(f"{address}/decisions?outcome=not_logged")
    page.click("td.subject a")
    assert "Not logged" in page.inner_text(".verdict")
    page.click(".verdict a:has-text('Add deputy')")
    assert "It logs this message" in page.inner_text("main")
    page.click("button.main")
    assert "Logged" in page.inner_text(".verdict")
    page.goto(f"{address}/contacts/1")
    assert "Carol is away, I answer." in page.inner_text("main")


def test_quoted_text_unfolds_in_place(mail: Mail, address: str, opened: Opened) -> None:
    mail(OFFER, sent=True, to=CAROL)
    mail(REPLY, minutes=1)
    page = opened(ANNA)
    page.goto(f"{address}/contacts/1")
    page.click("li.incoming summary:has-text('Quoted text')")
    page.wait_for_selector("li.incoming .quoted")
    assert "> Here is our offer." in page.inner_text("li.incoming .quoted")


def test_html_letter_shows_in_its_frame_and_runs_nothing(
    mail: Mail, address: str, opened: Opened
) -> None:
    mail(OFFER, sent=True, to=CAROL)
    (entry,) = mail(html_letter("<b>Bold words</b><img src=x onerror=alert(1)>"), minutes=1)
    page = opened(ANNA)
    page.on("dialog", lambda _: pytest.fail("a letter ran a script"))
    page.goto(f"{address}/messages/{entry}")
    page.click("summary:has-text('As it was formatted')")
    bold = page.frame_locator("iframe").locator("b")
    assert bold.inner_text() == "Bold words"
    assert "system-ui" in bold.evaluate("getComputedStyle(document.documentElement).fontFamily")


def test_admin_sees_a_decision_come_in_live(mail: Mail, address: str, opened: Opened) -> None:
    mail(OFFER, sent=True, to=CAROL)
    page = opened(BEA)
    page.goto(f"{address}/admin")
    page.wait_for_load_state("load")
    (entry,) = mail(letter(subject="Just came <b>in</b>"), minutes=9)
    page.wait_for_selector(f".liveline a[href='/messages/{entry}']")
    assert "Just came <b>in</b>" in page.inner_text(".liveline")
    page.goto(f"{address}/")


PAGES = ("/", "/decisions", "/contacts", "/contacts/1", "/held", "/suggestions", "/search?q=offer")


@pytest.mark.parametrize("path", PAGES)
def test_page_fits_a_phone(mail: Mail, address: str, opened: Opened, path: str) -> None:
    mail(OFFER, sent=True, to=CAROL)
    mail(REPLY, minutes=1)
    page = opened(ANNA, width=360)
    page.goto(f"{address}{path}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_pages_read_without_script(mail: Mail, address: str, opened: Opened) -> None:
    mail(OFFER, sent=True, to=CAROL)
    (entry,) = mail(REPLY, minutes=1)
    page = opened(ANNA, java_script_enabled=False)
    page.goto(f"{address}/messages/{entry}")
    page.click("summary:has-text('Quoted text')")
    assert "> Here is our offer." in page.inner_text("#quoted")


def test_keyboard_alone_leads_to_a_message(mail: Mail, address: str, opened: Opened) -> None:
    mail(OFFER, sent=True, to=CAROL)
    page = opened(ANNA)
    page.goto(f"{address}/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    while "/messages/" not in (page.evaluate("document.activeElement.href") or ""):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/messages/*")
    assert "Logged" in page.inner_text(".verdict")
