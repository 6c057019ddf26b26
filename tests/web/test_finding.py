"""The search of the pages: the index follows the record, and forgets with it."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

from gateway.config.settings import Config
from gateway.store.erasing import Eraser
from gateway.store.registry import Registry
from gateway.store.search_index import FILE
from gateway.web import finding
from gateway.web.finding import Following, catch_up, sweep
from gateway.web.pages import decisions
from tests.letters import NOON, letter
from tests.web.conftest import ANNA, BOB, CAROL, EVE, Browser, Mail
from tests.web.correspondence import DEPUTY, OFFER, REPLY

JAPANESE = letter(
    message_id="ja@customer.example",
    in_reply_to="<offer@corp.example>",
    text="お見積書を確認しました。quokka",
)


def hits(browser: Browser, asked: str) -> list[str]:
    page = browser.get(f"/search?q={asked}").text
    _, _, rest = page.partition('<ol class="hits">')
    return [part[:16] for part in rest.split('<a href="/messages/')[1:]]


@pytest.fixture
def reply(mail: Mail) -> str:
    mail(OFFER, sent=True, to=CAROL)
    (entry,) = mail(JAPANESE, minutes=1)
    return entry


def test_longer_japanese_word_has_to_stand_there_whole(reply: str, anna: Browser) -> None:
    assert hits(anna, "見積書") == [reply]
    assert hits(anna, "見積積書") == []


def test_what_came_a_moment_ago_is_found(reply: str, mail: Mail, anna: Browser) -> None:
    assert hits(anna, "wombat") == []
    (entry,) = mail(
        letter(message_id="w@x.example", in_reply_to="<offer@corp.example>", text="wombat"),
        minutes=2,
    )
    assert hits(anna, "wombat") == [entry]


def test_another_reason_is_found_once_it_was_decided(mail: Mail, anna: Browser) -> None:
    mail(OFFER, sent=True, to=CAROL)
    (deputy,) = mail(DEPUTY, minutes=1)
    assert hits(anna, "replier-not-contact") == [deputy]
    anna.post(f"/messages/{deputy}/do/add-address")
    assert hits(anna, "replier-not-contact") == []
    assert hits(anna, "tracked-reply") == [deputy]


def test_mail_of_others_is_not_found(reply: str, bob: Browser) -> None:
    assert hits(bob, "見積") == []


def test_owner_of_a_contact_finds_what_the_contact_wrote(
    company: Registry, mail: Mail, bob: Browser
) -> None:
    company.add_contact(CAROL, "Carol Cruz", BOB)
    mail(OFFER, sent=True, to=CAROL)
    (reply,) = mail(REPLY, minutes=1)
    assert reply in hits(bob, "looks+good")


def test_sender_finds_blind_recipients_and_others_do_not(
    company: Registry, mail: Mail, anna: Browser, bob: Browser
) -> None:
    company.add_contact(CAROL, "Carol Cruz", BOB)
    (entry,) = mail(OFFER, sent=True, to=f"{CAROL} {EVE}")
    assert hits(anna, EVE) == [entry]
    assert hits(bob, EVE) == []


def test_name_of_a_contact_finds_what_was_sent_to_it(
    company: Registry, mail: Mail, anna: Browser
) -> None:
    company.add_contact(CAROL, "架空 花子", ANNA)
    (entry,) = mail(OFFER, sent=True, to=CAROL)
    assert hits(anna, "架空") == [entry]
    company.add_contact("three@customer.example", "山田太郎", ANNA)
    (other,) = mail(
        letter(author=f"Anna <{ANNA}>", to="three@customer.example", message_id="3@corp.example"),
        sent=True, to="three@customer.example", minutes=1,
    )  # fmt: skip
    assert hits(anna, "山田太郎") == [other]


def test_who_is_erased_is_not_found_any_more(reply: str, bea: Browser, config: Config) -> None:
    assert hits(bea, "quokka") == [reply]
    with Eraser(config.store_path) as eraser:
        done = eraser.erase(CAROL, "bea", state=config.gateway.state)
    assert done.left == ()
    assert hits(bea, "quokka") == []
    assert hits(bea, CAROL) == []
    files = config.gateway.state.glob(f"{FILE}*")
    assert not any(b"quokka" in file.read_bytes() for file in files)


def test_older_mail_is_read_in_after_the_new(
    mail: Mail, anna: Browser, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "BATCH", 2)
    monkeypatch.setattr(decisions, "catch_up", lambda config: catch_up(config, 2))
    first, *_ = mail(*(letter(message_id=f"{n}@x.example", subject=f"koala{n}") for n in range(9)))
    page = anna.get("/search?q=koala0").text
    assert "Older mail is still being read in" in page
    assert first not in page
    assert catch_up(config, 100)
    assert hits(anna, "koala0") == [first]


def test_sweep_finds_what_another_process_decided(
    mail: Mail, anna: Browser, bea: Browser, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail(OFFER, sent=True, to=CAROL)
    (deputy,) = mail(DEPUTY, minutes=1)
    assert hits(bea, "replier-not-contact") == [deputy]
    monkeypatch.setattr(finding, "AGAIN", 0)
    bea.post(f"/messages/{deputy}/do/add-address")
    sweep(config, NOON - timedelta(days=1))
    assert hits(bea, "tracked-reply") == [deputy]


def test_thread_behind_follows_until_the_pages_end(reply: str, config: Config) -> None:
    following = Following(config)
    following.start()
    following.end()
    assert not following.is_alive()


def test_a_look_does_not_have_the_index_written_back_and_synced(reply: str, config: Config) -> None:
    del reply
    log = config.gateway.state / f"{FILE}-wal"
    following = Following(config)
    following.start()
    try:
        until = time.monotonic() + 5
        while not log.exists() and time.monotonic() < until:
            threading.Event().wait(0.01)
        catch_up(config)
        # Who closes it as the last one has its log written back, and takes the log away.
        assert log.exists()
    finally:
        following.end()
    assert not log.exists()
