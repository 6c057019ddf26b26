"""What clients print above a quotation: a table of language and client."""

from __future__ import annotations

import time

import pytest

from gateway.mail.blocks import find_seams
from gateway.mail.quotes import new_text_stop
from tests.mail.build import letter, read


def new_words(text: str, quote_at: int | None = None) -> str:
    return text[: new_text_stop(text, find_seams(text), quote_at)]


ATTRIBUTIONS = {
    "en gmail": "On Mon, Nov 9, 2026 at 10:21 AM Ann Lee <ann@x.example> wrote:",
    "en gmail folded": "On Mon, Nov 9, 2026 at 10:21 AM Ann Lee\n<ann@x.example> wrote:",
    "en gmail folded twice": "On Mon, Nov 9, 2026 at 10:21 AM Ann Lee <\nann@x.example>\nwrote:",
    "en apple": "On 9 Nov 2026, at 10:21, Ann Lee <ann@x.example> wrote:",
    "en thunderbird": "On 11/9/26 10:21, Ann Lee wrote:",
    "en yahoo": "--- On Mon, 11/9/26, Ann Lee <ann@x.example> wrote:",
    "en android": 'On Nov 9, 2026 10:21, "Ann Lee" <ann@x.example> wrote:',
    "ja gmail": "2026年11月9日(月) 10:21 田中 太郎 <taro@x.example>:",
    "ja ios": "2026/11/09 10:21、田中 太郎 <taro@x.example>のメール:",
    "ja thunderbird": "On 2026/11/09 10:21, 田中 太郎 wrote:",
    "ja becky": "On Mon, 9 Nov 2026 10:21:00 +0900\n田中 太郎 <taro@x.example> wrote:",
    "ja becky own": "2026年11月9日 10:21\n田中 太郎 さんは書きました：",
    "de gmail": "Am Mo., 9. Nov. 2026 um 10:21 Uhr schrieb Ann Lee <ann@x.example>:",
    "de apple": "Am 09.11.2026 um 10:21 schrieb Ann Lee <ann@x.example>:",
    "de thunderbird": "Am 09.11.26 um 10:21 schrieb Ann Lee:",
    "fr gmail": "Le lun. 9 nov. 2026 à 10:21, Ann Lee <ann@x.example> a écrit :",
    "fr thunderbird": "Le 09/11/2026 à 10:21, Ann Lee a écrit :",
    "es gmail": "El lun, 9 nov 2026 a las 10:21, Ann Lee (<ann@x.example>) escribió:",
    "es apple": "El 9 nov 2026, a las 10:21, Ann Lee <ann@x.example> escribió:",
    "it gmail": "Il giorno lun 9 nov 2026 alle ore 10:21 Ann Lee <ann@x.example> ha scritto:",
    "it apple": "Il giorno 9 nov 2026, alle ore 10:21, Ann Lee <ann@x.example> ha scritto:",
    "pt gmail": "Em seg., 9 de nov. de 2026 às 10:21, Ann Lee <ann@x.example> escreveu:",
    "pt thunderbird": "Em 09/11/2026 10:21, Ann Lee escreveu:",
    "nl gmail": "Op ma 9 nov 2026 om 10:21 schreef Ann Lee <ann@x.example>:",
    "nl apple": "Op 9 nov. 2026, om 10:21 heeft Ann Lee <ann@x.example> het volgende geschreven:",
    "pl gmail": "pon., 9 lis 2026 o 10:21 Ann Lee <ann@x.example> napisał(a):",
    "pl thunderbird": "W dniu 09.11.2026 o 10:21, Ann Lee pisze:",
    "pl apple": "Wiadomość napisana przez Ann Lee <ann@x.example> w dniu 09.11.26, o godz. 10:21:",
    "sv gmail": "Den mån 9 nov. 2026 kl 10:21 skrev Ann Lee <ann@x.example>:",
    "sv apple": "9 nov. 2026 kl. 10:21 skrev Ann Lee <ann@x.example>:",
    "da gmail": "Den man. 9. nov. 2026 kl. 10.21 skrev Ann Lee <ann@x.example>:",
    "no gmail": "man. 9. nov. 2026 kl. 10:21 skrev Ann Lee <ann@x.example>:",
    "fi gmail": "ma 9. marrask. 2026 klo 10.21 Ann Lee (ann@x.example) kirjoitti:",
    "cs gmail": "po 9. 11. 2026 v 10:21 odesílatel Ann Lee <ann@x.example> napsal:",
    "cs thunderbird": "Dne 09. 11. 26 v 10:21 Ann Lee napsal(a):",
    "ru gmail": "пн, 9 нояб. 2026 г. в 10:21, Ann Lee <ann@x.example>:",
    "ru thunderbird": "09.11.2026 10:21, Ann Lee пишет:",
    "ru mail.ru": "Понедельник, 9 ноября 2026, 10:21 +03:00 от Ann Lee <ann@x.example>:",
    "zh gmail": "Ann Lee <ann@x.example> 于2026年11月9日周一 10:21写道：",
    "zh-tw gmail": "Ann Lee <ann@x.example> 於 2026年11月9日 週一 上午10:21寫道：",
    "ko gmail": "2026년 11월 9일 (월) 오전 10:21, Ann Lee <ann@x.example>님이 작성:",
}

BLOCKS = {
    "en outlook": "From: Ann Lee <ann@x.example>\nSent: Monday, November 9, 2026 10:21 AM\n"
    "To: Bob <bob@x.example>\nSubject: Offer",
    "en outlook bold": "*From:* Ann Lee [mailto:ann@x.example]\n*Sent:* Monday\n"
    "*To:* Bob\n*Subject:* Offer",
    "en outlook for mac": "From: Ann Lee <ann@x.example>\nDate: Monday, 9 November 2026 at 10:21\n"
    "To: Bob\nSubject: Offer",
    "ja outlook": "差出人: 田中 <taro@x.example>\n送信日時: 2026年11月9日 10:21\n"
    "宛先: Bob\n件名: 見積",
    "ja outlook wide": "差出人：田中\n送信日時：2026年11月9日\n宛先：Bob\n件名：見積",
    "de outlook": "Von: Ann Lee <ann@x.example>\nGesendet: Montag, 9. November 2026 10:21\n"
    "An: Bob\nBetreff: Angebot",
    "fr outlook": "De : Ann Lee <ann@x.example>\nEnvoyé : lundi 9 novembre 2026 10:21\n"
    "À : Bob\nObjet : Offre",
    "es outlook": "De: Ann Lee <ann@x.example>\nEnviado el: lunes, 9 de noviembre de 2026\n"
    "Para: Bob\nAsunto: Oferta",
    "it outlook": "Da: Ann Lee <ann@x.example>\nInviato: lunedì 9 novembre 2026 10:21\n"
    "A: Bob\nOggetto: Offerta",
    "pt outlook": "De: Ann Lee <ann@x.example>\nEnviada em: segunda-feira, 9 de novembro\n"
    "Para: Bob\nAssunto: Oferta",
    "nl outlook": "Van: Ann Lee <ann@x.example>\nVerzonden: maandag 9 november 2026 10:21\n"
    "Aan: Bob\nOnderwerp: Offerte",
    "pl outlook": "Od: Ann Lee <ann@x.example>\nWysłano: poniedziałek, 9 listopada 2026\n"
    "Do: Bob\nTemat: Oferta",
    "sv outlook": "Från: Ann Lee <ann@x.example>\nSkickat: den 9 november 2026 10:21\n"
    "Till: Bob\nÄmne: Offert",
    "da outlook": "Fra: Ann Lee <ann@x.example>\nSendt: 9. november 2026 10:21\n"
    "Til: Bob\nEmne: Tilbud",
    "no outlook": "Fra: Ann Lee <ann@x.example>\nSendt: mandag 9. november 2026 10:21\n"
    "Til: Bob\nEmne: Tilbud",
    "fi outlook": "Lähettäjä: Ann Lee <ann@x.example>\nLähetetty: maanantai 9. marraskuuta\n"
    "Vastaanottaja: Bob\nAihe: Tarjous",
    "cs outlook": "Od: Ann Lee <ann@x.example>\nOdesláno: pondělí 9. listopadu 2026\n"
    "Komu: Bob\nPředmět: Nabídka",
    "ru outlook": "От: Ann Lee <ann@x.example>\nОтправлено: 9 ноября 2026 г. 10:21\n"
    "Кому: Bob\nТема: Предложение",
    "zh outlook": "发件人: Ann Lee <ann@x.example>\n发送时间: 2026年11月9日 10:21\n"
    "收件人: Bob\n主题: 报价",
    "zh-tw outlook": "寄件者: Ann Lee <ann@x.example>\n寄件日期: 2026年11月9日 10:21\n"
    "收件者: Bob\n主旨: 報價",
    "ko outlook": "보낸 사람: Ann Lee <ann@x.example>\n보낸 날짜: 2026년 11월 9일\n"
    "받는 사람: Bob\n제목: 견적",
    "ruled": "________________________________\nFrom: Ann Lee\n"
    "Sent: Monday\nTo: Bob\nSubject: Offer",
    "dashed": "-----Original Message-----\nFrom: Ann Lee",
    "dashed de": "-----Ursprüngliche Nachricht-----\nVon: Ann Lee",
    "dashed ja": "-----元のメッセージ-----\n差出人: 田中",
    "dashed fr": "-----Message d'origine-----\nDe : Ann Lee",
    "dashed es": "-----Mensaje original-----\nDe: Ann Lee",
    "forwarded": "---------- Forwarded message ---------\nFrom: Ann Lee",
    "forwarded ja": "---------- 転送メッセージ ----------\n差出人: 田中",
    "begin": "Begin forwarded message:\n\nFrom: Ann Lee",
    "begin de": "Anfang der weitergeleiteten Nachricht:\n\nVon: Ann Lee",
}


HTML = {
    "gmail": '<div dir="ltr">New words.</div><br><div class="gmail_quote"><div class="gmail_attr">'
    "2026年11月9日(月) 10:21 田中 &lt;<a>t@x.example</a>&gt;:<br></div>"
    '<blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px solid">Old.<br>'
    "</blockquote></div>",
    "outlook": '<p>New words.</p><div style="border:none;border-top:solid #B5C4DF '
    '1.0pt"><p><b>差出人:</b> 田中<br><b>送信日時:</b> 2026年<br><b>宛先:</b> Bob</p></div><p>Old.',
    "outlook web": "<div>New words.</div><div id=appendonsend></div><hr><div id=divRplyFwdMsg>"
    "<b>From:</b> Ann<br><b>Sent:</b> Monday</div><div>Old.</div>",
    "apple": "<div>New words.</div><br><div><blockquote type=cite><div>On 9 Nov 2026, at 10:21, "
    "Ann &lt;ann@x.example&gt; wrote:</div><br><div>Old.</div></blockquote></div>",
    "ios": '<div dir="ltr">New words.</div><div dir="ltr"><br>Sent from my iPhone</div><div><br>'
    "<blockquote type=cite>On Nov 9, 2026, at 10:21, Ann &lt;ann@x.example&gt; wrote:<br><br>"
    "</blockquote></div><blockquote type=cite><div>Old.</div></blockquote>",
    "thunderbird": '<p>New words.</p><div class="moz-cite-prefix">Am 09.11.26 um 10:21 schrieb Ann:'
    "<br></div><blockquote type=cite cite=mid:x><p>Old.</p></blockquote>",
    "yahoo": '<div>New words.</div><div class="yahoo_quoted"><div>On Monday, Ann wrote:</div>'
    "<div>Old.</div></div>",
    "proton": '<div>New words.</div><div class="protonmail_quote">On Monday, Ann wrote:<br>'
    "<blockquote type=cite>Old.</blockquote></div>",
}


@pytest.mark.parametrize("html", HTML.values(), ids=HTML.keys())
def test_new_words_end_above_the_quotation_of_an_html_client(html: str) -> None:
    octets = letter(html, subject="Re: Offer", Content_Type="text/html; charset=utf-8")
    assert read(octets).new_text == "New words."


@pytest.mark.parametrize("attribution", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS.keys())
def test_new_words_end_above_an_attribution_and_its_quotation(attribution: str) -> None:
    assert new_words(f"New words.\n\n{attribution}\n\n> Old words.\n> More.\n") == "New words."


@pytest.mark.parametrize("attribution", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS.keys())
def test_new_words_end_above_an_attribution_without_quote_marks(attribution: str) -> None:
    assert new_words(f"New words.\n\n{attribution}\n\nOld words.\nMore.\n") == "New words."


@pytest.mark.parametrize(
    "attribution",
    [
        'At 2026-11-09 10:21:00, "Ann Lee" <ann@x.example> wrote:',
        "On Mon, 9 Nov 2026 10:21 Ann Lee wrote:",
        "El lun, 9 nov 2026 a las\n10:21, Ann Lee (<ann@x.example>) escribió:",
        "Ann Lee <ann@x.example> 于2026年11月9日周一 10:21写道：",
    ],
)
def test_an_attribution_right_below_new_words_takes_none_of_them(attribution: str) -> None:
    assert new_words(f"New words at 10:00.\n{attribution}\n> Old words.\n") == "New words at 10:00."


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS.keys())
def test_new_words_end_above_a_header_block_or_separator(block: str) -> None:
    assert new_words(f"New words.\n\n{block}\n\nOld words.\n") == "New words."


def test_answers_between_quotations_are_new_words() -> None:
    text = "On Mon, Nov 9, 2026 at 10:21 AM Ann <a@x> wrote:\n> One?\n\nYes.\n\n> Two?\n\nNo.\n"
    assert new_words(text) == text.rstrip()


def test_an_answer_below_the_quotation_is_new_words() -> None:
    text = "On Mon, Nov 9, 2026 at 10:21 AM Ann <a@x> wrote:\n> One?\n> Two?\n\nYes.\n-- \nBob\n"
    assert new_words(text).endswith("Yes.")


def test_a_quotation_at_the_end_without_attribution_is_old() -> None:
    assert new_words("New.\n\n> old\n>\n> older\n\n") == "New."


def test_what_is_nothing_but_quotation_has_no_new_words() -> None:
    assert new_words("> old\n> older\n") == ""


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nBob\nBob Inc.",
        "--\nBob",
        "Sent from my iPhone",
        "Get Outlook for iOS<https://aka.example/x>",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
        "Enviado desde mi iPhone",
        "Inviato da iPhone",
        "Verstuurd vanaf mijn iPhone",
        "Wysłane z iPhone’a",
        "Skickat från min iPhone",
        "Sendt fra min iPhone",
        "Lähetetty iPhonesta",
        "Odesláno z iPhonu",
        "Отправлено с iPhone",
        "发自我的iPhone",
        "iPhoneから送信",
    ],
)
def test_a_signature_is_no_new_text(signature: str) -> None:
    assert new_words(f"New words.\n\n{signature}\n") == "New words."


@pytest.mark.parametrize(
    "text",
    [
        "No quotation here.",
        "Sent from my desk, which is easier than my telephone.",
        "Please note:\n\nthe meeting is at 10:00.",
        "We wrote:\nnothing.",
        "one\ntwo\nthree\nfour\nAnn wrote:\nnothing.",
        "From: here\nit is far.",
        "Subject: to change",
        "a -- b",
        "",
        "   ",
    ],
)
def test_words_that_only_look_like_a_quotation_are_new(text: str) -> None:
    assert new_words(text) == text.rstrip()


def test_where_html_marks_its_quotation_new_words_end() -> None:
    octets = letter("<p>New.</p><div id=divRplyFwdMsg>Old.</div>Older.", Content_Type="text/html")
    assert read(octets).new_text == "New."


def test_an_answer_below_a_marked_quotation_in_html_is_new() -> None:
    octets = letter(
        "<div class=gmail_quote><div>On a day Ann wrote:</div>"
        "<blockquote type=cite>Old.</blockquote></div><p>New.</p>",
        Content_Type="text/html",
    )
    assert read(octets).new_text.endswith("New.")


def test_a_mark_behind_a_separator_changes_nothing() -> None:
    text = "New.\n-----Original Message-----\nOld.\n"
    assert new_words(text, len(text) - 2) == "New."


def test_hostile_texts_take_no_time() -> None:
    # Of the processor: a busy machine proves nothing.
    began = time.process_time()
    for text in (
        "> \n" * 30_000,
        "On 1.1.2026 a <a@x> wrote:\n> b\nc\n" * 4_000,
        "From: a\n" * 20_000,
        "a:\n" * 40_000,
        "-----Original " * 20_000,
        "-- \n" * 40_000,
        ":" * 100_000,
        ("a" * 400 + ":\n") * 2_000,
        ("a@" * 200 + ":\n") * 2_000,
        "word\n" + "##- 12345 -##\n" * 100_000,
        ">>> a 10:12 >>>\n" * 40_000,
        "On 1.1.2026 10:12 <a@x> wrote:   b\n" * 10_000,
    ):
        new_words(text)
    assert time.process_time() - began < 6
