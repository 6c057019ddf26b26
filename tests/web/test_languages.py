"""The pages in the language of whoever reads them."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette

from tests.web.conftest import ANNA, CAROL, PASSWORD, Browser, Mail
from tests.web.correspondence import DEPUTY, OFFER, REPLY

LETTERS = frozenset({"Our offer", "Here is our offer", "Looks good to me", "Carol is away"})
"""What stands in the letters themselves."""


def test_the_browser_says_which_language(browser: Browser) -> None:
    page = browser.get("/sign-in", **{"accept-language": "ja,en;q=0.5"}).text
    assert '<html lang="ja">' in page
    assert "サインイン" in page


def test_what_a_user_chooses_goes_before_what_the_browser_says(anna: Browser) -> None:
    answer = anna.post("/me/language", language="ja")
    assert answer.status_code == 303
    assert "過去7日間" in anna.get("/").text
    anna.post("/me/language", language="en")
    assert "The last seven days" in anna.get("/", **{"accept-language": "ja"}).text


@pytest.mark.parametrize(
    ("referer", "there"),
    [
        ("http://127.0.0.1/decisions?outcome=held", "/decisions?outcome=held"),
        ("http://127.0.0.1//evil.example/", "/"),
        ("http://evil.example/decisions", "/"),
        ("", "/"),
    ],
)
def test_choosing_a_language_leads_back_and_never_to_another_host(
    anna: Browser, referer: str, there: str
) -> None:
    data = {"language": "ja", "csrf": anna.csrf}
    answer = anna._ask("POST", "/me/language", data=data, headers={"referer": referer})
    assert answer.headers["location"] == there


def test_a_language_that_we_do_not_speak_is_none(anna: Browser) -> None:
    assert anna.post("/me/language", language="xx").status_code == 404


def test_language_of_the_sign_in_page_stays(app: Starlette) -> None:
    browser = Browser(app)
    browser._ask("POST", "/sign-in", data={"address": ANNA, "password": PASSWORD, "language": "ja"})
    assert "過去7日間" in browser.get("/").text


@pytest.mark.parametrize(
    "path",
    ["/", "/decisions", "/contacts", "/contacts/1", "/companies/customer.example", "/held",
     "/suggestions", "/search?q=offer", "/policy", "/policy/log?value=all", "/people", "/admin",
     "/admin/doctor", "/me", "/missing", "/messages/{deputy}",
     "/messages/{deputy}/do/add-address", "/messages/{offer}"],
)  # fmt: skip
def test_japanese_page_holds_no_english_sentence(mail: Mail, bea: Browser, path: str) -> None:
    (offer,) = mail(OFFER, sent=True, to=CAROL)
    mail(REPLY, minutes=1)
    (deputy,) = mail(DEPUTY, minutes=2)
    page = bea.get(path.format(offer=offer, deputy=deputy), **{"accept-language": "ja"}).text
    said = re.sub(r"<(script|style|code|option|bdi)\b.*?</\1>|<[^>]+>", "\n", page, flags=re.DOTALL)
    # Addresses, codes and names stay; a sentence of ours has a word, a space, and a word.
    english = re.findall(r"(?:^|[\n。])\s*([A-Z][a-z]+(?: [a-z]+)+)", said)
    assert [words for words in english if words not in LETTERS] == []


def test_dates_are_written_as_the_language_writes_them(mail: Mail, anna: Browser) -> None:
    mail(OFFER, sent=True, to=CAROL)
    assert "23 Nov 2026, 12:00" in anna.get("/decisions").text
    assert "2026年11月23日 12:00" in anna.get("/decisions", **{"accept-language": "ja"}).text


def test_remedy_and_sentence_are_told_in_japanese(mail: Mail, anna: Browser) -> None:
    mail(OFFER, sent=True, to=CAROL)
    (deputy,) = mail(DEPUTY, minutes=2)
    page = anna.get(f"/messages/{deputy}", **{"accept-language": "ja"}).text
    assert "deputy@customer.example は連絡先ではありません。" in page
    assert "追跡中のスレッドへの、どの連絡先のものでもないアドレスからの返信です。" in page
    assert "deputy@customer.example を carol@customer.example に追加" in page


def test_what_was_done_is_told_in_japanese(mail: Mail, anna: Browser) -> None:
    mail(OFFER, sent=True, to=CAROL)
    (deputy,) = mail(DEPUTY, minutes=2)
    anna.post("/me/language", language="ja")
    answer = anna.post(f"/messages/{deputy}/do/add-address")
    told = anna.get(answer.headers["location"]).text
    assert "完了:" in told
    assert "1件がタイムラインに載りました。" in told
