"""Every page for everybody: no serious finding of axe, no complaint of the console, and no scroll.

Light and dark, on a desk and on a phone, in both languages; each page leaves a picture.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

import pytest
from playwright.sync_api import Page

from gateway.store.registry import Registry
from tests.letters import letter
from tests.web.chrome import Opened, keep_picture
from tests.web.conftest import ANNA, BEA, BOB, CAROL, Mail
from tests.web.correspondence import DEPUTY, OFFER, REPLY, html_letter

AXE: Final = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
PAGES: Final = {
    "today": "/",
    "decisions": "/decisions",
    "contacts": "/contacts",
    "contact": "/contacts/1",
    "company": "/companies/customer.example",
    "conversation": "/threads/1",
    "held": "/held",
    "suggestions": "/suggestions",
    "search": "/search?q=offer",
    "policy": "/policy?compare=1",
    "me": "/me",
    "people": "/people",
    "switch": "/policy/log?value=all",
    "admin": "/admin",
    "doctor": "/admin/doctor",
    "limits": "/policy/attachment_limit_by_user?value=anna@corp.example+20",
    "tokens": "/admin/tokens",
    "outbox": "/outbox",
    "why-not": "/messages/{deputy}",
    "ask": "/messages/{deputy}/do/add-address",
    "why": "/messages/{html}",
}
LOOKS: Final = {
    "desk-light": {"width": 1280, "color_scheme": "light", "locale": "en"},
    "desk-dark": {"width": 1280, "color_scheme": "dark", "locale": "ja"},
    "phone-light": {"width": 360, "color_scheme": "light", "locale": "ja"},
    "phone-dark": {"width": 360, "color_scheme": "dark", "locale": "en"},
}
SERIOUS: Final = frozenset({"serious", "critical"})


@pytest.fixture
def story(company: Registry, mail: Mail) -> dict[str, str]:
    """Something on every page."""
    company.add_contact(CAROL, "Carol Cruz", ANNA)
    company.add_contact("dan@customer.example", "Dan Dean", BOB)
    mail(OFFER, sent=True, to=CAROL)
    mail(REPLY, minutes=1)
    (deputy,) = mail(DEPUTY, minutes=2)
    (html,) = mail(html_letter("<p>お見積もり <b>bold</b> שלום</p>"), minutes=3)
    mail(letter(author="<>", message_id="bad@customer.example", text="Who am I?"), minutes=4)
    return {"deputy": deputy, "html": html}


def findings(page: Page) -> list[str]:
    """Return what axe finds serious, each with the first element concerned."""
    page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate("axe.run().then((results) => results.violations)")
    return [
        f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_for_everybody(
    story: dict[str, str], address: str, opened: Opened, look: str
) -> None:
    page = opened(BEA, **LOOKS[look])
    troubles: dict[str, list[str]] = {}
    for name, path in PAGES.items():
        page.goto(f"{address}{path.format(**story)}")
        found = findings(page)
        if page.evaluate("document.documentElement.scrollWidth") > LOOKS[look]["width"]:
            found.append("it scrolls sideways")
        if found:
            troubles[name] = found
        keep_picture(page, f"{name}-{look}")
    assert troubles == {}


@pytest.mark.parametrize("look", LOOKS)
def test_signing_in_is_for_everybody(address: str, opened: Opened, look: str) -> None:
    page = opened("", **LOOKS[look])
    page.goto(f"{address}/sign-in")
    keep_picture(page, f"sign-in-{look}")
    assert findings(page) == []
