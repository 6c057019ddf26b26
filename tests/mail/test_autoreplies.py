"""Automatic replies as clients begin them: a table of language and client."""

from __future__ import annotations

import pytest

from gateway.mail.autoreplies import auto_reply_evidence
from gateway.mail.heading import read_heading
from gateway.model.message import AutoReply, Kind
from tests.mail.build import letter, read

SUBJECTS = {
    "en outlook": "Automatic reply: Offer",
    "en old": "Out of Office AutoReply: Offer",
    "en ooo": "OOO: Offer",
    "en notes": "AUTO: Ann Lee is out of the office (returning 05/09/2026)",
    "en plain": "Out of office",
    "en vacation": "Away until May 5",
    "de outlook": "Automatische Antwort: Angebot",
    "de note": "Abwesenheitsnotiz: Angebot",
    "fr outlook": "Réponse automatique : Offre",
    "fr note": "Absence du bureau",
    "es outlook": "Respuesta automática: Oferta",
    "es note": "Fuera de la oficina: Oferta",
    "it outlook": "Risposta automatica: Offerta",
    "it note": "Fuori ufficio: Offerta",
    "pt outlook": "Resposta automática: Oferta",
    "pt note": "Ausência temporária",
    "nl outlook": "Automatisch antwoord: Offerte",
    "nl note": "Afwezigheidsbericht: Offerte",
    "pl outlook": "Odpowiedź automatyczna: Oferta",
    "sv outlook": "Autosvar: Offert",
    "sv note": "Frånvaromeddelande: Offert",
    "da outlook": "Automatisk svar: Tilbud",
    "no note": "Fraværende: Tilbud",
    "fi outlook": "Automaattinen vastaus: Tarjous",
    "cs outlook": "Automatická odpověď: Nabídka",
    "ru outlook": "Автоматический ответ: Предложение",
    "ja outlook": "自動返信: 見積",
    "ja note": "不在のお知らせ",
    "zh outlook": "自动答复: 报价",
    "zh-tw outlook": "自動回覆: 報價",
    "ko outlook": "자동 회신: 견적",
    "sk outlook": "Automatická odpoveď: Ponuka",
    "hr outlook": "Automatski odgovor: Ponuda",
    "sl outlook": "Samodejni odgovor: Ponudba",
    "et outlook": "Automaatvastus: Pakkumine",
    "hu outlook": "Automatikus válasz: Ajánlat",
    "ro outlook": "Răspuns automat: Ofertă",
    "uk outlook": "Автоматична відповідь: Пропозиція",
    "bg outlook": "Автоматичен отговор: Оферта",
    "tr outlook": "Otomatik yanıt: Teklif",
    "el outlook": "Αυτόματη απάντηση: Προσφορά",
    "desk": "[Auto-Reply] Offer",
    "he outlook": "תשובה אוטומטית: הצעה",
}


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS.keys())
def test_clients_begin_their_own_answers_so(subject: str) -> None:
    assert read(letter("I am away.", subject=subject)).kind is Kind.AUTO_REPLY


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Auto_Submitted", "auto-replied (vacation)"),
        ("X_Autoreply", "yes"),
        ("X_Autorespond", "Offer"),
        ("Precedence", "auto_reply"),
        ("X_Auto_Reply_From", "ann@x"),
        ("X_AutoReply_From", "ann@x"),
        ("Delivered_To", "Autoresponder"),
    ],
)
def test_fields_that_say_so(field: str, value: str) -> None:
    expected = Kind.PERSONAL if field == "X_Auto_Reply_From" else Kind.AUTO_REPLY
    assert read(letter("Hello", **{field: value})).kind is expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Auto_Submitted", "no"),
        ("X_Autoreply", "no"),
        ("Precedence", "bulk"),
        ("X_Autorespond", ""),
    ],
)
def test_fields_that_deny_it(field: str, value: str) -> None:
    assert read(letter("Hello", **{field: value})).kind is not Kind.AUTO_REPLY


def test_a_robot_that_answers_a_message_replies() -> None:
    octets = letter("Hello", Auto_Submitted="auto-generated", In_Reply_To="<0@corp.example>")
    assert read(octets).kind is Kind.AUTO_REPLY


def test_a_program_that_speaks_of_its_owner_is_one() -> None:
    assert read(letter("x", subject="Ann Lee is out of the office.",
                       From="Ann Lee <ann@x.example>")).kind is Kind.AUTO_REPLY  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "text", "author"),
    [
        ("Bob Ray is out of the office", "He is back on Monday.", "Ann Lee <ann@x.example>"),
        ("Ann is out of the office", "", ""),
        ("Re: Out of office", "Shall we set it?", "Ann Lee <ann@x.example>"),
        ("Who is out of office?", "Tell me.", "Ann Lee <ann@x.example>"),
        ("Auto parts", "They are here.", "Ann Lee <ann@x.example>"),
        ("Automatic doors", "They open.", "Ann Lee <ann@x.example>"),
        ("Re: Offer", "This is an automated response, you wrote.", "Ann Lee <ann@x.example>"),
        ("Offer", "I will be out of the office until Monday.", "Ann Lee <ann@x.example>"),
        ("Offer", "He no longer works here.", "Ann Lee <ann@x.example>"),
    ],
)
def test_people_who_write_about_absence_are_no_robots(subject: str, text: str, author: str) -> None:
    assert read(letter(text, subject=subject, From=author)).kind is Kind.PERSONAL


@pytest.mark.parametrize(
    "text",
    [
        "This is an automated reply. We got your mail.",
        "Dies ist eine automatische Antwort.",
        "お問い合わせありがとうございます。このメールは自動送信されています。",
        "※本メールは自動返信メールです。",
    ],
)
def test_a_text_may_say_that_it_is_one(text: str) -> None:
    assert read(letter(text, subject="Thank you")).kind is Kind.AUTO_REPLY


def test_who_left_is_told_by_a_robot() -> None:
    octets = letter("Ann no longer works here. Write to carl@x.example.",
                    X_Auto_Response_Suppress="All")  # fmt: skip
    message = read(octets)
    assert message.kind is Kind.AUTO_REPLY
    assert message.auto_reply == AutoReply(successor="carl@x.example")


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("I am away until December 5.", "2026-12-05"),
        ("I will be back on 7 January 2027", "2027-01-07"),
        ("I will return on Jan 7th, 2027", "2027-01-07"),
        ("I will be back on Jan 7", "2027-01-07"),
        ("away until 05.12.2026", "2026-12-05"),
        ("away until 12/25", "2026-12-25"),
        ("Ich bin bis zum 5. Dezember nicht da.", "2026-12-05"),
        ("Ab dem 05.12.26 bin ich wieder da.", "2026-12-05"),
        ("absent jusqu'au 5 décembre 2026", "2026-12-05"),
        ("hasta el 5 de diciembre de 2026", "2026-12-05"),
        ("fino al 5 dicembre", "2026-12-05"),
        ("até 5 de dezembro", "2026-12-05"),
        ("Ik ben afwezig tot 5 december", "2026-12-05"),
        ("Wracam 5 grudnia", "2026-12-05"),
        ("Jag är borta till 5 december", "2026-12-05"),
        ("Jeg er tilbage 5. december", "2026-12-05"),
        ("poissa 5.12.2026 asti. Palaan 7.12.2026", "2026-12-07"),
        ("do 5. prosince 2026", "2026-12-05"),
        ("до 5 декабря 2026", "2026-12-05"),
        ("12月5日まで不在です", "2026-12-05"),
        ("2026年12月5日(土)まで不在です", "2026-12-05"),
        ("我将休假至 12月5日", "2026-12-05"),
        ("12월 5일까지 부재중입니다", "2026-12-05"),
        ("until 2026-12-05", "2026-12-05"),
        ("until 31.02.2026", ""),
        ("until further notice", ""),
        ("I am away.", ""),
    ],
)
def test_the_return_date_is_read(text: str, until: str) -> None:
    octets = letter(text, Auto_Submitted="auto-replied")
    answer = read(octets).auto_reply
    assert answer is not None
    assert answer.until == until


@pytest.mark.parametrize(
    "text",
    [
        "Out from 4th to 15th March 2027.",
        "Ich werde ab 01.03.2027 nicht im Büro sein. Ich kehre zurück am 15.03.2027.",
        "Do 15. marca 2027 nie som v kancelárii.",
        "Nisam u uredu do 15. ožujka 2027.",
        "Je serai absent du 1 au 15 mars 2027.",
        "Estaré de vacaciones del 1 al 15 de marzo de 2027.",
        "Sarò assente dal 1 al 15 marzo 2027.",
        "Ik ben vanaf 15 maart weer aanwezig.",
        "Puhkusel kuni 15. märts 2027.",
        "2027. március 15-ig nem vagyok az irodában.",
        "Sunt în concediu până la 15 martie 2027.",
        "Я у відпустці до 15 березня 2027 р.",
        "15 Mart 2027 tarihine kadar ofiste değilim.",
        "Θα απουσιάζω έως 15 Μαρτίου 2027.",
        "Olen lomalla 15.3.2027 asti.",
        "我正在休假，2027年3月15日之前无法回复。",
    ],
)
def test_the_return_date_is_read_in_more_languages(text: str) -> None:
    octets = letter(text, Auto_Submitted="auto-replied", Date="Mon, 8 Feb 2027 09:01:00 +0100")
    answer = read(octets).auto_reply
    assert answer is not None
    assert answer.until == "2027-03-15"


@pytest.mark.parametrize("behind", ["。", "まで", " まで", ".", ", thanks"])
def test_an_address_ends_where_ascii_does(behind: str) -> None:
    octets = letter(f"carl@x.example{behind}", Auto_Submitted="auto-replied")
    answer = read(octets).auto_reply
    assert answer is not None
    assert answer.successor == "carl@x.example"


@pytest.mark.parametrize(("zone", "until"), [("-0800", "2026-12-05"), ("+0100", "2026-05-12")])
def test_figures_are_read_as_the_writer_means_them(zone: str, until: str) -> None:
    octets = letter(
        "back on 12/5/2026", Auto_Submitted="auto-replied", Date=f"Mon, 23 Nov 2026 09:01:00 {zone}"
    )
    answer = read(octets).auto_reply
    assert answer is not None
    assert answer.until == until


def test_without_a_date_of_its_own_a_day_has_no_year() -> None:
    answer = read(letter("until 5 May", Auto_Submitted="auto-replied", Date="")).auto_reply
    assert answer is not None
    assert answer.until == ""


def test_the_successor_is_neither_author_nor_recipient() -> None:
    octets = letter(
        "I, ann@out.example, am away. You, bob@corp.example, may write to carl@x.example.",
        Auto_Submitted="auto-replied",
    )
    answer = read(octets).auto_reply
    assert answer is not None
    assert answer.successor == "carl@x.example"


def test_a_message_without_author_is_judged_by_its_subject() -> None:
    heading = read_heading(b"Subject: x is out of the office\r\n\r\n")
    assert auto_reply_evidence(heading, "") == ""


CHALLENGE = "Your message is being held. Please click the link below to verify your e-mail."


@pytest.mark.parametrize(
    ("subject", "text", "fields", "is_robot"),
    [
        ("Re: Offer (verification required)", CHALLENGE, {"In_Reply_To": "<0@x>"}, True),
        ("Please confirm your message", CHALLENGE, {"X_TMDA_Fingerprint": "x"}, True),
        ("Please confirm your message", "Did you get it?", {"In_Reply_To": "<0@x>"}, False),
        ("Please confirm your message", CHALLENGE, {}, False),
        ("Offer", CHALLENGE, {"In_Reply_To": "<0@x>"}, False),
    ],
)
def test_a_challenge_is_an_automatic_reply(
    subject: str, text: str, fields: dict[str, str], is_robot: bool
) -> None:
    found = read(letter(text, subject=subject, **fields)).kind
    assert (found is Kind.AUTO_REPLY) is is_robot
