"""What mail clients print above a quoted or forwarded message, in their users' languages.

Data, no rules: English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Swedish,
Danish, Norwegian, Finnish, Czech, Slovak, Croatian, Romanian, Hungarian, Turkish, Russian,
Ukrainian, Greek, Chinese, Japanese, Korean and some neighbours; of Outlook, Apple Mail,
Thunderbird, Gmail, Yahoo and their kin.
"""

from __future__ import annotations

from typing import Final

LABELS: Final[dict[str, str]] = {
    "author": (
        "from|von|absender|expéditeur|remitente|mittente|remetente|afzender|avsändare|afsender|"
        "avsender|nadawca|odesílatel|отправитель|de|da|van|från|fra|od|lähettäjä|от|від|feladó|"
        "gönderen|kimden|发件人|發件人|寄件者|寄件人|差出人|送信元|送信者|보낸 사람|보낸사람|"
        "발신|expeditor|de la|šalje|pošiljatelj|odosielateľ|відправник|από|מאת|من|từ|dari|saatja|"
        "kellelt|nuo|從|від кого"
    ),
    "to": (
        "to|an|pour|empfänger|destinataire|destinatario|destinatário|ontvanger|mottagare|"
        "modtager|mottaker|adresat|příjemce|получатель|à|para|a|aan|till|til|vastaanottaja|do|"
        "komu|кому|címzett|kime|收件人|收件者|宛先|送信先|받는 사람|받는사람|수신|către|catre|"
        "prima|primatelj|za|príjemca|одержувач|προς|אל|إلى|đến|tới|kepada|saaja|adressaat|kam|до|"
        "per a|kenelle|alıcı|kellele|到"
    ),
    "cc": (
        "cc|kopie|kopie (cc)|copie à|copie|copia|cópia|con copia|kopia|kopia till|kopi|kopio|dw|"
        "do wiadomości|копия|копія|másolat|bilgi|抄送|副本|参照|參照|참조|kopija|kópia|"
        "másolatot kap|kopi til|kopija za|κοιν.|κοινοποίηση|עותק|نسخة|đồng kính gửi|tembusan|"
        "kopie an|cópia para|copia a|copia per|kopio vastaanottajalle|kp|копие|koopia|κοιν"
    ),
    "bcc": (
        "bcc|blindkopie|cci|cco|ccn|udw|скрытая копия|密送|숨은 참조|bilinçli|titkos másolat|"
        "skjult kopi|dold kopia|gizli|blind copy|bcc an|cópia oculta|copia oculta|密件抄送|"
        "密件副本"
    ),
    "subject": (
        "subject|betreff|objet|sujet|asunto|oggetto|assunto|onderwerp|ämne|emne|aihe|temat|"
        "předmět|тема|tárgy|konu|主题|主題|主旨|件名|題名|제목|predmet|subiect|zadeva|относно|"
        "θέμα|נושא|الموضوع|chủ đề|tiêu đề|subjek|perihal|teema|tema|temats|assumpte|"
        "rubrik|naslov|ogg|主　题|"
        "標題|标题|sub"
    ),
    "date": (
        "date|sent|datum|gesendet|envoyé|enviado|enviado el|enviado em|enviada em|fecha|data|"
        "data/ora|inviato|verzonden|skickat|sendt|dato|lähetetty|päiväys|päivämäärä|pvm|wysłano|"
        "wysłane|odesláno|дата|отправлено|отправлен|надіслано|dátum|elküldve|tarih|gönderildi|"
        "日期|发送时间|發送時間|傳送日期|寄件日期|日付|送信日時|日時|送信日|날짜|보낸 날짜|"
        "보낸날짜|발송|trimis|dată|poslano|odoslané|odeslané|відправлено|дата відправлення|"
        "ημερομηνία|στάλθηκε|תאריך|נשלח|تم الإرسال|التاريخ|ngày|đã gửi|tanggal|dikirim|kuupäev|"
        "saadetud|išsiųsta|nosūtīts|изпратено|gönderilme tarihi|gönderme tarihi|küldve|enviat|"
        "fecha de envío|data wysłania|skickat datum|发送日期|時間|时间|日　期|"
        "изпратено на|보낸 시간|enviada|enviada a"
    ),
    "reply_to": (
        "reply-to|reply to|antwort an|répondre à|responder a|responder para|rispondi a|"
        "antwoord aan|odpowiedz do|svara till|svar til|vastaus|返信先|答复|回复|odpověď na|"
        "odgovori na|válaszcím|yanıtla|răspunde la|відповісти|répondre a|vastaa"
    ),
    "other": (
        "importance|priority|wichtigkeit|importancia|message-id|resent-from|resent-date|"
        "organization|x-mailer|attachments|anlagen|pièces jointes|添付ファイル|重要度|list-id|"
        "in-reply-to|organisation|betydning|prioritet|belang|ważność|priorité|allegati|adjuntos|"
        "anexos|bijlagen|bilagor|załączniki|вложения|附件|첨부|when|where|location|wann|ort|quand|où|"
        "cuándo|dónde|dove|wanneer|waar|場所|地点|return-path|received|mime-version|content-type|"
        "content-transfer-encoding|content-language|content-disposition|user-agent|delivered-to|"
        "references|sender|errors-to|precedence|envelope-to|delivery-date|thread-topic|"
        "thread-index|dkim-signature|authentication-results|received-spf|lines|status"
    ),
}
"""The labels of the header block, by the field they stand for, in lower case."""

FORWARDED: Final = (
    "forwarded message|forwarded mail|forwarded by|begin forwarded message|"
    "weitergeleitete nachricht|weitergeleitete e-mail|weitergeleitet von|"
    "anfang der weitergeleiteten nachricht|anfang der weitergeleiteten e-mail|message transféré|"
    "message transmis|courriel transféré|début du message transféré|début du message réexpédié|"
    "début du message transmis|transféré par|mensaje reenviado|inicio del mensaje reenviado|"
    "messaggio inoltrato|messaggio originale inoltrato|inizio messaggio inoltrato|"
    "inizio del messaggio inoltrato|mensagem encaminhada|mensagem reencaminhada|"
    "início da mensagem reencaminhada|início da mensagem encaminhada|doorgestuurd bericht|"
    "begin doorgestuurd bericht|wiadomość przekazana dalej|przekazana wiadomość|"
    "wiadomość przesłana dalej|przesłana wiadomość|początek przekazywanej wiadomości|"
    "początek przekazanej wiadomości|treść przekazanej wiadomości|vidarebefordrat meddelande|"
    "vidarebefordrat mail|vidarebefordrat brev|vidarebefordrat mejl|videresendt meddelelse|"
    "videresendt besked|videresendt melding|start på videresendt besked|videresendt e-post|"
    "videresendt mail|välitetty viesti|välitetty viesti alkaa|edelleenlähetetty viesti|"
    "přeposlaná zpráva|přeposlaná zpráva začátek|začátek přeposlané zprávy|předaná zpráva|"
    "пересылаемое сообщение|пересланное сообщение|перенаправленное сообщение|"
    "начало переадресованного сообщения|начало переадресованного письма|пересилання|"
    "переслане повідомлення|továbbított üzenet|továbbított levél|iletilen ileti|"
    "yönlendirilmiş mesaj|iletilmiş mesaj|转发的邮件|转发邮件|轉寄郵件|轉寄的郵件|轉寄訊息|"
    "转发邮件信息|开始转发的邮件|開始轉寄郵件|開始轉寄訊息|已转发邮件|転送メッセージ|"
    "転送されたメッセージ|メッセージを転送|転送メール|転送元メッセージ|転送されたメール|"
    "전달된 메시지|전달된 메세지|전달 메시지|전달된 메시지 시작|전달된 메일|proslijeđena poruka|"
    "započni proslijeđenu poruku|továbbított levél kezdete|továbbított üzenet kezdete|"
    "mesaj redirecționat|mesaj redirecţionat|începe mesajul redirecționat|mesaj transmis|"
    "preposlaná správa|začiatok preposlanej správy|začátek přeposílané zprávy|přeposlaná zpráva|"
    "iletilen mesaj|yönlendirilen ileti|yönlendirilen mesaj|iletilmiş ileti|ileti başlangıcı|"
    "початок листа, що пересилається|пересланий лист|перенаправлене повідомлення|"
    "начало пересылаемого сообщения|пересланное письмо|препратено съобщение|προωθημένο μήνυμα|"
    "προωθούμενο μήνυμα|הודעה שהועברה|رسالة معاد توجيهها|thư đã chuyển tiếp|pesan terusan|"
    "pesan yang diteruskan|missatge reenviat|edastatud kiri|persiųstas laiškas|pārsūtīta vēstule|"
    "posredovano sporočilo|fwd message|fw message|ausgangsnachricht weitergeleitet|"
    "message réexpédié|messaggio inoltrato da|mensaje remitido|doorgestuurde e-mail|"
    "doorgestuurd e-mailbericht|vidarebefordrat e-post|weitergeleitete mail|转发的消息|转寄邮件|"
    "轉發的郵件|轉寄的訊息|フォワードメッセージ|転送された電子メール|전달한 메시지|전달된 편지|"
    "αρχή προωθημένου μηνύματος|începutul mesajului redirecționat|"
    "iletilmiş e-postanın başlangıcı|yönlendirilmiş ileti|ξεκινά το προωθημένο μήνυμα|"
    "mail transféré|e-mail transféré|correo reenviado|email encaminhado"
)
FORWARD_END: Final = (
    r"end (?:of )?(?:the )?(?:forwarded|original) message|original message ends|"
    r"ende der (?:weitergeleiteten|ursprünglichen) nachricht|fin du message (?:transféré|original)|"
    r"fin del mensaje reenviado|fine (?:del )?messaggio inoltrato|fim da mensagem encaminhada|"
    r"einde (?:van )?(?:het )?doorgestuurde? bericht|koniec przekazywanej wiadomości|"
    r"(?:конец|завершение) (?:пересылаемого|пересланного|перенаправленного) сообщения|"
    r"転送メッセージ ?ここまで|"
    r"конец исходного текста(?: сообщения)?|"
    r"кінець (?:пересланого|переспрямованого) повідомлення"
)
"""What stands under a forwarded message, between dashes."""
ORIGINAL: Final = (
    "original message|original mail|original e-mail|ursprüngliche nachricht|"
    "ursprungliche nachricht|originalnachricht|original-nachricht|message d'origine|"
    "message original|mensaje original|messaggio originale|mensagem original|"
    "oorspronkelijk bericht|origineel bericht|wiadomość oryginalna|oryginalna wiadomość|"
    "ursprungligt meddelande|originalmeddelande|originalt meddelande|ursprungligt mail|"
    "oprindelig meddelelse|oprindelig besked|opprinnelig melding|opprinnelig e-post|"
    "alkuperäinen viesti|původní zpráva|исходное сообщение|исходный текст сообщения|"
    "оригинальное сообщение|"
    "вихідне повідомлення|eredeti üzenet|özgün ileti|orijinal mesaj|原始邮件|邮件原件|原始郵件|"
    "原始信件|元のメッセージ|元のメール|original message follows|원본 메시지|원본 메일|原文|"
    "reply message|reply separator|antwort|izvorna poruka|mesaj original|mesajul original|"
    "mesaj inițial|pôvodná správa|původní e-mail|orijinal ileti|оригінальне повідомлення|"
    "початкове повідомлення|оригинално съобщение|αρχικό μήνυμα|הודעה מקורית|رسالة أصلية|"
    "الرسالة الأصلية|thư gốc|pesan asli|missatge original|algkiri|originalus laiškas|"
    "sākotnējais ziņojums|izvirno sporočilo|message initial|courriel d'origine|correo original|"
    "email original|e-mail original|e-mail originale|oorspronkelijk e-mail|original message/mail|"
    "原邮件|原信|元の電子メール|元メッセージ|オリジナルメッセージ|원문 메시지|원본 편지|원본 이메일"
)
WROTE: Final = (
    r"wrote|writes|schrieb|geschrieben|hat geschrieben|a écrit|écrit|escribió|escribio|"
    r"ha scritto|scrive|scritto|escreveu|schreef|het volgende geschreven|geschreven|napisał\(a\)|"
    r"napisał|napisała|pisze|napisana przez|skrev|skriver|skrev følgende|kirjoitti|napsal\(a\)|"
    r"napsal|napsala|пишет|писал\(а\)|писал|писала|написал\(а\)|написал|написала|пише|написав|"
    r"napisao|napisala|"
    r"ezt írta|írta|şunu yazdı|yazdı|写道|寫道|写到|님이 작성|작성|さんは書きました|書きました|"
    r"wrote on|のメール|より|a scris|je napisao|je napisala|je napisao\(la\)|napisao je|"
    r"napísal\(a\)|napísal|napísala|şunları yazdı|tarihinde yazdı|написав\(-ла\)|писав|написа|"
    r"έγραψε|כתב|כתבה|كتب|đã viết|menulis|va escriure|kirjutas|rašė|rakstīja|je napisal|sagt|"
    r"quoting|zitat von|citando|님의 말|a dit|scribebat|napsal/a|написал\(a\)|提到"
)
MOBILE: Final = (
    r"sent from (?:my |mail for|yahoo|outlook|samsung|proton|gmail|mobile|aol|att)|"
    r"sent (?:from my verizon|via the samsung)[^\n]{0,60}|"
    r"(?:get|obtenir|télécharger|obtener|descargar|scarica|ottieni|obter o|baixar o|transferir o|"
    r"download|pobierz|pobierz aplikację|hämta|hent|last ned|hanki|získat|stáhnout|получить|"
    r"скачать|获取|取得|下载|下載|holen sie sich) outlook "
    r"(?:for|pour|para|per|voor|für|dla systemu|för|til|pro|для) (?:ios|android)|"
    r"outlook (?:für|voor|for) (?:ios|android) ?(?:beziehen|herunterladen|downloaden|を入手|"
    r"をダウンロード)|"
    r"(?:下載|下载|取得|获取) (?:ios|android) ?版 ?outlook|(?:ios|android)용 outlook|"
    r"sent via |(?:diese nachricht wurde )?von (?:meinem|samsung).{2,60} gesendet|"
    r"gesendet (?:von|mit) |envoyé (?:de|depuis) (?:mon |l'app)|envoyé à partir d|"
    r"enviado desde (?:mi |yahoo|outlook)|"
    r"inviato da(?:l mio)? |enviado (?:do meu|a partir do|via) |verstuurd vanaf mijn|"
    r"verzonden (?:vanaf|met) |"
    r"wysłane z |skickat från min|sendt fra min|sendt fra |"
    r"lähetetty (?:iphone|galaxy|ipad|android|outlook|laitteesta|"
    r"omasta)|odesláno z |отправлено с|"
    r"отправлено из|发自我的|发送自|從我的.{2,20}傳送|(?:내|나의) .{2,20}에서 보냄|"
    r"(?:iphone|galaxy|android|xperia)[^\n]{0,15}から送信|"
    r"(?:my )?ipadから送信|私の.{2,20}から送信|sent with proton|gesendet mit proton|"
    r"odoslané z (?:iphon|ipad|môjho |mobil|aplik|outlook)|poslano s (?:mog|mojeg) |saadetud minu |"
    r"az (?:iphone|ipad|android)\S* küldve|elküldve az? (?:galaxy|samsung|iphone|android)|"
    r"trimis de pe |"
    r"надіслано (?:з|із) (?:iphone|ipad|android|мого |моєї |програми )|"
    r"(?:iphone|ipad|android|samsung|galaxy|outlook)\S* (?:\S+ ){0,3}gönderildi|"
    r"(?:εστάλη|στάλθηκε) από (?:το |τη |την )|从我的.{2,20}发送|發自我的"
)
"""What telephones put under a message: a signature without its mark."""
