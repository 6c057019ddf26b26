"""What mail clients print above a quoted or forwarded message, in their users' languages.

Data, no rules: English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Swedish,
Danish, Norwegian, Finnish, Czech, Russian, Ukrainian, Hungarian, Turkish, Chinese, Japanese,
Korean; of Outlook, Apple Mail, Thunderbird, Gmail, Yahoo and their kin.
"""

from __future__ import annotations

from typing import Final

LABELS: Final[dict[str, str]] = {
    "author": "from|von|absender|expéditeur|remitente|mittente|remetente|afzender|avsändare|"
    "afsender|avsender|nadawca|odesílatel|отправитель|de|da|van|från|fra|od|lähettäjä|от|"
    "від|feladó|gönderen|kimden|发件人|發件人|寄件者|寄件人|"
    "差出人|送信元|送信者|보낸 사람|보낸사람|발신",
    "to": "to|an|pour|empfänger|destinataire|destinatario|destinatário|ontvanger|mottagare|"
    "modtager|mottaker|adresat|příjemce|получатель|à|para|a|aan|till|til|vastaanottaja|do|"
    "komu|кому|címzett|kime|收件人|收件者|宛先|送信先|받는 사람|받는사람|수신",
    "cc": "cc|kopie|kopie (cc)|copie à|copie|copia|cópia|con copia|kopia|kopia till|kopi|kopio|"
    "dw|do wiadomości|копия|копія|"
    "másolat|bilgi|抄送|副本|参照|參照|참조",
    "bcc": "bcc|blindkopie|cci|cco|ccn|udw|скрытая копия|密送|숨은 참조",
    "subject": "subject|betreff|objet|sujet|asunto|oggetto|assunto|onderwerp|ämne|emne|aihe|"
    "temat|předmět|тема|tárgy|konu|"
    "主题|主題|主旨|件名|題名|제목",
    "date": "date|sent|datum|gesendet|envoyé|enviado|enviado el|enviado em|enviada em|fecha|"
    "data|data/ora|inviato|"
    "verzonden|skickat|sendt|dato|lähetetty|päiväys|päivämäärä|pvm|wysłano|wysłane|odesláno|"
    "дата|отправлено|отправлен|"
    "надіслано|dátum|elküldve|tarih|gönderildi|日期|发送时间|發送時間|傳送日期|寄件日期|日付|"
    "送信日時|日時|送信日|날짜|보낸 날짜|보낸날짜|발송",
    "reply_to": "reply-to|reply to|antwort an|répondre à|responder a|responder para|rispondi a|"
    "antwoord aan|"
    "odpowiedz do|svara till|svar til|vastaus|返信先|答复|回复",
    "other": "importance|priority|wichtigkeit|importancia|message-id|resent-from|resent-date|"
    "organization|x-mailer|"
    "attachments|anlagen|pièces jointes|添付ファイル|重要度|返信先|list-id|in-reply-to|"
    "organisation",
}
"""The labels of the header block, by the field they stand for, in lower case."""

FORWARDED: Final = (
    "forwarded message|forwarded mail|forwarded by|begin forwarded message|"
    "weitergeleitete nachricht|"
    "weitergeleitete e-mail|weitergeleitet von|anfang der weitergeleiteten nachricht|"
    "anfang der weitergeleiteten e-mail|"
    "message transféré|message transmis|courriel transféré|début du message transféré|"
    "début du message réexpédié|"
    "début du message transmis|transféré par|mensaje reenviado|inicio del mensaje reenviado|"
    "messaggio inoltrato|"
    "messaggio originale inoltrato|inizio messaggio inoltrato|inizio del messaggio inoltrato|"
    "mensagem encaminhada|"
    "mensagem reencaminhada|início da mensagem reencaminhada|início da mensagem encaminhada|"
    "doorgestuurd bericht|"
    "begin doorgestuurd bericht|wiadomość przekazana dalej|przekazana wiadomość|"
    "wiadomość przesłana dalej|przesłana wiadomość|"
    "początek przekazywanej wiadomości|początek przekazanej wiadomości|"
    "treść przekazanej wiadomości|vidarebefordrat meddelande|"
    "vidarebefordrat mail|vidarebefordrat brev|vidarebefordrat mejl|videresendt meddelelse|"
    "videresendt besked|"
    "videresendt melding|start på videresendt besked|videresendt e-post|videresendt mail|"
    "välitetty viesti|välitetty viesti alkaa|edelleenlähetetty viesti|přeposlaná zpráva|"
    "přeposlaná zpráva začátek|"
    "začátek přeposlané zprávy|předaná zpráva|пересылаемое сообщение|пересланное сообщение|"
    "перенаправленное сообщение|"
    "начало переадресованного сообщения|начало переадресованного письма|пересилання|"
    "переслане повідомлення|"
    "továbbított üzenet|továbbított levél|iletilen ileti|yönlendirilmiş mesaj|iletilmiş mesaj|"
    "转发的邮件|转发邮件|轉寄郵件|轉寄的郵件|轉寄訊息|转发邮件信息|开始转发的邮件|開始轉寄郵件|"
    "開始轉寄訊息|已转发邮件|"
    "転送メッセージ|転送されたメッセージ|メッセージを転送|転送メール|転送元メッセージ|"
    "転送されたメール|"
    "전달된 메시지|전달된 메세지|전달 메시지|전달된 메시지 시작|전달된 메일"
)
ORIGINAL: Final = (
    "original message|original mail|original e-mail|ursprüngliche nachricht|"
    "ursprungliche nachricht|originalnachricht|"
    "original-nachricht|message d'origine|message original|mensaje original|messaggio originale|"
    "mensagem original|"
    "oorspronkelijk bericht|origineel bericht|wiadomość oryginalna|oryginalna wiadomość|"
    "ursprungligt meddelande|"
    "originalmeddelande|originalt meddelande|ursprungligt mail|oprindelig meddelelse|"
    "oprindelig besked|opprinnelig melding|"
    "opprinnelig e-post|alkuperäinen viesti|původní zpráva|исходное сообщение|"
    "оригинальное сообщение|"
    "вихідне повідомлення|eredeti üzenet|özgün ileti|orijinal mesaj|原始邮件|邮件原件|原始郵件|"
    "原始信件|元のメッセージ|元のメール|"
    "original message follows|원본 메시지|원본 메일|原文|reply message|reply separator|antwort|"
    "mensagem original"
)
WROTE: Final = (
    "wrote|writes|schrieb|geschrieben|hat geschrieben|a écrit|écrit|escribió|escribio|"
    "ha scritto|scrive|scritto|"
    r"escreveu|schreef|het volgende geschreven|geschreven|napisał\(a\)|napisał|napisała|pisze|"
    r"napisana przez|"
    r"skrev|skriver|skrev følgende|"
    r"kirjoitti|napsal\(a\)|napsal|napsala|пишет|писал\(а\)|писал|писала|написал\(а\)|написал|"
    r"написала|пише|написав|"
    "ezt írta|írta|şunu yazdı|yazdı|写道|寫道|写到|님이 작성|작성|さんは書きました|書きました|"
    "wrote on|のメール|より"
)
MOBILE: Final = (
    r"sent from (?:my |mail for|yahoo|outlook|samsung|proton|gmail|mobile)|get outlook for|"
    r"sent via |von meinem .{2,40} gesendet|"
    r"gesendet (?:von|mit) |envoyé (?:de|depuis) (?:mon |l'app)|télécharger outlook|"
    r"enviado desde (?:mi |yahoo|outlook)|"
    r"inviato da(?:l mio)? |enviado (?:do meu|a partir do|via) |verstuurd vanaf mijn|"
    r"verzonden (?:vanaf|met) |"
    r"wysłane z |skickat från min|sendt fra min|sendt fra |lähetetty (?:iphone|laitteesta|"
    r"omasta)|odesláno z |отправлено с|"
    r"отправлено из|发自我的|发送自|從我的.{2,20}傳送|내 .{2,20}에서 보냄|iphoneから送信|"
    r"(?:my )?ipadから送信|私の.{2,20}から送信"
)
"""What telephones put under a message: a signature without its mark."""
