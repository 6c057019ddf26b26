"""What the buttons do: said before it is done, done, and told in the audit log."""

from __future__ import annotations

import re

import pytest

from gateway.config.settings import Config
from gateway.model.decision import Outcome, Reason
from gateway.rules.pages import PAGES
from gateway.store.entries import Entries
from gateway.store.registry import Registry
from gateway.web.orders import order_of
from gateway.web.server import new_server
from gateway.web.vault import Vault
from tests.letters import letter
from tests.web.conftest import ANNA, BOB, CAROL, Browser, Mail
from tests.web.correspondence import DEPUTY, OFFER, REPLY, let_the_deputy_answer

COPIED = {
    "replygate check-config",
    "replygate contact add-address {recipient} ADDRESS",
    "replygate import PATH --as-logged",
    "replygate log {message_id} --contact CONTACT",
    "replygate mailbox add {address}",
    "replygate user add-address USER {address}",
}
"""Commands that ask for more than a button knows."""


def outcome(config: Config, entry: str) -> tuple[Outcome, Reason]:
    with Entries(config.store_path) as entries:
        found = entries.find(entry)
    assert found is not None
    return found.outcome, found.reason


@pytest.fixture
def deputy(mail: Mail, company: Registry) -> str:
    return let_the_deputy_answer(mail, company)


def test_button_says_what_it_will_do_and_does_nothing_yet(
    deputy: str, config: Config, bea: Browser
) -> None:
    page = bea.get(f"/messages/{deputy}/do/add-address").text
    assert "logs 2 earlier messages" in page
    assert outcome(config, deputy) == (Outcome.NOT_LOGGED, Reason.REPLIER_NOT_CONTACT)
    with Registry(config.store_path) as registry:
        assert registry.contact(CAROL).addresses == (CAROL,)


def test_rehearsal_leaves_nothing_behind(deputy: str, config: Config, bea: Browser) -> None:
    segments = config.gateway.state / "replygate.db-blobs" / "segments"
    before = {file.name: file.stat().st_size for file in segments.iterdir()}
    bea.get(f"/messages/{deputy}/do/log-thread")
    assert {file.name: file.stat().st_size for file in segments.iterdir()} == before
    assert not list(config.gateway.state.glob("rehearsal-*"))


def test_server_removes_copies_that_a_crash_left(config: Config) -> None:
    left = config.gateway.state / "rehearsal-crashed"
    left.mkdir()
    (left / "copy.db").write_bytes(b"x")
    new_server(config)
    assert not left.exists()


def test_button_does_what_it_said_and_the_audit_log_tells(
    deputy: str, config: Config, bea: Browser
) -> None:
    answer = bea.post(f"/messages/{deputy}/do/add-address")
    assert "2+messages+are+on+the+timeline" in answer.headers["location"]
    assert outcome(config, deputy) == (Outcome.LOGGED, Reason.TRACKED_REPLY)
    with Vault(config.gateway.state) as vault:
        deed = vault.deeds(1)[0]
    assert (deed.user, deed.did) == ("bea@corp.example", "add-address")


def test_member_logs_own_mail_by_hand(deputy: str, config: Config, anna: Browser) -> None:
    assert "logs this message" in anna.get(f"/messages/{deputy}/do/log").text
    anna.post(f"/messages/{deputy}/do/log")
    assert outcome(config, deputy) == (Outcome.LOGGED, Reason.LOGGED_BY_HAND)


def test_member_adds_no_address_to_a_contact_of_others(deputy: str, anna: Browser) -> None:
    assert anna.get(f"/messages/{deputy}/do/add-address").status_code == 403
    assert anna.post(f"/messages/{deputy}/do/add-address").status_code == 403


def test_what_is_logged_has_no_button(mail: Mail, bea: Browser) -> None:
    (entry,) = mail(OFFER, sent=True, to=CAROL)
    assert bea.get(f"/messages/{entry}/do/log").status_code == 404


def test_disconnected_mailbox_is_connected_by_its_own_user(
    mail: Mail, company: Registry, config: Config, anna: Browser
) -> None:
    mail(OFFER, sent=True, to=CAROL)
    company.disconnect(ANNA)
    (entry,) = mail(REPLY, minutes=1)
    assert outcome(config, entry) == (Outcome.NOT_LOGGED, Reason.MAILBOX_DISCONNECTED)
    anna.post(f"/messages/{entry}/do/connect")
    assert company.mailbox(ANNA).connections[-1].disconnected_at is None


def test_every_remedy_with_a_command_has_a_button_or_is_copied() -> None:
    without = {
        line.command
        for page in PAGES.values()
        for _, line in page.lines
        if line.command and order_of(re.sub(r"{\w+}", "x@y.example", line.command), "e") is None
    }
    assert without == COPIED


def test_merge_says_what_it_does_then_merges(company: Registry, bea: Browser) -> None:
    keep = company.add_contact(CAROL, "Carol").contact_id
    gone = company.add_contact("carol@home.example", "Carol at home")
    page = bea.post(f"/contacts/{keep}/merge", other=gone.primary).text
    assert "cannot be undone" in page
    assert len(company.list_contacts()) == 2
    bea.post(f"/contacts/{keep}/merge", other=gone.primary, sure="yes")
    assert company.contact(keep).addresses == (CAROL, gone.primary)


def test_member_merges_no_contacts_of_others(company: Registry, anna: Browser) -> None:
    keep = company.add_contact(CAROL, "Carol", ANNA).contact_id
    company.add_contact("dan@home.example", "Dan", BOB)
    answer = anna.post(f"/contacts/{keep}/merge", other="dan@home.example", sure="yes")
    assert answer.status_code == 403
    assert len(company.list_contacts()) == 2


HOLDS = pytest.mark.parametrize("preset", ["gateway"])


@pytest.fixture
def held(mail: Mail, config: Config, company: Registry) -> list[str]:
    """Two messages that wait for a person: two contacts share the address of their author."""
    company.add_contact(CAROL, "Carol Cruz")
    company.add_address(company.add_contact("office@customer.example", "Office").contact_id, CAROL)
    letters = [letter(message_id=f"{n}@customer.example", text=f"Hello {n}.") for n in "12"]
    found = mail(*letters)
    assert [outcome(config, entry)[0] for entry in found] == [Outcome.HELD, Outcome.HELD]
    return found


@HOLDS
def test_held_queue_shows_what_waits_and_why(held: list[str], anna: Browser) -> None:
    page = anna.get("/held").text
    assert all(f'value="{entry}"' in page for entry in held)
    assert f"2 contacts use {CAROL}. Choose one." in page


@HOLDS
def test_bulk_asks_first_and_changes_nothing(
    held: list[str], config: Config, anna: Browser
) -> None:
    page = anna.post("/held", do="approve", entry=held).text
    assert "logs these 2 messages" in page
    assert outcome(config, held[0])[0] is Outcome.HELD


@HOLDS
def test_bulk_approves_what_was_chosen(held: list[str], config: Config, anna: Browser) -> None:
    answer = anna.post("/held", do="approve", entry=held, sure="yes")
    assert "2+messages+approved" in answer.headers["location"]
    assert outcome(config, held[1]) == (Outcome.LOGGED, Reason.APPROVED)


@HOLDS
def test_what_is_discarded_leaves_the_queue_and_its_content_goes(
    held: list[str], config: Config, anna: Browser
) -> None:
    anna.post("/held", do="discard", entry=held[:1], sure="yes")
    assert outcome(config, held[0]) == (Outcome.NOT_LOGGED, Reason.DISCARDED)
    assert held[0] not in anna.get("/held").text
    assert "Its content is not kept." in anna.get(f"/messages/{held[0]}").text


@HOLDS
def test_member_decides_nothing_that_others_wait_for(
    held: list[str], config: Config, bob: Browser
) -> None:
    assert bob.post("/held", do="approve", entry=held, sure="yes").status_code == 404
    assert outcome(config, held[0])[0] is Outcome.HELD


def test_discarding_with_nothing_chosen_says_so(anna: Browser) -> None:
    answer = anna.post("/held", do="discard")
    assert "Choose+at+least+one" in answer.headers["location"]


def test_admin_reads_what_connecting_means_before_it_is_done(
    mail: Mail, company: Registry, config: Config, bea: Browser, anna: Browser
) -> None:
    mail(OFFER, sent=True, to=CAROL)
    asked = {"address": ANNA, "do": "disconnect"}
    assert anna.post("/admin/mailboxes", sure="yes", **asked).status_code == 403
    assert (
        "sequences that are sent from it are at risk" in bea.post("/admin/mailboxes", **asked).text
    )
    assert company.mailbox(ANNA).connections[-1].disconnected_at is None
    bea.post("/admin/mailboxes", sure="yes", **asked)
    assert company.mailbox(ANNA).connections[-1].disconnected_at is not None
    (entry,) = mail(REPLY, minutes=90)
    assert outcome(config, entry)[0] is Outcome.NOT_LOGGED
    assert bea.post("/admin/mailboxes", address=ANNA, do="connect").status_code == 200
    bea.post("/admin/mailboxes", address=ANNA, do="connect", sure="yes")
    assert company.mailbox(ANNA).connections[-1].disconnected_at is None


def test_merge_says_what_it_logs_and_logs_it(
    mail: Mail, company: Registry, config: Config, bea: Browser
) -> None:
    mail(OFFER, sent=True, to=CAROL)
    (deputy,) = mail(DEPUTY, minutes=1)
    company.add_contact("deputy@customer.example", "Deputy")
    page = bea.post("/contacts/1/merge", other="deputy@customer.example").text
    assert "It logs one earlier message." in page
    assert "Not logged" in bea.get(f"/messages/{deputy}").text
    bea.post("/contacts/1/merge", other="deputy@customer.example", sure="yes")
    assert "tracked-reply" in bea.get(f"/messages/{deputy}").text
