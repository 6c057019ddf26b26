"""Forwards as clients print them: a table of language and client."""

from __future__ import annotations

import base64

import pytest

from gateway.model.message import Address, Forward
from tests.mail.build import letter, multipart, read, wire

TO = "bob@corp.example"
GMAIL = (
    "From: Ann Lee <ann@x.example>\nDate: Mon, Nov 9, 2026 at 10:21 AM\n"
    "Subject: Offer\nTo: <bob@corp.example>\n"
)
APPLE = (
    "> From: Ann Lee <ann@x.example>\n> Subject: Offer\n"
    "> Date: 9 November 2026\n> To: bob@corp.example\n>\n"
)

FORWARDS = {
    "en gmail": f"---------- Forwarded message ---------\n{GMAIL}",
    "en apple": f"Begin forwarded message:\n\n{APPLE}",
    "en apple quoted": f"> Begin forwarded message:\n>\n{APPLE}",
    "en thunderbird": "-------- Forwarded Message --------\nSubject: \tOffer\nDate: \tMon\n"
    "From: \tAnn Lee <ann@x.example>\nTo: \tbob@corp.example\n",
    "en yahoo": "  ----- Forwarded Message ----- From: Ann Lee <ann@x.example>To: bob@corp.example"
    "Sent: Monday, 10:21 AM GMT+1Subject: Offer",
    "en outlook": "________________________________\nFrom: Ann Lee <ann@x.example>\nSent: Monday\n"
    "To: bob@corp.example\nSubject: Offer\n",
    "en outlook old": "-----Original Message-----\n"
    "From: Ann Lee [mailto:ann@x.example] \nSent: Monday\n"
    "To: bob@corp.example\nSubject: Offer\n",
    "en notes": "----- Forwarded by Bob on 11/09/2026 -----\nFrom: Ann Lee <ann@x.example>\n"
    "To: bob@corp.example\nDate: 11/09/2026\nSubject: Offer\n",
    "ja gmail": "---------- 転送メッセージ ----------\n差出人：Ann Lee <ann@x.example>\n"
    "日付：2026年11月9日\n件名：Offer\n宛先：bob@corp.example\n",
    "ja hubspot": "---------- メッセージを転送 ---------\n送信元：Ann Lee <ann@x.example>\n"
    "日付：2026年11月9日\n件名：Offer\n送信先：bob@corp.example\n",
    "ja outlook": "________________________________\n差出人: Ann Lee <ann@x.example>\n"
    "送信日時: 2026年11月9日\n宛先: bob@corp.example\n件名: Offer\n",
    "de gmail": "---------- Forwarded message ---------\nVon: Ann Lee <ann@x.example>\n"
    "Date: Mo.\nSubject: Offer\nTo: <bob@corp.example>\n",
    "de thunderbird": "-------- Weitergeleitete Nachricht --------\n"
    "Betreff: \tOffer\nDatum: \tMon\n"
    "Von: \tAnn Lee <ann@x.example>\nAn: \tbob@corp.example\n",
    "de apple": "Anfang der weitergeleiteten Nachricht:\n\n> Von: Ann Lee <ann@x.example>\n"
    "> Betreff: Offer\n> Datum: 9. November\n> An: bob@corp.example\n",
    "fr thunderbird": "-------- Message transféré --------\nSujet : \tOffer\nDate : \tMon\n"
    "De : \tAnn Lee <ann@x.example>\nPour : \tbob@corp.example\n",
    "es apple": "Inicio del mensaje reenviado:\n\nDe: Ann Lee <ann@x.example>\nAsunto: Offer\n"
    "Fecha: 9 de noviembre\nPara: bob@corp.example\n",
    "it apple": "Inizio messaggio inoltrato:\n\nDa: Ann Lee <ann@x.example>\nOggetto: Offer\n"
    "Data: 9 novembre\nA: bob@corp.example\n",
    "pt gmail": "---------- Mensagem encaminhada ---------\nDe: Ann Lee <ann@x.example>\n"
    "Data: seg.\nAssunto: Offer\nPara: bob@corp.example\n",
    "nl apple": "Begin doorgestuurd bericht:\n\nVan: Ann Lee <ann@x.example>\nOnderwerp: Offer\n"
    "Datum: 9 november\nAan: bob@corp.example\n",
    "pl outlook": "Od: Ann Lee <ann@x.example>\nWysłano: poniedziałek\n"
    "Do: bob@corp.example\nTemat: Offer\n",
    "sv outlook": "Från: Ann Lee <ann@x.example>\nSkickat: den 9 november\n"
    "Till: bob@corp.example\nÄmne: Offer\n",
    "da apple": "Start på videresendt besked:\n\nFra: Ann Lee <ann@x.example>\nEmne: Offer\n"
    "Dato: 9. november\nTil: bob@corp.example\n",
    "no outlook": "Fra: Ann Lee <ann@x.example>\nSendt: mandag\n"
    "Til: bob@corp.example\nEmne: Offer\n",
    "fi outlook": "Lähettäjä: Ann Lee <ann@x.example>\nLähetetty: maanantai\n"
    "Vastaanottaja: bob@corp.example\nAihe: Offer\n",
    "cs outlook": "Od: Ann Lee <ann@x.example>\nOdesláno: pondělí\n"
    "Komu: bob@corp.example\nPředmět: Offer\n",
    "ru gmail": "---------- Forwarded message ---------\nОт: Ann Lee <ann@x.example>\nDate: пн\n"
    "Subject: Offer\nTo: <bob@corp.example>\n",
    "zh gmail": "---------- Forwarded message ---------\n发件人： Ann Lee <ann@x.example>\n"
    "Date: 2026年11月9日\nSubject: Offer\nTo: <bob@corp.example>\n",
    "zh apple": "开始转发的邮件：\n\n发件人: Ann Lee <ann@x.example>\n主题: Offer\n"
    "日期: 2026年11月9日\n收件人: bob@corp.example\n",
    "ko outlook": "보낸 사람: Ann Lee <ann@x.example>\n보낸 날짜: 2026년\n"
    "받는 사람: bob@corp.example\n제목: Offer\n",
    "hu apple": "Továbbított levél kezdete:\n\nFeladó: Ann Lee <ann@x.example>\nTárgy: Offer\n"
    "Dátum: 2026. november 9.\nCímzett: bob@corp.example\n",
    "ro yahoo": "----- Mesaj redirecționat -----\nDe la: Ann Lee <ann@x.example>\n"
    "Către: bob@corp.example\nTrimis: luni\nSubiect: Offer\n",
    "hr outlook": "Šalje: Ann Lee <ann@x.example>\nPoslano: ponedjeljak\n"
    "Prima: bob@corp.example\nPredmet: Offer\n",
    "sk thunderbird": "-------- Preposlaná správa --------\nPredmet: \tOffer\nDátum: \tMon\n"
    "Od: \tAnn Lee <ann@x.example>\nKomu: \tbob@corp.example\n",
    "tr outlook": "Gönderen: Ann Lee <ann@x.example>\nGönderildi: Pazartesi\n"
    "Kime: bob@corp.example\nKonu: Offer\n",
    "uk thunderbird": "-------- Переслане повідомлення --------\nТема: \tOffer\nДата: \tMon\n"
    "Від: \tAnn Lee <ann@x.example>\nКому: \tbob@corp.example\n",
    "el outlook": "Από: Ann Lee <ann@x.example>\nΣτάλθηκε: Δευτέρα\n"
    "Προς: bob@corp.example\nΘέμα: Offer\n",
}


def forward(text: str, subject: str = "Fwd: Offer") -> Forward:
    (found,) = read(letter(text, subject=subject)).forwards
    return found


@pytest.mark.parametrize("head", FORWARDS.values(), ids=FORWARDS.keys())
@pytest.mark.parametrize("note", ["", "Please log.\n\n"], ids=["bare", "with note"])
def test_the_original_is_unwrapped(head: str, note: str) -> None:
    found = forward(f"{note}{head}\nOld words.\n\nMore.\n")
    assert found.author is not None
    assert (found.author.key, found.author.name) == ("ann@x.example", "Ann Lee")
    assert (found.subject, [a.key for a in found.to]) == ("Offer", [TO])
    assert found.date
    assert (found.body, found.kind) == ("Old words.\n\nMore.", "inline")


HTML = {
    "gmail": '<div dir="ltr">Note<br><br><div class="gmail_quote"><div class="gmail_attr">'
    '---------- Forwarded message ---------<br>From: <b class="gmail_sendername">Ann Lee</b> '
    '<span dir="auto">&lt;<a href="mailto:ann@x.example">ann@x.example</a>&gt;</span><br>'
    "Date: Mon, Nov 9, 2026 at 10:21 AM<br>Subject: Offer<br>To:  &lt;<a>bob@corp.example</a>&gt;"
    "<br></div><br><br>Old words.<p>More.</p></div></div>",
    "outlook": '<p class="MsoNormal">Note<o:p></o:p></p><div><div style="border:none;'
    'border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>From:</b> '
    "Ann Lee &lt;ann@x.example&gt; <br><b>Sent:</b> Monday<br><b>To:</b> bob@corp.example<br>"
    "<b>Subject:</b> Offer</p></div></div><p>Old words.</p><p>More.</p>",
    "outlook web": "<p>Note</p><hr tabindex=-1><div id=divRplyFwdMsg><b>From:</b> Ann Lee "
    "&lt;ann@x.example&gt;<br><b>Sent:</b> Monday<br><b>To:</b> bob@corp.example<br>"
    "<b>Subject:</b> Offer</div><div><p>Old words.</p><p>More.</p></div>",
    "apple": 'Note<br><div><br><blockquote type="cite"><div>Begin forwarded message:</div><br>'
    "<div><span><b>From: </b></span><span>Ann Lee &lt;ann@x.example&gt;<br></span></div>"
    "<div><b>Subject: </b>Offer<br></div><div><b>Date: </b>9 November<br></div>"
    "<div><b>To: </b>bob@corp.example<br></div><br><div>Old words.</div><br><div>More.</div>"
    "</blockquote></div>",
    "thunderbird": 'Note<div class="moz-forward-container"><br>-------- Forwarded Message --------'
    '<table><tr><th align="RIGHT">Subject: </th><td>Offer</td></tr><tr><th>Date: </th><td>Mon</td>'
    "</tr><tr><th>From: </th><td>Ann Lee &lt;ann@x.example&gt;</td></tr><tr><th>To: </th>"
    "<td>bob@corp.example</td></tr></table><br><p>Old words.</p><p>More.</p></div>",
    "yahoo": "<div>Note</div><div class=yahoo_quoted><div>----- Forwarded Message -----</div><div>"
    "<b>From:</b> Ann Lee &lt;ann@x.example&gt;</div><div><b>To:</b> bob@corp.example</div><div>"
    "<b>Sent:</b> Monday</div><div><b>Subject:</b> Offer</div><div><br></div><p>Old words.</p>"
    "<p>More.</p></div>",
}


@pytest.mark.parametrize("html", HTML.values(), ids=HTML.keys())
def test_the_original_is_unwrapped_from_html(html: str) -> None:
    message = read(letter(html, subject="Fwd: Offer", Content_Type="text/html; charset=utf-8"))
    (found,) = message.forwards
    assert message.new_text == "Note"
    assert found.author is not None
    assert (found.author.key, found.author.name) == ("ann@x.example", "Ann Lee")
    assert (found.subject, [a.key for a in found.to]) == ("Offer", [TO])
    assert found.body == "Old words.\n\nMore."


ATTRIBUTIONS = {
    "en": 'On 28/10/2026 12:46, "Ann Lee" <ann@x.example> wrote:',
    "de": 'Am 28/10/2026, 12:46 schrieb "Ann Lee" <ann@x.example>:',
    "fr": "Le 28/10/2026 12:46, « Ann Lee » <ann@x.example> a écrit :",
    "es": 'El 28/10/2026 12:46, "Ann Lee" <ann@x.example> escribió:',
    "it": 'Il 28/10/2026, 12:46 "Ann Lee" <ann@x.example> ha scritto:',
    "pt": 'Em 28/10/2026 12:46, "Ann Lee" <ann@x.example> escreveu:',
    "nl": 'Op 28/10/2026 12:46 heeft "Ann Lee" <ann@x.example> geschreven:',
    "nl plain": "Op 28/10/2026 12:46 heeft Ann Lee <ann@x.example> geschreven:",
    "pl": "W dniu 28.10.2026, 12:46, „Ann Lee” <ann@x.example> napisał(a):",
    "sv": '2026-10-28 12:46 skrev "Ann Lee" <ann@x.example>:',
    "da": 'Den 28.10.2026 12.46 skrev "Ann Lee" <ann@x.example>:',
    "no": "28.10.2026 12:46 skrev Ann Lee <ann@x.example>:",
    "fi": "Ann Lee <ann@x.example> kirjoitti 28.10.2026 klo 12.46:",
    "cs": "Dne 28.10.2026 12:46, „Ann Lee“ <ann@x.example> napsal(a):",
    "sk": "Dňa 28. 10. 2026 12:46 používateľ „Ann Lee“ <ann@x.example> napísal:",
    "hu": '2026. 10. 28. 12:46 keltezéssel, "Ann Lee" <ann@x.example> írta:',
    "ro": 'La 28.10.2026 12:46, „Ann Lee" <ann@x.example> a scris:',
    "hr": 'Dana 28.10.2026. u 12:46, "Ann Lee" <ann@x.example> je napisao:',
    "tr": '28.10.2026 12:46 tarihinde "Ann Lee" <ann@x.example> şunu yazdı:',
    "ru": '28.10.2026, 12:46 пользователь "Ann Lee" <ann@x.example> написал:',
    "uk": '28.10.2026, 12:46 "Ann Lee" <ann@x.example> пише:',
    "ja": "2026/10/28 12:46、Ann Lee <ann@x.example>のメール:",
    "zh": "Ann Lee <ann@x.example> 于2026年10月28日周三 12:46写道：",
    "ko": "2026년 10월 28일 (수) 오후 12:46, Ann Lee <ann@x.example>님이 작성:",
}


@pytest.mark.parametrize("line", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS.keys())
def test_under_a_forward_subject_an_attribution_is_enough(line: str) -> None:
    found = forward(f"{line}\n\n    Old words.\n")
    assert found.author is not None
    assert (found.author.key, found.author.name) == ("ann@x.example", "Ann Lee")
    assert (found.subject, found.body) == ("Offer", "Old words.")


def test_an_attribution_without_address_names_no_author() -> None:
    assert forward("On 28/10/2026 12:46, Ann Lee wrote:\n\nOld.\n").author is None


SEPARATOR = "---------- Forwarded message ---------"
OTHER = "From: Carl <carl@y.example>\nDate: Sun\nSubject: Old offer\nTo: <ann@x.example>\n"


@pytest.mark.parametrize("own", ["See below.\n\n", ""])
def test_a_forward_inside_a_forward_is_told_behind_it(own: str) -> None:
    text = f"{SEPARATOR}\n{GMAIL}\n{own}{SEPARATOR}\n{OTHER}\nOldest words.\n"
    outer, inner = read(letter(text, subject="Fwd: Offer")).forwards
    assert outer.author is not None
    assert inner.author is not None
    assert (outer.author.key, inner.author.key) == ("ann@x.example", "carl@y.example")
    assert outer.body.endswith("Oldest words.")
    assert (inner.subject, inner.body) == ("Old offer", "Oldest words.")


def test_outlook_says_by_the_subject_alone_that_a_forward_is_inside() -> None:
    head = "From: Ann Lee <ann@x.example>\nSent: Mon\nTo: Bob\nSubject: FW: Offer\n"
    rule = "_" * 32
    text = f"{rule}\n{head}\nSee below.\n\n{rule}\n{OTHER}\nOldest words.\n"
    forwards = read(letter(text, subject="FW: FW: Offer")).forwards
    assert [one.subject for one in forwards] == ["FW: Offer", "Old offer"]


@pytest.mark.parametrize(
    "history",
    [
        f"On 1.1.2026 Bob <b@x.example> wrote:\n> {SEPARATOR}\n> From: C <c@x.example>\n> Date: x",
        f"-----Original Message-----\n{OTHER}\nOldest words.\n",
        f"{'_' * 32}\n{OTHER}\nOldest words.\n",
    ],
    ids=["forward in a quotation", "old Outlook's reply", "Outlook's reply"],
)
def test_what_the_forwarded_message_only_quotes_is_no_forward(history: str) -> None:
    text = f"{SEPARATOR}\n{GMAIL}\nOld words.\n\n{history}"
    assert len(read(letter(text, subject="Fwd: Re: Offer")).forwards) == 1


def test_nested_forwards_have_an_end() -> None:
    text = f"{SEPARATOR}\n{GMAIL}\nx\n\n" * 20
    assert len(read(letter(text, subject="Fwd: Offer")).forwards) == 5


def test_quote_marks_before_the_forwarded_lines_are_taken_off() -> None:
    text = f"---------- Forwarded message ---------\n{GMAIL}\n> Old words.\nlazy line\n>\n> More.\n"
    assert forward(text).body == "Old words.\nlazy line\n\nMore."


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("Ann <ann@x.example<mailto:ann@x.example>>", "ann@x.example"),
        ("list@x.example [mailto:list@x.example] On Behalf Of Ann\nLee", "list@x.example"),
        ('"Ann" <ann@x.example>', "ann@x.example"),
    ],
)
def test_authors_as_clients_show_them(value: str, key: str) -> None:
    found = forward(f"From: {value}\nSent: Monday\nTo: Bob\nSubject: Offer\n\nOld.\n")
    assert found.author is not None
    assert found.author.key == key


def test_an_author_without_address_is_a_name_and_no_identity() -> None:
    found = forward("From: Ann Lee\nSent: Monday\nTo: Bob\nSubject: Offer\n\nOld.\n")
    assert found.author == Address("", "Ann Lee")


def test_folded_values_are_joined() -> None:
    found = forward(
        "From: Ann <ann@x.example>\nSent: Monday\n"
        "To: Bob <bob@x.example>; Carl\n <carl@x.example>\n"
        "Cc: d@x.example,\ne@x.example\nSubject: A long subject that its client folded behind the\n"
        "fiftieth letter\n\nOld.\n"
    )
    assert [a.key for a in found.to] == ["bob@x.example", "carl@x.example"]
    assert [a.key for a in found.cc] == ["d@x.example", "e@x.example"]
    assert found.subject.endswith("behind the fiftieth letter")


def test_text_right_below_the_subject_is_the_body() -> None:
    text = "From: Ann <ann@x.example>\nDate: Monday\nTo: Bob\nSubject: Offer\nOld words.\n"
    assert forward(text).body == "Old words."


@pytest.mark.parametrize("line", ["From: carl@y.example", "差出人：Carl <carl@y.example>"])
def test_a_first_line_corrects_the_author(line: str) -> None:
    found = forward(f"{line}\n\n---------- Forwarded message ---------\n{GMAIL}\nOld.\n")
    assert found.author is not None
    assert (found.author.key, found.subject) == ("carl@y.example", "Offer")


def test_a_first_line_names_the_author_of_what_cannot_be_read() -> None:
    found = forward("From: carl@y.example\n\nHe said yes.\n")
    assert found.author is not None
    assert (found.author.key, found.body) == ("carl@y.example", "He said yes.")


def test_a_first_line_with_two_addresses_corrects_nothing() -> None:
    assert forward("From: a@x b@x\n\nHe said yes.\n").author is None


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Re: Offer", f"Thanks.\n\n{GMAIL}\nOld.\n"),
        ("Offer", f"Thanks.\n\n{GMAIL}\nOld.\n"),
        ("Re: Offer", "On 28/10/2026 12:46, Ann <ann@x.example> wrote:\n\n> Old.\n"),
        ("Fwd: Offer", "Nothing below."),
        ("Offer", "---------- Forwarded message ---------\nnothing\n"),
        ("Offer", "---------- Forwarded message ---------"),
        ("Offer", "---------- Forwarded message --------- by me"),
        ("Offer", "From: carl@y.example\nis my address"),
    ],
)
def test_a_reply_is_no_forward(subject: str, text: str) -> None:
    assert read(letter(text, subject=subject)).forwards == ()


def test_a_block_that_is_all_there_is_needs_no_forward_subject() -> None:
    assert forward(f"{GMAIL}\nOld.\n", subject="Offer").body == "Old."


def test_an_original_behind_a_reply_can_be_unwrapped() -> None:
    text = f"Thanks.\n-----Original Message-----\n{GMAIL}\nOld.\n"
    assert forward(text, subject="Re: Offer").body == "Old."


INNER = (
    "From: Ann <ann@x.example>\nTo: bob@corp.example\n"
    "Cc: c@x.example\nSubject: =?utf-8?Q?=C3=84?=\n"
    "Message-ID: <i@x>\nDate: Mon, 9 Nov 2026 10:21:00 +0100\n\nInside.\n"
)


@pytest.mark.parametrize("encoding", ["7bit", "base64"])
def test_an_attached_message_is_unwrapped(encoding: str) -> None:
    body = INNER if encoding == "7bit" else base64.encodebytes(wire(INNER)).decode()
    head = f"Content-Type: message/rfc822\nContent-Transfer-Encoding: {encoding}"
    (found,) = read(multipart("mixed", "\nSee.", f"{head}\n\n{body}")).forwards
    assert found.author is not None
    assert (found.kind, found.author.key, found.subject) == ("attached", "ann@x.example", "Ä")
    assert (found.message_id, found.date) == ("i@x", "2026-11-09T09:21:00+00:00")
    assert found.body.strip() == "Inside."
    assert found.chain


def test_an_attached_message_whose_author_has_no_address_tells_his_name() -> None:
    inner = "From: =?utf-8?Q?J=C3=BCrgen?= Lee\nSubject: x\n\nInside.\n"
    (found,) = read(multipart("mixed", f"Content-Type: message/rfc822\n\n{inner}")).forwards
    assert found.author == Address("", "Jürgen Lee")


def test_an_attached_message_without_author_has_none() -> None:
    (found,) = read(multipart("mixed", "Content-Type: message/rfc822\n\nSubject: x\n\ny")).forwards
    assert found.author is None


def test_several_attached_messages_and_those_inside_are_all_there() -> None:
    nested = (
        f"Content-Type: message/rfc822\n\nSubject: outer\nContent-Type: message/rfc822\n\n{INNER}"
    )
    found = read(multipart("digest", f"\n{INNER}", nested)).forwards
    assert [one.subject for one in found] == ["Ä", "outer", "Ä"]


def test_a_redirected_message_says_so() -> None:
    part = f"Content-Type: message/rfc822\n\nResent-From: x@y\n{INNER}"
    (found,) = read(multipart("mixed", part)).forwards
    assert found.kind == "redirected"


def test_an_attached_message_without_date_has_none() -> None:
    (found,) = read(multipart("digest", "\nFrom: a@x\n\nx")).forwards
    assert found.date == ""


def test_an_inline_forward_comes_before_attached_ones() -> None:
    text = f"\n---------- Forwarded message ---------\n{GMAIL}\nOld.\n"
    part = f"Content-Type: message/rfc822\n\n{INNER}"
    found = read(multipart("mixed", text, part)).forwards
    assert [one.kind for one in found] == ["inline", "attached"]
