"""Users, mailboxes, lists and sequences by the API."""

from __future__ import annotations

from gateway.config.settings import Config
from gateway.model.decision import Outcome
from gateway.store.registry import Registry
from tests.web.api.conftest import Caller
from tests.web.conftest import ANNA, BEA, BOB, CAROL, Mail
from tests.web.correspondence import OFFER, REPLY
from tests.web.test_acting import outcome


def test_user_is_added_opted_out_forbidden_and_given_an_address(as_bea: Caller) -> None:
    assert as_bea.post("/users", address="dan@corp.example", name="Dan").status_code == 201
    as_bea.put("/users/dan@corp.example/logging", on=False)
    as_bea.put("/users/dan@corp.example/permission", on=False)
    as_bea.post("/users/dan@corp.example/addresses", address="dan@home.example")
    dan = as_bea.told("/users")["users"][-1]
    assert dan == {
        "user": "dan@corp.example", "name": "Dan", "role": "member", "logging": False,
        "permitted": False, "further": ["dan@home.example"],
    }  # fmt: skip


def test_further_address_is_taken_away_by_its_user_or_an_admin(
    as_anna: Caller, as_bob: Caller, as_bea: Caller, company: Registry
) -> None:
    for address in ("a@home.example", "b@home.example"):
        company.add_further_address(ANNA, address)
    path = f"/users/{ANNA}/addresses"
    assert as_bob.ask("DELETE", f"{path}/a@home.example").status_code == 403
    assert as_anna.ask("DELETE", f"{path}/a@home.example").json()["further"] == ["b@home.example"]
    assert as_bea.ask("DELETE", f"{path}/b@home.example").json()["further"] == []
    assert as_bea.ask("DELETE", f"{path}/b@home.example").status_code == 404


def test_user_that_there_is_none_of_is_told(as_bea: Caller) -> None:
    answer = as_bea.put("/users/nobody@corp.example/logging", on=True)
    assert (answer.status_code, "There is no user" in answer.json()["detail"]) == (404, True)


def test_member_sees_own_mailboxes_and_the_admin_all(as_anna: Caller, as_bea: Caller) -> None:
    seen = [
        [b["mailbox"] for b in who.told("/mailboxes")["mailboxes"]] for who in (as_anna, as_bea)
    ]
    assert seen == [[ANNA], [ANNA, BOB]]


def test_connecting_logs_what_its_rehearsal_said(
    mail: Mail, company: Registry, config: Config, as_bea: Caller
) -> None:
    mail(OFFER, sent=True, to=CAROL)
    assert as_bea.post(f"/mailboxes/{ANNA}/disconnect").json()["connected"] is False
    (reply,) = mail(REPLY, minutes=90)
    told = as_bea.post(f"/mailboxes/{ANNA}/connect", dry_run=True).json()
    assert outcome(config, reply)[0] is Outcome.NOT_LOGGED
    assert as_bea.post(f"/mailboxes/{ANNA}/connect").json()["logged"] == told["logged"]
    assert company.mailbox(ANNA).connections[-1].disconnected_at is None


def test_mailbox_is_added_moved_and_its_enrolments_are_at_risk(
    company: Registry, as_bea: Caller
) -> None:
    made = as_bea.post("/mailboxes", address="team@corp.example", provider="google")
    assert (made.status_code, made.json()["log_sent"]) == (201, "always")
    company.add_contact(CAROL)
    as_bea.post("/sequences", contact=CAROL, sequence="spring", mailbox=ANNA)
    assert as_bea.told("/sequences/at-risk")["enrolments"] == []
    moved = as_bea.post(f"/mailboxes/{ANNA}/provider", provider="microsoft365").json()
    assert [one["provider"] for one in moved["providers"]] == ["google", "microsoft365"]
    (risky,) = as_bea.told("/sequences/at-risk")["enrolments"]
    assert (risky["contact"], "moved to microsoft365" in risky["at_risk"]) == (CAROL, True)
    as_bea.post("/sequences/end", contact=CAROL, sequence="spring")
    assert as_bea.told("/sequences", only_open=True)["enrolments"] == []


def test_what_is_logged_of_sent_mail_is_set(company: Registry, as_bea: Caller) -> None:
    as_bea.put(f"/mailboxes/{ANNA}/log-sent", log_sent="always")
    assert company.mailbox(ANNA).log_sent == "always"


def test_never_log_lists_are_kept_with_their_past(as_bea: Caller) -> None:
    assert as_bea.post("/never-log", pattern="legal.example").status_code == 201
    assert as_bea.post("/never-log", pattern="legal.example").status_code == 409
    as_bea.post("/never-log", pattern="home.example", user=ANNA)
    left = as_bea.post("/never-log/remove", pattern="legal.example").json()["entries"]
    assert [(one["pattern"], one["user"]) for one in left] == [("home.example", ANNA)]
    assert len(as_bea.told("/never-log", also_removed=True)["entries"]) == 2
    assert as_bea.post("/never-log/remove", pattern="x.example").status_code == 404


def test_senders_are_allowed_and_not_any_more(as_bea: Caller) -> None:
    assert as_bea.post("/allowed-senders", pattern="news.example").json() == {
        "patterns": ["news.example"]
    }
    as_bea.post("/allowed-senders/remove", pattern="news.example")
    assert as_bea.told("/allowed-senders")["patterns"] == []


def test_secret_logging_address_is_shown_to_its_user_alone(
    company: Registry, as_anna: Caller, as_bob: Caller, as_bea: Caller
) -> None:
    made = {"address": "log+s3cret@crm.corp.example", "takes": "bcc", "user": ANNA}
    assert as_bea.post("/logging-addresses", **made).status_code == 201
    company.add_thread_address("log+t@crm.corp.example", "bcc", "offer@corp.example")
    shown = [
        {one["address"] for one in who.told("/logging-addresses")["addresses"]}
        for who in (as_anna, as_bob, as_bea)
    ]
    configured = {"log@crm.corp.example", "journal@gate.example"}
    secret = {"log+s3cret@crm.corp.example"}
    assert shown == [
        configured | secret,
        configured,
        configured | secret | {"log+t@crm.corp.example"},
    ]


def test_every_change_is_in_the_audit_log(as_bea: Caller) -> None:
    as_bea.post("/never-log", pattern="legal.example")
    as_bea.put(f"/users/{BOB}/logging", on=False)
    deeds = as_bea.told("/audit", user=BEA, limit=2)["deeds"]
    assert [(one["did"], one["what"]) for one in deeds] == [
        ("logging-off", BOB), ("list", "legal.example"),
    ]  # fmt: skip
    older = as_bea.told("/audit", before=deeds[0]["number"], limit=1)["deeds"]
    assert older == deeds[1:]
