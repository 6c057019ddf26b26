"""What mail programs print above what they quote or forward: a table of client and language."""

from __future__ import annotations

from collections.abc import Mapping

Table = Mapping[str, Mapping[str, str]]

LANGUAGES = (
    "en", "ja", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "no", "fi", "cs", "ru", "zh",
    "tw", "ko",
)  # fmt: skip
"""English to Korean; `zh` is written in China, `tw` in Taiwan."""
WHO = "Ann Lee <ann@x.example>"

ATTRIBUTIONS: Table = {
    "Gmail": {
        "en": f"On Mon, Nov 9, 2026 at 10:21\u202fAM {WHO} wrote:",
        "ja": f"2026年11月9日(月) 10:21 {WHO}:",
        "de": f"Am Mo., 9. Nov. 2026 um 10:21 Uhr schrieb {WHO}:",
        "fr": f"Le lun. 9 nov. 2026 à 10:21, {WHO} a écrit :",
        "es": "El lun, 9 nov 2026 a las 10:21, Ann Lee (<ann@x.example>) escribió:",
        "it": f"Il giorno lun 9 nov 2026 alle ore 10:21 {WHO} ha scritto:",
        "pt": f"Em seg., 9 de nov. de 2026 às 10:21, {WHO} escreveu:",
        "nl": f"Op ma 9 nov 2026 om 10:21 schreef {WHO}:",
        "pl": f"pon., 9 lis 2026 o 10:21 {WHO} napisał(a):",
        "sv": f"Den mån 9 nov. 2026 kl 10:21 skrev {WHO}:",
        "da": f"Den man. 9. nov. 2026 kl. 10.21 skrev {WHO}:",
        "no": f"man. 9. nov. 2026 kl. 10:21 skrev {WHO}:",
        "fi": "ma 9. marrask. 2026 klo 10.21 Ann Lee (ann@x.example) kirjoitti:",
        "cs": f"po 9. 11. 2026 v 10:21 odesílatel {WHO} napsal:",
        "ru": f"пн, 9 нояб. 2026 г. в 10:21, {WHO}:",
        "zh": f"{WHO} 于2026年11月9日周一 10:21写道：",
        "tw": f"{WHO} 於 2026年11月9日 週一 上午10:21寫道：",
        "ko": f"2026년 11월 9일 (월) 오전 10:21, {WHO}님이 작성:",
    },
    "Apple Mail": {
        "en": f"On 9 Nov 2026, at 10:21, {WHO} wrote:",
        "ja": f"2026/11/09 10:21、{WHO}のメール:",
        "de": f"Am 09.11.2026 um 10:21 schrieb {WHO}:",
        "fr": f"Le 9 nov. 2026 à 10:21, {WHO} a écrit :",
        "es": f"El 9 nov 2026, a las 10:21, {WHO} escribió:",
        "it": f"Il giorno 9 nov 2026, alle ore 10:21, {WHO} ha scritto:",
        "pt": f"No dia 09/11/2026, às 10:21, {WHO} escreveu:",
        "nl": f"Op 9 nov. 2026, om 10:21 heeft {WHO} het volgende geschreven:",
        "pl": f"Wiadomość napisana przez {WHO} w dniu 09.11.26, o godz. 10:21:",
        "sv": f"9 nov. 2026 kl. 10:21 skrev {WHO}:",
        "da": f"Den 9. nov. 2026 kl. 10.21 skrev {WHO}:",
        "no": f"9. nov. 2026 kl. 10:21 skrev {WHO}:",
        "fi": f"{WHO} kirjoitti 9.11.2026 kello 10.21:",
        "cs": f"9. 11. 2026 v 10:21, {WHO}:",
        "ru": f"9 нояб. 2026 г., в 10:21, {WHO} написал(а):",
        "zh": f"2026年11月9日 10:21，{WHO} 写道：",
        "tw": f"{WHO} 於 2026年11月9日 上午10:21 寫道：",
        "ko": f"2026. 11. 9. 오전 10:21, {WHO} 작성:",
    },
    "iOS": {
        "en": f"On Nov 9, 2026, at 10:21\u202fAM, {WHO} wrote:",
        "ja": f"2026/11/09 10:21、{WHO}のメール:",
        "de": f"Am 09.11.2026 um 10:21 schrieb {WHO}:",
        "fr": f"Le 9 nov. 2026 à 10:21, {WHO} a écrit :",
        "es": f"El 9 nov 2026, a la(s) 10:21 a.\u00a0m., {WHO} escribió:",
        "it": f"Il giorno 9 nov 2026, alle ore 10:21, {WHO} ha scritto:",
        "pt": f"Em 9 de nov. de 2026, à(s) 10:21, {WHO} escreveu:",
        "nl": f"Op 9 nov 2026 om 10:21 heeft {WHO} het volgende geschreven:",
        "pl": f"Wiadomość napisana przez {WHO} w dniu 9 lis 2026, o godz. 10:21:",
        "sv": f"9 nov. 2026 kl. 10:21 skrev {WHO}:",
        "da": f"Den 9. nov. 2026 kl. 10.21 skrev {WHO}:",
        "no": f"9. nov. 2026 kl. 10:21 skrev {WHO}:",
        "fi": f"{WHO} kirjoitti 9.11.2026 kello 10.21:",
        "cs": f"9. 11. 2026 v 10:21, {WHO} napsal(a):",
        "ru": f"9 нояб. 2026\u202fг., в 10:21, {WHO} написал(а):",
        "zh": f"在 2026年11月9日，10:21，{WHO} 写道：",
        "tw": f"{WHO} 於 2026年11月9日 上午10:21 寫道：",
        "ko": f"2026. 11. 9. 오전 10:21, {WHO} 작성:",
    },
    "Thunderbird": {
        "en": "On 11/9/26 10:21 AM, Ann Lee wrote:",
        "ja": "On 2026/11/09 10:21, Ann Lee wrote:",
        "de": "Am 09.11.26 um 10:21 schrieb Ann Lee:",
        "fr": "Le 09/11/2026 à 10:21, Ann Lee a écrit :",
        "es": "El 9/11/26 a las 10:21, Ann Lee escribió:",
        "it": "Il 09/11/2026 10:21, Ann Lee ha scritto:",
        "pt": "Em 09/11/2026 10:21, Ann Lee escreveu:",
        "nl": "Op 09-11-2026 om 10:21 schreef Ann Lee:",
        "pl": "W dniu 09.11.2026 o 10:21, Ann Lee pisze:",
        "sv": "Den 2026-11-09 kl. 10:21, skrev Ann Lee:",
        "da": "Den 09.11.2026 kl. 10.21 skrev Ann Lee:",
        "no": "Den 09.11.2026 10:21, skrev Ann Lee:",
        "fi": "Ann Lee kirjoitti 9.11.2026 klo 10.21:",
        "cs": "Dne 09. 11. 26 v 10:21 Ann Lee napsal(a):",
        "ru": "09.11.2026 10:21, Ann Lee пишет:",
        "zh": "在 2026/11/9 10:21, Ann Lee 写道:",
        "tw": "於 2026/11/9 上午 10:21, Ann Lee 提到:",
        "ko": "On 2026-11-09 오전 10:21, Ann Lee wrote:",
    },
    "Yahoo": {
        "en": f"On Monday, November 9, 2026 at 10:21:00 AM GMT+1, {WHO} wrote:",
        "ja": f"2026年11月9日月曜日 10:21:00 JST, {WHO} wrote:",
        "de": f"Am Montag, 9. November 2026 um 10:21:00 MEZ hat {WHO} Folgendes geschrieben:",
        "fr": f"Le lundi 9 novembre 2026 à 10:21:00 UTC+1, {WHO} a écrit :",
        "es": f"El lunes, 9 de noviembre de 2026, 10:21:00 CET, {WHO} escribió:",
        "it": f"Il lunedì 9 novembre 2026 alle ore 10:21:00 CET, {WHO} ha scritto:",
        "pt": f"Em segunda-feira, 9 de novembro de 2026 10:21:00 BRT, {WHO} escreveu:",
        "nl": f"Op maandag 9 november 2026 10:21:00 CET schreef {WHO}:",
        "pl": f"W dniu poniedziałek, 9 listopada 2026 10:21:00 CET użytkownik {WHO} napisał:",
        "sv": f"Den måndag 9 november 2026 10:21:00 CET, skrev {WHO}:",
        "da": f"Den mandag den 9. november 2026 10.21.00 CET skrev {WHO}:",
        "no": f"mandag 9. november 2026, 10:21:00 CET, skrev {WHO}:",
        "fi": f"maanantai 9. marraskuuta 2026 klo 10.21.00 EET {WHO} kirjoitti:",
        "cs": f"V pondělí 9. listopadu 2026 10:21:00 SEČ, uživatel {WHO} napsal:",
        "ru": f"понедельник, 9 ноября 2026 г., 10:21:00 MSK пользователь {WHO} написал:",
        "zh": f"在 2026年11月9日星期一 GMT+8 上午10:21:00，{WHO} 写道：",
        "tw": f"2026年11月9日 星期一 上午10:21:00 [GMT+8]， {WHO} 寫道：",
        "ko": f"2026년 11월 9일 월요일 오전 10시 21분 00초 GMT+9, {WHO}님이 작성:",
    },
    "Becky!": {
        "en": "On Mon, 9 Nov 2026 10:21:00 +0900\nAnn Lee <ann@x.example> wrote:",
        "ja": "On Mon, 9 Nov 2026 10:21:00 +0900\n田中 太郎 <ann@x.example> wrote:",
    },
}

LABELS: Mapping[str, tuple[str, str, str, str]] = {
    "en": ("From:", "Sent:", "To:", "Subject:"),
    "ja": ("差出人:", "送信日時:", "宛先:", "件名:"),
    "de": ("Von:", "Gesendet:", "An:", "Betreff:"),
    "fr": ("De :", "Envoyé :", "À :", "Objet :"),
    "es": ("De:", "Enviado el:", "Para:", "Asunto:"),
    "it": ("Da:", "Inviato:", "A:", "Oggetto:"),
    "pt": ("De:", "Enviada em:", "Para:", "Assunto:"),
    "nl": ("Van:", "Verzonden:", "Aan:", "Onderwerp:"),
    "pl": ("Od:", "Wysłano:", "Do:", "Temat:"),
    "sv": ("Från:", "Skickat:", "Till:", "Ämne:"),
    "da": ("Fra:", "Sendt:", "Til:", "Emne:"),
    "no": ("Fra:", "Sendt:", "Til:", "Emne:"),
    "fi": ("Lähettäjä:", "Lähetetty:", "Vastaanottaja:", "Aihe:"),
    "cs": ("Od:", "Odesláno:", "Komu:", "Předmět:"),
    "ru": ("От:", "Отправлено:", "Кому:", "Тема:"),
    "zh": ("发件人:", "发送时间:", "收件人:", "主题:"),
    "tw": ("寄件者:", "寄件日期:", "收件者:", "主旨:"),
    "ko": ("보낸 사람:", "보낸 날짜:", "받는 사람:", "제목:"),
}
"""Outlook's own: author, time, recipient, subject."""
DATES: Mapping[str, str] = {
    "en": "Date:", "ja": "日付:", "de": "Datum:", "fr": "Date :", "es": "Fecha:", "it": "Data:",
    "pt": "Data:", "nl": "Datum:", "pl": "Data:", "sv": "Datum:", "da": "Dato:", "no": "Dato:",
    "fi": "Päivämäärä:", "cs": "Datum:", "ru": "Дата:", "zh": "日期:", "tw": "日期:", "ko": "날짜:",
}  # fmt: skip
"""What others than Outlook print for the time."""

ORIGINAL: Mapping[str, str] = {
    "en": "Original Message",
    "ja": "元のメッセージ",
    "de": "Ursprüngliche Nachricht",
    "fr": "Message d'origine",
    "es": "Mensaje original",
    "it": "Messaggio originale",
    "pt": "Mensagem original",
    "nl": "Oorspronkelijk bericht",
    "pl": "Oryginalna wiadomość",
    "sv": "Ursprungligt meddelande",
    "da": "Oprindelig meddelelse",
    "no": "Opprinnelig melding",
    "fi": "Alkuperäinen viesti",
    "cs": "Původní zpráva",
    "ru": "Исходное сообщение",
    "zh": "邮件原件",
    "tw": "原始郵件",
    "ko": "원본 메시지",
}
"""Outlook before 2007 and Outlook for plain text, between five dashes."""
ORIGINAL_ANDROID: Mapping[str, str] = {
    **ORIGINAL,
    "en": "Original message",
    "sv": "Originalmeddelande",
    "zh": "原始邮件",
    "ko": "원본 이메일",
}
"""Samsung's program, between eight dashes."""

BEGIN_FORWARDED: Mapping[str, str] = {
    "en": "Begin forwarded message:",
    "ja": "転送されたメッセージ:",
    "de": "Anfang der weitergeleiteten Nachricht:",
    "fr": "Début du message réexpédié :",
    "es": "Inicio del mensaje reenviado:",
    "it": "Inizio messaggio inoltrato:",
    "pt": "Início da mensagem encaminhada:",
    "nl": "Begin doorgestuurd bericht:",
    "pl": "Początek przekazywanej wiadomości:",
    "sv": "Vidarebefordrat brev:",
    "da": "Start på videresendt besked:",
    "no": "Videresendt melding:",
    "fi": "Välitetty viesti alkaa:",
    "cs": "Začátek přeposlané zprávy:",
    "ru": "Начало переадресованного сообщения:",
    "zh": "开始转发的邮件：",
    "tw": "開始轉寄郵件：",
    "ko": "전달된 메시지 시작:",
}
"""Apple Mail, on the Mac and on telephones."""
FORWARDED: Mapping[str, str] = {
    "en": "Forwarded Message",
    "ja": "転送メッセージ",
    "de": "Weitergeleitete Nachricht",
    "fr": "Message transféré",
    "es": "Mensaje reenviado",
    "it": "Messaggio Inoltrato",
    "pt": "Mensagem encaminhada",
    "nl": "Doorgestuurd bericht",
    "pl": "Treść przekazanej wiadomości",
    "sv": "Vidarebefordrat meddelande",
    "da": "Videresendt meddelelse",
    "no": "Videresendt melding",
    "fi": "Välitetty viesti",
    "cs": "Přeposlaná zpráva",
    "ru": "Пересылаемое сообщение",
    "zh": "转发的消息",
    "tw": "轉寄訊息",
    "ko": "전달된 메시지",
}
"""Thunderbird between eight dashes, Yahoo between five."""
OWN_LABELS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "Thunderbird": {
        "fr": ("De :", "Pour :"),
        "it": ("Mittente:", "A:"),
        "pl": ("Nadawca:", "Adresat:"),
        "fi": ("Lähettäjä:", "Vastaanottaja:"),
    },
    "Apple Mail": {"tw": ("寄件人:", "收件人:")},
}
"""Author and recipient, where they are not Outlook's."""

TELEPHONES: Table = {
    "iOS": {
        "en": "Sent from my iPhone",
        "ja": "iPhoneから送信",
        "de": "Von meinem iPhone gesendet",
        "fr": "Envoyé de mon iPhone",
        "es": "Enviado desde mi iPhone",
        "it": "Inviato da iPhone",
        "pt": "Enviado do meu iPhone",
        "nl": "Verstuurd vanaf mijn iPhone",
        "pl": "Wysłane z iPhone'a",
        "sv": "Skickat från min iPhone",
        "da": "Sendt fra min iPhone",
        "no": "Sendt fra min iPhone",
        "fi": "Lähetetty iPhonesta",
        "cs": "Odesláno z iPhonu",
        "ru": "Отправлено с iPhone",
        "zh": "发自我的 iPhone",
        "tw": "從我的 iPhone 傳送",
        "ko": "나의 iPhone에서 보냄",
    },
    "Outlook for telephones": {
        "en": "Get Outlook for iOS<https://x.example>",
        "ja": "Outlook for iOS を入手<https://x.example>",
        "de": "Outlook für iOS beziehen<https://x.example>",
        "fr": "Obtenir Outlook pour iOS<https://x.example>",
        "es": "Obtener Outlook para iOS<https://x.example>",
        "it": "Scarica Outlook per iOS<https://x.example>",
        "pt": "Obter o Outlook para iOS<https://x.example>",
        "nl": "Outlook voor iOS downloaden<https://x.example>",
        "pl": "Pobierz aplikację Outlook dla systemu iOS<https://x.example>",
        "sv": "Hämta Outlook för iOS<https://x.example>",
        "da": "Hent Outlook til iOS<https://x.example>",
        "no": "Hent Outlook for iOS<https://x.example>",
        "fi": "Hanki Outlook for iOS<https://x.example>",
        "cs": "Získat Outlook pro iOS<https://x.example>",
        "ru": "Получить Outlook для iOS<https://x.example>",
        "zh": "获取 Outlook for iOS<https://x.example>",
        "tw": "下載 iOS 版 Outlook<https://x.example>",
        "ko": "iOS용 Outlook 다운로드<https://x.example>",
    },
}


def block(language: str, *, date: str = "", client: str = "", lead: str = "") -> str:
    """Return a header block; `date` is the label of the time where it is not Outlook's."""
    author, sent, recipient, subject = LABELS[language]
    author, recipient = OWN_LABELS.get(client, {}).get(language, (author, recipient))
    values = {
        author: WHO,
        date or sent: "9.11.2026 10:21",
        recipient: "bob@corp.example",
        subject: "Offer",
    }
    return "".join(f"{lead}{label} {value}\n" for label, value in values.items())


def _quotations() -> dict[str, str]:
    made: dict[str, str] = {}
    for client, lines in ATTRIBUTIONS.items():
        made |= {f"{client} {language}": line for language, line in lines.items()}
    for language in LANGUAGES:
        rule = "_" * 32
        made[f"Outlook {language}"] = f"{rule}\n{block(language)}"
        made[f"Outlook for Mac {language}"] = block(language, date=DATES[language])
        old = f"-----{ORIGINAL[language]}-----"
        made[f"Outlook 2003 {language}"] = f"{old}\n{block(language)}"
        android = f"-------- {ORIGINAL_ANDROID[language]} --------"
        made[f"Android {language}"] = f"{android}\n{block(language, date=DATES[language])}"
    return made


def _forwards() -> dict[str, str]:
    made: dict[str, str] = {}
    for language in LANGUAGES:
        date = DATES[language]
        apple = block(language, date=date, client="Apple Mail", lead="> ")
        thunderbird = block(language, date=date, client="Thunderbird")
        author = LABELS[language][0]
        made |= {
            f"Gmail {language}": "---------- Forwarded message ---------\n"
            f"{author} {WHO}\nDate: Mon\nSubject: Offer\nTo: <bob@corp.example>\n",
            f"Apple Mail {language}": f"{BEGIN_FORWARDED[language]}\n\n{apple}>\n",
            f"iOS {language}": f"{BEGIN_FORWARDED[language]}\n\n{apple.replace('> ', '')}",
            f"Thunderbird {language}": f"-------- {FORWARDED[language]} --------\n{thunderbird}",
            f"Yahoo {language}": f"----- {FORWARDED[language]} -----\n{block(language)}",
            f"Outlook {language}": f"{'_' * 32}\n{block(language)}",
            f"Outlook for Mac {language}": block(language, date=date),
            f"Outlook 2003 {language}": f"-----{ORIGINAL[language]}-----\n{block(language)}",
            f"Android {language}": f"-------- {ORIGINAL_ANDROID[language]} --------\n"
            f"{block(language, date=date)}",
        }
    return made


QUOTATIONS = _quotations()
FORWARDS = _forwards()
"""By client and language."""
