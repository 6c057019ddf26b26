"""A real browser at a real server: opened for somebody, and listened to for complaints."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, Request

from gateway.web.server import Server

ARTEFACTS = Path(os.environ.get("REPLYGATE_ARTEFACTS", "artefacts"))
"""Where screenshots of the run are kept."""
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

    server.startup = told  # type: ignore[method-assign] # tells when it listens
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


def failed(asked: Request) -> list[str]:
    """Return what failed, but what a page that is left breaks off."""
    aborted = "ERR_ABORTED" in (asked.failure or "")
    return [] if aborted else [f"failed: {asked.url}: {asked.failure}"]


def keep_picture(page: Page, name: str) -> None:
    """Keep a screenshot of the whole page among the artefacts of the run."""
    folder = ARTEFACTS / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", full_page=True)
