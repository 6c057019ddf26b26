"""What people do on the pages, from one to the next, on a desk and on a phone."""

from __future__ import annotations

import pytest

from gateway.store.registry import Registry
from tests.letters import letter
from tests.web.chrome import Opened
from tests.web.conftest import ANNA, BEA, CAROL, Mail
from tests.web.correspondence import DEPUTY, OFFER, REPLY
from tests.web.test_suggestions import ALONE

DESK, PHONE = 1280, 360
NOBODY = letter(author="<>", message_id="bad@customer.example", text="Who am I?")


@pytest.fixture
def story(company: Registry, mail: Mail) -> None:
    company.add_contact(CAROL, "Carol Cruz", ANNA)
    mail(OFFER, sent=True, to=CAROL)
    mail(REPLY, minutes=1)
    mail(DEPUTY, minutes=2)
    mail(NOBODY, minutes=3)
    mail(ALONE, minutes=4)


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_salesperson_reads_a_contact_its_company_and_a_conversation(
    story: None, address: str, opened: Opened, width: int
) -> None:
    page = opened(ANNA, width=width)
    page.goto(f"{address}/")
    page.click("nav >> text=Contacts")
    page.fill("#q", "Carol")
    page.click("text=Find")
    page.click("table >> text=Carol Cruz")
    page.click("text=Quoted text >> nth=0")
    page.wait_for_selector(".quoted")
    page.click("text=all of customer.example")
    assert "Looks good to me." in page.inner_text("main")
    page.click("text=Why? >> nth=0")
    page.click("text=Show all of it")
    assert "Carol's deputy" in page.inner_text("main")


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_salesperson_asks_why_in_japanese_and_fixes_it(
    story: None, address: str, opened: Opened, width: int
) -> None:
    page = opened(ANNA, width=width, locale="ja")
    page.goto(f"{address}/decisions?reason=replier-not-contact")
    page.click("td.subject a")
    assert "未記録" in page.inner_text(".verdict")
    page.click(".verdict >> text=deputy@customer.example を")
    assert "選択したメール1件が記録されます。" in page.inner_text("main")
    page.click("button.main")
    assert "記録済み" in page.inner_text(".verdict")
    page.fill("#find", "answer")
    page.press("#find", "Enter")
    page.wait_for_selector(".hits li")
    assert "Carol is away" in page.inner_text(".hits")


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_bar_of_a_chart_opens_the_messages_behind_it(
    story: None, address: str, opened: Opened, width: int
) -> None:
    page = opened(BEA, width=width)
    page.goto(f"{address}/decisions")
    page.click(".bars >> text=Reply from no contact")
    assert page.locator("td.subject a").count() == 1
    page.goto(f"{address}/decisions")
    page.locator(".chart a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/decisions?*outcome=logged*")
    assert page.locator("td.subject a").count() == 2


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_admin_decides_what_is_held_and_takes_a_suggestion(
    story: None, address: str, opened: Opened, width: int
) -> None:
    page = opened(BEA, width=width)
    page.goto(f"{address}/held")
    page.check("input[name=entry] >> nth=0")
    page.click("text=Approve the chosen")
    assert "It logs this message." in page.inner_text("main")
    page.click("button.main")
    assert "One message approved." in page.inner_text(".told")
    page.click("nav >> text=Suggestions")
    page.click("text=Put it into this conversation")
    assert "It logs this message." in page.inner_text("main")
    page.click("button.main")
    assert "One message is on the timeline now." in page.inner_text(".told")


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_admin_changes_a_switch_once_he_knows_what_it_does(
    story: None, address: str, opened: Opened, width: int
) -> None:
    page = opened(BEA, width=width)
    page.goto(f"{address}/policy/unknown_replier")
    page.check("input[value=thread-contact]")
    page.click("text=What would it do?")
    assert "+1 messages would have come" in page.inner_text(".effect")
    page.click("text=Let it hold from now on")
    assert "It holds from now on" in page.inner_text(".told")
    page.goto(f"{address}/policy/unknown_replier")
    page.click("text=Let the configuration hold again")
    assert "The configuration holds again" in page.inner_text(".told")


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_admin_puts_a_domain_on_the_never_log_list_knowing_the_price(
    story: None, address: str, opened: Opened, width: int
) -> None:
    page = opened(BEA, width=width)
    page.goto(f"{address}/people")
    page.fill("#nl", "legal.example")
    page.click("text=Never log …")
    assert "Nothing of mail with legal.example is kept from now on" in page.inner_text("main")
    page.click("button.main")
    assert "legal.example is on the never-log list now." in page.inner_text(".told")
    page.goto(f"{address}/admin")
    assert "never-log legal.example" in page.inner_text("main")


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_admin_asks_the_doctor_and_limits_files_of_a_user(
    story: None, address: str, opened: Opened, width: int
) -> None:
    page = opened(BEA, width=width)
    page.goto(f"{address}/admin")
    page.click("text=Look more closely")
    assert "Start it, or name another" in page.inner_text("main")
    page.goto(f"{address}/policy/attachment_limit_by_user")
    page.fill("#value", f"{ANNA} 20")
    page.click("text=What would it do?")
    page.click("text=Let it hold from now on")
    assert f"{ANNA} 20 MB" in page.inner_text(".told")


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_user_sets_what_is_his_own(story: None, address: str, opened: Opened, width: int) -> None:
    page = opened(ANNA, width=width)
    page.goto(f"{address}/me")
    page.fill("#pattern", "doctor.example")
    page.click("text=Never log it")
    assert "doctor.example is on your never-log list now." in page.inner_text(".told")
    page.select_option("#time_zone", "Asia/Tokyo")
    page.click("text=Choose")
    assert "Times are those of Asia/Tokyo now." in page.inner_text(".told")
    page.click("section >> text=日本語")
    page.wait_for_selector("h2:has-text('自分の記録対象外リスト')")
