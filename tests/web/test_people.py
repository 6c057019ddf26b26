"""The admin's page of people and lists."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette

from gateway.store.registry import Registry
from gateway.web.deeds import DEEDS, contact_rows
from tests.letters import letter
from tests.web.conftest import ANNA, BOB, CAROL, Browser, Mail

NEW = "new@corp.example"


def done(bea: Browser, kind: str, **given: str) -> str:
    """Return the page after a form was sent, and confirmed where it asks."""
    answer = bea.post(f"/people/{kind}", sure="yes", **given)
    assert answer.status_code == 303
    return bea.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    ("kind", "given", "shown"),
    [
        ("add-user", {"address": NEW, "name": "Nina"}, f"{NEW} is a user now."),
        ("add-user", {"address": ANNA}, "is an address of user anna@corp.example already."),
        ("add-user", {"address": "nonsense"}, "is no email address."),
        ("add-user-address", {"user": ANNA, "address": "a@home.example"}, "a@home.example belongs"),
        ("remove-user-address", {"user": ANNA, "address": "a@b.example"}, "no further address"),
        ("logging-off", {"user": ANNA}, "Turn on<"),
        ("forbid", {"user": ANNA}, "Permit<"),
        ("add-mailbox", {"address": "hr@corp.example"}, "hr@corp.example is connected now."),
        ("change-provider", {"address": ANNA, "provider": "imap"}, "at risk: connected with goo"),
        ("never-log", {"pattern": "legal.example"}, "legal.example is on the never-log list now."),
        ("unlist", {"pattern": "legal.example"}, "is not on this never-log list."),
        ("allow", {"pattern": "news.example"}, "<bdi>news.example</bdi>"),
        ("disallow", {"pattern": "news.example"}, "is not among the allowed senders."),
        ("add-logging-address", {"address": "log2@crm.corp.example"}, "log2@crm.corp.example tak"),
        ("enrol", {"contact": "x@y.example", "sequence": "s", "mailbox": ANNA}, "no contact"),
        ("import-contacts", {"table": f"{CAROL}, Carol, {ANNA}\nnonsense"}, "1 contacts were add"),
        ("import-contacts", {"table": "nonsense"}, "Rows that are wrong: 1:"),
    ],
)  # fmt: skip
def test_form_does_what_it_says(
    mail: Mail, bea: Browser, kind: str, given: dict[str, str], shown: str
) -> None:
    mail(letter())
    assert shown in done(bea, kind, **given)


def test_what_is_done_is_undone_and_noted(mail: Mail, bea: Browser, company: Registry) -> None:
    mail(letter())
    done(bea, "never-log", pattern="legal.example")
    done(bea, "unlist", pattern="legal.example")
    done(bea, "logging-off", user=ANNA)
    done(bea, "logging-on", user=ANNA)
    done(bea, "forbid", user=ANNA)
    done(bea, "permit", user=ANNA)
    done(bea, "allow", pattern="news.example")
    done(bea, "disallow", pattern="news.example")
    assert company.list_never_log() == ()
    assert company.list_allowed_senders() == ()
    assert (company.user(ANNA).logging, company.user(ANNA).permitted) == (True, True)
    assert 'never-log <bdi class="dim">legal.example</bdi>' in bea.get("/admin").text


def test_enrolment_begins_shows_as_at_risk_and_ends(
    mail: Mail, bea: Browser, company: Registry
) -> None:
    mail(letter())
    company.add_contact(CAROL, "Carol Cruz")
    page = done(bea, "enrol", contact=CAROL, sequence="welcome", mailbox=ANNA)
    assert "are at risk" not in page
    page = done(bea, "change-provider", address=ANNA, provider="imap")
    assert "One enrolment is at risk" in page
    page = done(bea, "end-enrolment", contact=CAROL, sequence="welcome")
    assert "Nobody is in a sequence." in page


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("never-log pattern legal.example", "Nothing of mail with legal.example is kept"),
        (f"change-provider address {ANNA} provider imap", f"until {ANNA} is connected"),
        (f"logging-off user {ANNA}", f"Nothing of {ANNA} is logged from now on"),
    ],
)
def test_what_has_a_price_is_told_before_it_is_done(
    mail: Mail, bea: Browser, company: Registry, asked: str, told: str
) -> None:
    mail(letter())
    kind, *words = asked.split()
    given = dict(zip(words[::2], words[1::2], strict=True))
    before = (company.list_never_log(), company.list_mailboxes(), company.list_users())
    page = bea.post(f"/people/{kind}", **given)
    assert page.status_code == 200
    assert told in page.text
    assert (company.list_never_log(), company.list_mailboxes(), company.list_users()) == before


def test_every_form_of_the_page_leads_to_a_deed(mail: Mail, bea: Browser) -> None:
    mail(letter())
    kinds = set(re.findall(r'action="/people/([a-z-]+)"', bea.get("/people").text))
    assert kinds <= DEEDS.keys()
    assert DEEDS.keys() - kinds <= {
        "logging-on",
        "permit",
        "unlist",
        "disallow",
        "end-enrolment",
        "remove-user-address",
    }


def test_what_is_no_deed_is_not_there(mail: Mail, bea: Browser) -> None:
    mail(letter())
    assert bea.post("/people/nonsense").status_code == 404


def test_member_sees_and_changes_nothing_of_it(app: Starlette) -> None:
    anna = Browser(app).enter(ANNA)
    assert anna.get("/people").status_code == 403
    assert anna.post("/people/add-user", address=NEW).status_code == 403


def test_table_of_contacts_is_read_by_its_headings_or_in_order() -> None:
    by_name = [*contact_rows("Name,Address,further\nAnn,a@b.example,c@d.example e@f.example\n\n")]
    in_order = [*contact_rows(f'b@c.example, "Bo, B", {BOB}')]
    assert [(r.address, r.name, r.further) for r in by_name] == [
        ("a@b.example", "Ann", ("c@d.example", "e@f.example"))
    ]
    assert [(r.address, r.name, r.owner) for r in in_order] == [("b@c.example", "Bo, B", BOB)]
