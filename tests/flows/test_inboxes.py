"""The running gateway reads a connected inbox of a real Dovecot, and the folder decides (S14)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.intake.imap.account import recall
from gateway.model.entry import Entry
from gateway.store.entries import Entries, Filters
from gateway.store.registry import Registry
from tests.conftest import need
from tests.flows.running import Running, running
from tests.intake.imap.conftest import mail, until
from tests.intake.imap.dovecot import PASSWORD, Dovecot
from tests.intake.imap.dovecot import running as dovecot_running
from tests.next_hop import NextHop, next_hop
from tests.test_daemon import written

ANNA, CAROL = "anna@corp.example", "carol@customer.example"
OFFER = (
    f"From: {ANNA}\r\nTo: {CAROL}\r\nSubject: offer\r\nMessage-ID: <offer@corp.example>\r\n"
    "X-Log-To-CRM: yes\r\nDate: Mon, 23 Nov 2026 11:00:00 +0000\r\n\r\nOur offer.\r\n"
).encode()


def reply(name: str) -> bytes:
    head = b"In-Reply-To: <offer@corp.example>\r\n"
    return head + mail(name, CAROL, ANNA)


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    with dovecot_running(need("dovecot")) as made:
        yield made


def entries(gateway: Running) -> dict[str, Entry]:
    with Entries(gateway.daemon.config.store_path) as there:
        return {one.message_id: one for one in there.search(Filters())}


@asynccontextmanager
async def connected(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Running, NextHop]]:
    """Run a gateway that reads Anna's account; her mail of before is left."""
    monkeypatch.setenv("REPLYGATE_IMAP_ANNA", PASSWORD)
    async with next_hop() as hop, running(tmp_path, hop) as gateway:
        path = gateway.daemon.config.store_path
        with Registry(path) as registry:
            registry.add_user(ANNA)
            registry.add_mailbox(ANNA, ANNA, "imap")
            # A server tells when mail came by the second.
            registry.connect(ANNA, at=datetime.now(UTC) - timedelta(hours=1))
            registry.add_contact(CAROL)
        inbox = (
            '[[imap]]\nname = "anna"\ntls = "none"\npoll_s = 1.0\nlogin = "anna"\n'
            f'mailbox = "{ANNA}"\naddress = "127.0.0.1:{dovecot.port}"\n'
        )
        written(gateway, hop.port, more=inbox)
        await gateway.daemon.reload()
        file = tmp_path / "state" / "imap" / "anna.json"
        await until(lambda: recall(file).looked_at is not None)
        yield gateway, hop


async def test_a_sent_mark_and_its_replies_are_found_and_s14_holds(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(dovecot, tmp_path, monkeypatch) as (gateway, hop):
        dovecot.deliver(OFFER, folder="Sent")
        await until(lambda: "offer@corp.example" in entries(gateway))
        dovecot.deliver(reply("in-inbox"))
        dovecot.deliver(reply("in-child"), folder="INBOX.Clients")
        dovecot.deliver(reply("filtered"), folder="Clients")
        await until(lambda: len(entries(gateway)) == 4)
        found = {one.partition("@")[0]: str(e.reason) for one, e in entries(gateway).items()}
    assert found == {
        "offer": "opted-in",
        "in-inbox": "tracked-reply",
        "in-child": "other-folder",
        "filtered": "other-folder",
    }
    assert hop.taken == []


async def test_what_is_moved_into_the_inbox_is_logged_and_stays_one_entry(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(dovecot, tmp_path, monkeypatch) as (gateway, _):

        def reply_is(reason: str, times: int) -> bool:
            """Whether the one entry of the reply says so, and was seen so often."""
            found = [one for name, one in entries(gateway).items() if name.startswith("reply")]
            assert len(found) < 2
            return bool(found) and (str(found[0].reason), len(found[0].sightings)) == (
                reason,
                times,
            )

        dovecot.deliver(OFFER, folder="Sent")
        await until(lambda: "offer@corp.example" in entries(gateway))
        dovecot.deliver(reply("reply"), folder="Clients")
        await until(lambda: reply_is("other-folder", 1))
        dovecot.move("Clients", "INBOX")
        await until(lambda: reply_is("tracked-reply", 2))
        dovecot.move("INBOX", "Clients")
        dovecot.deliver(reply("last"))
        await until(lambda: "last" in {one.partition("@")[0] for one in entries(gateway)})
        await until(lambda: reply_is("tracked-reply", 3))


async def test_what_is_taken_out_of_junk_is_logged(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(dovecot, tmp_path, monkeypatch) as (gateway, _):

        def reasons() -> set[str]:
            return {str(one.reason) for one in entries(gateway).values()}

        dovecot.deliver(OFFER, folder="Sent")
        await until(lambda: "offer@corp.example" in entries(gateway))
        dovecot.deliver(reply("reply"), folder="Junk")
        await until(lambda: len(entries(gateway)) == 2)
        assert "tracked-reply" not in reasons()
        dovecot.move("Junk", "INBOX")
        await until(lambda: "tracked-reply" in reasons())
        assert len(entries(gateway)) == 2
