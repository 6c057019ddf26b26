"""The pages in a real browser, over a real server: what a salesperson and an admin do."""

from __future__ import annotations

import pytest

from tests.letters import letter
from tests.web.chrome import Opened
from tests.web.conftest import ANNA, BEA, CAROL, PASSWORD, Mail
from tests.web.correspondence import DEPUTY, OFFER, REPLY, html_letter


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


def test_signing_in_leads_to_the_page_that_was_asked_for(
    mail: Mail, address: str, opened: Opened
) -> None:
    page = opened("")
    page.goto(f"{address}/decisions?outcome=held")
    page.fill("#address", ANNA)
    page.fill("#password", PASSWORD)
    page.click("button.main")
    page.wait_for_url(f"{address}/decisions?outcome=held")
    page.click("text=日本語")
    page.wait_for_selector("h1:has-text('判定一覧')")
    page.click("text=サインアウト")
    page.wait_for_url(f"{address}/sign-in")


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
