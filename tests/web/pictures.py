"""Takes the pictures of the README from the demo: `make pictures`."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from gateway.cli.serve import new_admin
from gateway.config.load import load_config
from gateway.config.settings import Config
from gateway.config.values import Endpoint
from gateway.demo.play import main as play
from gateway.model.decision import Outcome
from gateway.store.entries import Filters
from gateway.store.views import Views
from gateway.web.server import new_server
from tests.conftest import need
from tests.web.chrome import FLAGS, serving

FOLDER = Path(__file__).parents[2] / "gateway" / "web" / "pictures"
SIZE = {"width": 1200, "height": 760}


def main() -> int:
    """Play the story, and take a picture of each page that the README shows."""
    with tempfile.TemporaryDirectory(prefix="replygate-pictures-") as made:
        place = Path(made) / "demo"
        if failed := play(place):
            return failed
        config = load_config(place / "gateway" / "replygate.toml")
        user, password = new_admin(config)
        web = replace(config.web, address=Endpoint("127.0.0.1", 0))
        with serving(new_server(replace(config, web=web))) as address, sync_playwright() as drama:
            chrome = drama.chromium.launch(executable_path=need("chromium"), args=FLAGS)
            page = chrome.new_page(viewport=SIZE, color_scheme="light", locale="en")  # type: ignore[arg-type] # width and height
            page.goto(f"{address}/sign-in")
            page.fill("#address", user)
            page.fill("#password", password)
            page.click("button.main")
            page.wait_for_url(f"{address}/")
            for name, path in pages_of(config).items():
                page.goto(f"{address}{path}")
                take(page, name)
            chrome.close()
    return 0


def pages_of(config: Config) -> dict[str, str]:
    """Return the pages to show: a timeline, why something is not on it, and what was decided."""
    with Views(config.store_path) as views:
        people = views.people("", None)
        busiest = max(people, key=lambda one: one.logged)
        stopped = [
            one
            for one in views.search(Filters(kept=True))
            if not one.outcome.on_timeline and views.command(one.entry_id)
        ]
        why = min(stopped, key=lambda one: one.outcome is not Outcome.NOT_LOGGED)
    return {
        "timeline": f"/contacts/{busiest.contact}",
        "why": f"/messages/{why.entry_id}",
        "decisions": "/decisions",
    }


def take(page: Page, name: str) -> None:
    """Keep a picture of what fits a screen."""
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
