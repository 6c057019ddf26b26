"""What the pages show, and to whom: over the mail of a small company."""

from __future__ import annotations

import re

import pytest

from gateway.store import views
from gateway.store.registry import Registry
from gateway.web.pages import timeline
from gateway.web.pages.decisions import ASKED
from tests.letters import journal_report, letter
from tests.web.conftest import BOB, CAROL, EVE, Browser, Mail
from tests.web.correspondence import DEPUTY, OFFER, REPLY

NASTY = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><svg onload=alert(3)>"
NAME = NASTY.replace('"', "")


@pytest.fixture
def story(mail: Mail) -> dict[str, str]:
    """An offer, its answer, and that of a deputy whom nobody knows."""
    (offer,) = mail(OFFER, sent=True, to=CAROL)
    (reply,) = mail(REPLY, minutes=1)
    (deputy,) = mail(DEPUTY, minutes=2)
    return {"offer": offer, "reply": reply, "deputy": deputy}


def test_timeline_shows_new_words_first_and_folds_what_is_quoted(
    story: dict[str, str], anna: Browser
) -> None:
    page = anna.get("/contacts/1").text
    assert page.index("Looks good to me.") < page.index("Here is our offer.")
    assert page.count("Here is our offer.") == 1
    assert f"/messages/{story['reply']}/quoted" in page


def test_quoted_text_is_there_when_asked_for(story: dict[str, str], anna: Browser) -> None:
    assert "&gt; Here is our offer." in anna.get(f"/messages/{story['reply']}/quoted").text


def test_company_shows_the_mail_of_all_its_people(story: dict[str, str], anna: Browser) -> None:
    page = anna.get("/companies/customer.example").text
    assert "Looks good to me." in page


def test_conversation_shows_what_was_not_logged_too(story: dict[str, str], anna: Browser) -> None:
    page = anna.get(f"/messages/{story['deputy']}").text
    (path,) = re.findall(r'href="(/threads/\d+)"', page)
    assert "deputy" in anna.get(path).text


def test_company_goes_by_its_name_where_a_source_told_it(
    story: dict[str, str], company: Registry, bea: Browser
) -> None:
    known = company.change_contact(CAROL, company="Customer & Sons")
    assert "Customer &amp; Sons" in bea.get(f"/contacts/{known.contact_id}").text
    page = bea.get("/companies/customer.example").text
    assert "<h1><bdi>Customer &amp; Sons</bdi></h1>" in page


@pytest.mark.parametrize(("stretch", "stretches"), [(200, 8), (2, 50), (2, 1)])
def test_timeline_goes_by_the_time_of_receipt_however_it_is_read(
    mail: Mail, anna: Browser, monkeypatch: pytest.MonkeyPatch, stretch: int, stretches: int
) -> None:
    monkeypatch.setattr(views, "NEAR_STRETCH", stretch)
    monkeypatch.setattr(views, "NEAR_STRETCHES", stretches)
    monkeypatch.setattr(timeline, "PAGE", 3)
    mail(OFFER, sent=True, to=CAROL)
    minutes = [5, 1, 9, 3, 8, 2, 7, 4, 6]
    for minute in minutes:
        mail(
            letter(message_id=f"{minute}@x.example", in_reply_to="<offer@corp.example>",
                   text=f"Reply number {minute}"),
            minutes=minute,
        )  # fmt: skip
    seen: list[str] = []
    path = "/contacts/1"
    while path:
        page = anna.get(path).text
        seen += re.findall(r"Reply number (\d)", page)
        more = re.search(r'href="([^"]+)" rel="next"', page)
        path = more.group(1).replace("&amp;", "&") if more else ""
    assert seen == list("987654321")


def test_why_tells_sentence_remedy_and_every_rule(story: dict[str, str], anna: Browser) -> None:
    page = anna.get(f"/messages/{story['deputy']}").text
    assert "Not logged" in page
    assert "A reply in a tracked thread from an address of no contact." in page
    assert "deputy@customer.example is not a contact." in page
    assert "<code>replier-not-contact</code> <b>decides</b>" in page
    assert "never-log-account" in page


@pytest.mark.parametrize(
    "path",
    ["", "/quoted", "/html", "/files/1", "/do/log", "/do/add-address"],
)
def test_mail_of_others_is_not_there_for_a_member(
    story: dict[str, str], bob: Browser, path: str
) -> None:
    assert bob.get(f"/messages/{story['deputy']}{path}").status_code == 404


def test_member_changes_nothing_about_mail_of_others(story: dict[str, str], bob: Browser) -> None:
    assert bob.post(f"/messages/{story['deputy']}/do/log").status_code == 404


@pytest.mark.parametrize(
    "path", ["/", "/decisions", "/search?q=offer", "/contacts", "/held", "/suggestions"]
)
def test_lists_of_a_member_hold_nothing_of_others(
    story: dict[str, str], bob: Browser, anna: Browser, path: str
) -> None:
    page = bob.get(path).text
    assert "carol" not in page.lower()
    assert not any(entry in page for entry in story.values())


def test_contact_of_others_is_not_there_for_a_member(story: dict[str, str], bob: Browser) -> None:
    paths = ("/contacts/1", "/companies/customer.example", "/threads/1")
    assert [bob.get(path).status_code for path in paths] == [404, 404, 404]


def test_owner_of_a_contact_sees_what_is_logged_of_it(
    company: Registry, mail: Mail, bob: Browser
) -> None:
    company.add_contact(CAROL, "Carol Cruz", BOB)
    mail(OFFER, sent=True, to=CAROL)
    assert "Here is our offer." in bob.get("/contacts/1").text


def test_blind_recipients_are_for_the_sender_and_the_admin(
    mail: Mail, anna: Browser, bob: Browser, bea: Browser, company: Registry
) -> None:
    company.add_contact(CAROL, "Carol Cruz", BOB)
    (entry,) = mail(OFFER, sent=True, to=f"{CAROL} {EVE}")
    shown = [EVE in one.get(f"/messages/{entry}").text for one in (anna, bea, bob)]
    assert shown == [True, True, False]
    with anna.app.state.desk.views() as views:
        assert views.find(entry).contacts == (CAROL, EVE)
    paths = ("/contacts", "/", "/decisions", "/search?q=eve")
    assert not any(EVE in bob.get(path).text for path in paths)
    assert bob.get("/companies/stranger.example").status_code == 404
    assert bob.get(f"/contacts/{company.contact(EVE).contact_id}").status_code == 404
    assert entry not in bob.get(f"/decisions?address={EVE}").text
    assert entry in anna.get(f"/decisions?address={EVE}").text


def test_lists_that_a_journal_report_tells_are_for_the_sender_and_the_admin(
    mail: Mail, anna: Browser, bob: Browser, bea: Browser, company: Registry
) -> None:
    company.add_contact(CAROL, "Carol Cruz", BOB)
    told = f"To: {CAROL}\nBcc: {EVE}, Expanded: all@list.example\n"
    (entry,) = mail(journal_report(OFFER, told), sent=True, to="journal@gate.example")
    pages = [one.get(f"/messages/{entry}").text for one in (anna, bea, bob)]
    said = f"<bdi>{EVE}</bdi> as bcc, a member of the list <bdi>all@list.example</bdi>"
    assert [said in page for page in pages] == [True, True, False]
    assert EVE not in pages[2]


def test_decisions_are_filtered_and_each_bar_opens_what_is_behind_it(
    story: dict[str, str], anna: Browser
) -> None:
    page = anna.get("/decisions").text
    bars = re.findall(r'<a href="(/decisions\?[^"]+)"><rect', page)
    assert bars
    found = anna.get(next(b for b in bars if "not_logged" in b).replace("&amp;", "&")).text
    assert story["deputy"] in found
    assert story["reply"] not in found


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("outcome=not_logged", {"deputy"}),
        ("reason=tracked-reply", {"reply"}),
        ("address=deputy@customer.example", {"deputy"}),
        ("mailbox=anna@corp.example&outcome=logged", {"offer", "reply"}),
        ("user=anna@corp.example&reason=imported", {"offer"}),
        ("route=elsewhere", set()),
        ("since=2026-11-24", set()),
        ("until=2026-11-22", set()),
        ("since=2026-11-23&until=2026-11-23", {"offer", "reply", "deputy"}),
        ("outcome=nonsense&reason=nonsense&since=nonsense", {"offer", "reply", "deputy"}),
    ],
)
def test_filter_shows_what_it_says(
    story: dict[str, str], bea: Browser, asked: str, shown: set[str]
) -> None:
    page = bea.get(f"/decisions?{asked}").text
    assert {name for name, entry in story.items() if f"/messages/{entry}" in page} == shown


def test_pages_go_by_key_and_show_each_message_once(mail: Mail, bea: Browser) -> None:
    letters = [letter(message_id=f"{n}@customer.example", text=str(n)) for n in range(120)]
    entries = mail(*letters)
    seen: list[str] = []
    path = "/decisions"
    while path:
        page = bea.get(path).text
        seen += re.findall(r'class="subject"><a href="/messages/(\w+)"', page)
        more = re.search(r'href="([^"]+)" rel="next"', page)
        path = more.group(1).replace("&amp;", "&") if more else ""
    assert seen == entries[::-1]


@pytest.mark.parametrize(
    "word", ["見積", "ＯＦＦＥＲ", "carol", "tracked-reply", "お見積もり 確認"]
)
def test_search_finds_words_of_two_japanese_characters_too(
    story: dict[str, str], mail: Mail, anna: Browser, word: str
) -> None:
    text = "お見積もりを確認しました。The offer is fine."
    (entry,) = mail(
        letter(message_id="ja@customer.example", in_reply_to="<offer@corp.example>", text=text),
        minutes=5,
    )
    assert entry in anna.get(f"/search?q={word}").text


def test_search_finds_nothing_where_a_word_is_missing(story: dict[str, str], anna: Browser) -> None:
    page = anna.get("/search?q=offer+zebra").text
    assert "Nothing" in page
    assert "/messages/" not in page


def test_script_in_subject_name_words_and_file_name_is_shown_as_text(
    mail: Mail, anna: Browser
) -> None:
    head = (
        f'From: "{NAME}" <{CAROL}>'
        "\r\nTo: {ANNA}\r\nSubject: {NASTY}\r\n"
        "Message-ID: <nasty@customer.example>\r\nIn-Reply-To: <offer@corp.example>\r\n"
        "Date: Mon, 23 Nov 2026 11:59:00 +0000\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/plain\r\n\r\n{NASTY}\r\n"
        "--b\r\nContent-Type: application/pdf\r\n"
        'Content-Disposition: attachment; filename="<img src=x onerror=alert(4)>.pdf"\r\n\r\n'
        "%PDF-1.4\r\n--b--\r\n"
    )
    mail(OFFER, sent=True, to=CAROL)
    (entry,) = mail(head.encode(), minutes=1)
    paths = ("/", "/decisions", "/search?q=alert", "/contacts/1", f"/messages/{entry}")
    for path in paths:
        page = anna.get(path).text
        assert "alert(1)" in page
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "<svg onload" not in page


def test_right_to_left_words_find_their_own_direction(mail: Mail, anna: Browser) -> None:
    (entry,) = mail(
        letter(message_id="he@customer.example", text="שלום anna", subject="הצעה"), minutes=1
    )
    page = anna.get(f"/messages/{entry}").text
    assert '<div class="words" dir="auto">שלום anna</div>' in page
    assert "<bdi>הצעה</bdi>" in page


def test_health_names_what_does_not_answer(story: dict[str, str], bea: Browser) -> None:
    page = bea.get("/admin").text
    assert "next hop 127.0.0.1:1" in page
    assert "it does not answer" in page


def test_policy_tells_what_the_last_days_would_have_been(
    story: dict[str, str], bea: Browser
) -> None:
    page = bea.get("/policy?compare=1").text
    row = page[page.index('<th scope="row">gateway</th>') :]
    assert "+1" in row[: row.index("</tr>")]


def test_page_that_is_not_there_says_so(anna: Browser) -> None:
    assert anna.get("/nowhere").status_code == 404
    assert anna.get("/messages/0000000000000001").status_code == 404


ODD = (
    "99999999999999999999999", "-1", "0", "%00", "%F0%9F%92%A9", "..%2f..%2fetc", "%ff%fe", "'--",
    "a" * 2000,
)  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_odd_addresses_give_no_fault(story: dict[str, str], bea: Browser, odd: str) -> None:
    entry = story["reply"]
    paths = [
        f"/contacts/{odd}", f"/threads/{odd}", f"/companies/{odd}", f"/messages/{odd}",
        f"/messages/{entry}/files/{odd}", f"/messages/{entry}/do/{odd}", f"/static/{odd}",
        *(f"/decisions?{name}={odd}" for name in (*ASKED, "after")),
        f"/search?q={odd}&after={odd}", f"/contacts?q={odd}&after={odd}", f"/held?after={odd}",
        f"/sign-in?next={odd}",
    ]  # fmt: skip
    statuses = {path: bea.get(path).status_code for path in paths}
    assert {path: status for path, status in statuses.items() if status >= 500} == {}
