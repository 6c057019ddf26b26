"""Forwards of clients that print more than a header block, and of people as they are shown."""

from __future__ import annotations

import pytest

from gateway.model.message import Forward
from tests.mail.build import letter, read

BODY = "Old words.\n\nMore."
CLIENTS = {
    "en zoho": "=========== Forwarded message ===========\nFrom: Ann Lee <ann@x.example>\n"
    'To: "Bob"<bob@corp.example>\nDate: Mon\nSubject: Offer\n'
    f"=========== Forwarded message ===========\n\n{BODY}\n",
    "en mutt": "----- Forwarded message from Ann Lee <ann@x.example> -----\n\nDate: Mon\n"
    "From: Ann Lee <ann@x.example>\nTo: bob@corp.example\nSubject: Offer\nUser-Agent: Mutt/2\n\n"
    f"{BODY}\n\n----- End forwarded message -----\n\n-- \nBob\n",
    "en mutt, all fields": "----- Forwarded message from Ann Lee <ann@x.example> -----\n\n"
    "Return-Path: <ann@x.example>\nReceived: from x.example by corp.example\n"
    "\tfor <bob@corp.example>;\n\tMon\nX-Spam-Level: *\nDate: Mon\n"
    "From: Ann Lee <ann@x.example>\nTo: bob@corp.example\nSubject: Offer\n"
    f"Content-Type: text/plain\n\n{BODY}\n\n----- End forwarded message -----\n",
    "en yandex": "-------- Forwarded message --------\nTo: Bob (bob@corp.example);\n"
    "Subject: Offer;\n"
    '09.11.2026, 10:21, "Ann Lee" <ann@x.example>:\n\n'
    f"{BODY}\n\n-------- End of forwarded message --------\n",
    "ru yandex": "-------- Пересылаемое сообщение --------\nКому: Bob (bob@corp.example);\n"
    'Тема: Offer;\n09.11.2026, 10:21, "Ann Lee" <ann@x.example>:\n\n'
    f"{BODY}\n\n-------- Завершение пересылаемого сообщения --------\n",
    "ru the bat": "Это пересылаемое сообщение\nОт: Ann Lee <ann@x.example>\n"
    "Кому: bob@corp.example\nДата: понедельник\nТема: Offer\n\n"
    f"===8<=====Исходный текст сообщения=====\n{BODY}\n"
    "===8<=====Конец исходного текста сообщения=====\n",
    "zh qq": '---------- Original ----------\nFrom: \u00a0"Ann Lee";<ann@x.example>;\n'
    f'Date: Mon\nTo: "Bob"<bob@corp.example>; \n\nSubject: \u00a0Offer\n\n\n\n{BODY}\n',
    "ja becky": "---------- Original Message ----------\n From: Ann Lee <ann@x.example>\n"
    f" To: bob@corp.example\n Date: Mon\n Subject: Offer\n----\n\n{BODY}\n\n"
    "--------------------- Original Message Ends --------------------\n",
    "ja telephone": "-----Original Message-----\nFrom: Ann Lee <ann@x.example>\n"
    f"To:bob@corp.example\nDate:2012/03/05 10:12\nSub:Offer\n\n{BODY}\n",
    "en outlook, double spaced": "From: Ann Lee <ann@x.example> \n\nSent: Monday\n\n"
    f"To: bob@corp.example \n\nSubject: Offer \n\n\n\n{BODY}\n",
    "en outlook appointment": "-----Original Appointment-----\nFrom: Ann Lee <ann@x.example>\n"
    f"Sent: Monday\nTo: bob@corp.example\nSubject: Offer\nWhen: Friday\nWhere: Room 3\n\n{BODY}\n",
    "sv samsung": "-------- Originalmeddelande --------\nFrån: Ann Lee <ann@x.example>\n"
    f"Datum: måndag\nTill: bob@corp.example\nRubrik: Offer\n\n{BODY}\n",
    "tr samsung": "-------- Orijinal mesaj --------\nKimden: Ann Lee <ann@x.example>\n"
    f"Tarih: 09/11/2026\nAlıcı: bob@corp.example\nKonu: Offer\n\n{BODY}\n",
    "el outlook": "Δες.\n\nΑπό: Ann Lee <ann@x.example>\nΣτάλθηκε: Δευτέρα\n"
    f"Προς: bob@corp.example\nΚοιν.: carl@x.example\nΘέμα: Offer\n\n{BODY}\n",
    "et thunderbird": "-------- Edastatud kiri --------\nTeema: \tOffer\nKuupäev: \tE\n"
    f"Saatja: \tAnn Lee <ann@x.example>\nSaaja: \tbob@corp.example\n"
    f"Koopia: \tc@x.example\n\n{BODY}\n",
    "zh-TW apple": "開始轉寄郵件：\n\n寄件人： Ann Lee <ann@x.example>\n標題： Offer\n"
    f"日期： 2026年11月9日\n收件人： bob@corp.example\n\n{BODY}\n",
    "en kmail": "----------  Forwarded Message  ----------\n\nSubject: Offer\nDate: Mon\n"
    f"From: Ann Lee <ann@x.example>\nTo: bob@corp.example\n\n{BODY}\n\n{'-' * 55}\n",
    "en mh": "------- Forwarded Message\n\nDate: Mon\nFrom: Ann Lee <ann@x.example>\n"
    f"To: bob@corp.example\nSubject: Offer\n\n{BODY}\n\n------- End of Forwarded Message\n",
    "en brackets": "---- Forwarded Message ----\nFrom: Ann Lee [ann@x.example]\nSent: Mon\n"
    f"To: bob@corp.example\nSubject: Offer\n\n{BODY}\n",
    "it libero": "----Messaggio originale----\nDa: Ann Lee <ann@x.example>\nData: 09/11/2026\n"
    f"A: <bob@corp.example>\nOgg: Offer\n\n{BODY}\n",
    "pt uol": "De: Ann Lee <ann@x.example>\nEnviada: Segunda-feira, 9\nPara: bob@corp.example\n"
    f"Assunto: Offer\n\n{BODY}\n",
    "uk webmail": "--- Оригінальне повідомлення ---\nВід кого: Ann Lee <ann@x.example>\n"
    f"Дата: 9 листопада\nКому: bob@corp.example\nТема: Offer\n\n{BODY}\n",
    "zh aliyun": "发件人：Ann Lee <ann@x.example>\n日　期：2026年11月9日\n"
    f"收件人：<bob@corp.example>\n主　题：Offer\n\n{BODY}\n",
    "zh-TW thunderbird": "-------- 轉寄郵件 --------\n主旨: \tOffer\n日期: \tMon\n"
    f"從: \tAnn Lee <ann@x.example>\n到: \tbob@corp.example\n\n{BODY}\n",
}


def unwrap(text: str, subject: str = "Fwd: Offer") -> Forward:
    (found,) = read(letter(text, subject=subject)).forwards
    return found


@pytest.mark.parametrize("text", CLIENTS.values(), ids=CLIENTS.keys())
def test_the_original_is_unwrapped(text: str) -> None:
    found = unwrap(text)
    assert found.author is not None
    assert (found.author.key, found.author.name) == ("ann@x.example", "Ann Lee")
    assert (found.subject, [a.key for a in found.to]) == ("Offer", ["bob@corp.example"])
    assert found.body == BODY


def test_greek_outlook_says_by_the_subject_that_it_forwards() -> None:
    assert unwrap(CLIENTS["el outlook"], "ΠΡΘ: Offer").cc[0].key == "carl@x.example"


@pytest.mark.parametrize(
    ("value", "people"),
    [
        (
            "Lee, Ann (NYC) <ann@x.example>; jo@x.example",
            [("Lee, Ann (NYC)", "ann@x.example"), ("", "jo@x.example")],
        ),
        (
            "'ann@x.example' <ann@x.example>; 'jo@x.example'",
            [("ann@x.example", "ann@x.example"), ("", "jo@x.example")],
        ),
        ("Ann Lee; Jo", [("Ann Lee", ""), ("Jo", "")]),
        ("*Ann Lee* <ann@x.example>", [("Ann Lee", "ann@x.example")]),
        ('"Lee; Ann" <ann@x.example>;', [("Lee; Ann", "ann@x.example")]),
        (
            "Ann Lee <ann@x.example>, Jo\n<jo@x.example>",
            [("Ann Lee", "ann@x.example"), ("Jo", "jo@x.example")],
        ),
        ("Ann Lee (ann@x.example)", [("Ann Lee", "ann@x.example")]),
    ],
)
def test_people_are_read_as_clients_show_them(value: str, people: list[tuple[str, str]]) -> None:
    found = unwrap(f"From: carl@x.example\nSent: Monday\nTo: {value}\nSubject: Offer\n\n{BODY}\n")
    assert [(one.name, one.key) for one in found.to] == people


def test_a_rule_below_the_separator_of_a_nested_forward_is_no_end() -> None:
    inner = CLIENTS["en zoho"]
    outer = inner.replace(BODY, f"New.\n\n{inner}").replace("Offer", "Newer", 1)
    found = read(letter(outer, subject="Fwd: Newer")).forwards
    assert [one.subject for one in found] == ["Newer", "Offer"]


@pytest.mark.parametrize(
    "text",
    [
        "Von: 8:00\nAn: 16:00\nDatum: 5.3.2024\n\nBitte eintragen.\n",
        "Subject: English\nFrom: September\nTo: June\n\nPlease apply.\n",
        "From: Tokyo\n\nTo: Osaka\n\nDate: 5 March\n\nPlease book.\n",
    ],
)
def test_a_timetable_is_no_header_block(text: str) -> None:
    assert read(letter(text, subject="Plan")).forwards == ()
