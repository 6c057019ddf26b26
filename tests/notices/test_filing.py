"""Notices are filed beside the mail, and what cannot be kept is said."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from gateway.notices.filing import Filing
from gateway.notices.postman import Postman
from gateway.relay.client import Hop
from gateway.relay.delivery import Relay
from gateway.store import database
from gateway.store.notices import NoticeBox
from gateway.store.registry import Registry
from tests.letters import NOON
from tests.notices.test_occasion import OURS, passage
from tests.notices.test_postman import SENDER


def postman_of(box: NoticeBox) -> Postman:
    return Postman(box, SENDER, Relay(Hop("127.0.0.1", 9)), lambda: OURS)


async def test_what_was_begun_is_kept_when_it_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "replygate.db"
    Registry(path).close()
    box, said = NoticeBox(path), list[str]()
    filing = Filing(said.append)
    filing.begin(postman_of(box), passage(), NOON)
    await filing.finish()
    assert (len(box.due(NOON, 9)), said) == (1, [])


async def test_a_notice_that_the_store_cannot_keep_is_said(tmp_path: Path) -> None:
    path = tmp_path / "replygate.db"
    Registry(path).close()
    said: list[str] = []
    filing = Filing(said.append)
    with closing(database.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        filing.begin(postman_of(NoticeBox(path, timeout_s=0.0)), passage(), NOON)
        await filing.finish()
    assert "is locked by another program" in said[0]
