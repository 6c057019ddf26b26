"""Notices are filed once, and sent until the next hop has them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from gateway.model.directory import Directory, User
from gateway.notices.compose import Sender
from gateway.notices.postman import PAUSES_S, Postman
from gateway.relay.client import Hop
from gateway.relay.delivery import Relay
from gateway.store.notices import MOST_A_DAY, NoticeBox
from gateway.store.registry import Registry
from tests.letters import NOON, letter
from tests.next_hop import NextHop, next_hop
from tests.notices.test_occasion import ANNA, OURS, passage

SENDER = Sender("gate@corp.example", "en", b"k" * 32)


@dataclass
class Office:
    box: NoticeBox
    postman: Postman
    hop: NextHop

    def waiting(self, now: datetime) -> int:
        return len(self.box.due(now, 10))


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    path = tmp_path / "replygate.db"
    Registry(path).close()
    box = NoticeBox(path)

    def directory() -> Directory:
        return OURS

    async with next_hop() as hop:
        relay = Relay(Hop("127.0.0.1", hop.port))
        yield Office(box, Postman(box, SENDER, relay, directory), hop)
        await relay.close()


async def test_a_notice_goes_to_its_user_with_the_null_sender(office: Office) -> None:
    assert await office.postman.file(passage(), NOON) == 1
    assert await office.postman.send_due(NOON) == 1
    (taken,) = office.hop.taken
    assert taken.mail.startswith("MAIL FROM:<>")
    assert taken.rcpts == [f"RCPT TO:<{ANNA}>"]


async def test_a_notice_to_an_address_beyond_ascii_goes_by_smtputf8(office: Office) -> None:
    jose = "jos\u00e9@corp.example"
    theirs = replace(OURS, users=(User(jose),))
    relay = Relay(Hop("127.0.0.1", office.hop.port))
    postman = Postman(office.box, SENDER, relay, lambda: theirs)
    await postman.file(passage(letter(author=f"Jos\u00e9 <{jose}>"), mail_from=jose), NOON)
    await postman.send_due(NOON)
    await relay.close()
    (taken,) = office.hop.taken
    assert taken.mail == "MAIL FROM:<> BODY=8BITMIME SMTPUTF8"
    assert taken.rcpts == [f"RCPT TO:<{jose}>"]
    assert f"To: {jose}".encode() in taken.content


async def test_a_notice_speaks_the_language_that_its_user_chose(office: Office) -> None:
    chose = replace(OURS, users=(User(ANNA, language="ja"),))
    relay = Relay(Hop("127.0.0.1", office.hop.port))
    await Postman(office.box, SENDER, relay, lambda: chose).file(passage(), NOON)
    (notice,) = office.box.due(NOON, 10)
    assert "確認待ち" in message_from_bytes(notice.content, policy=default)["Subject"]


async def test_what_was_sent_is_not_sent_again(office: Office) -> None:
    await office.postman.file(passage(), NOON)
    await office.postman.send_due(NOON)
    assert await office.postman.send_due(NOON + timedelta(days=2)) == 0


async def test_a_user_is_told_the_same_once_a_day(office: Office) -> None:
    await office.postman.file(passage(), NOON)
    assert await office.postman.file(passage(), NOON + timedelta(hours=23)) == 0
    assert await office.postman.file(passage(), NOON + timedelta(hours=25)) == 1


async def test_who_forges_a_user_cannot_fill_his_mailbox(office: Office) -> None:
    said = [
        office.box.put(
            user=ANNA,
            recipient=ANNA,
            entry_id="",
            reason=f"reason-{number}",
            content=b"x",
            now=NOON,
        )
        for number in range(MOST_A_DAY + 5)
    ]
    assert said.count(True) == MOST_A_DAY


async def test_a_next_hop_that_defers_is_asked_again_later(office: Office) -> None:
    office.hop.answer = lambda line: "451 4.3.0 later" if line == "." else None
    await office.postman.file(passage(), NOON)
    assert await office.postman.send_due(NOON) == 0
    assert office.waiting(NOON + timedelta(seconds=PAUSES_S[0] - 1)) == 0
    assert office.waiting(NOON + timedelta(seconds=PAUSES_S[0])) == 1


async def test_a_next_hop_that_refuses_is_not_asked_again(office: Office) -> None:
    office.hop.answer = lambda line: "550 5.1.1 nobody" if line.startswith("RCPT") else None
    await office.postman.file(passage(), NOON)
    await office.postman.send_due(NOON)
    assert office.waiting(NOON + timedelta(days=9)) == 0


async def test_it_is_given_up_in_the_end(office: Office) -> None:
    office.hop.answer = lambda line: "451 4.3.0 later" if line.startswith("RCPT") else None
    await office.postman.file(passage(), NOON)
    now = NOON
    for pause in PAUSES_S:
        await office.postman.send_due(now)
        now += timedelta(seconds=pause)
        assert office.waiting(now) == 1
    await office.postman.send_due(now)
    assert office.waiting(now + timedelta(days=9)) == 0
