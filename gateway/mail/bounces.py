"""Recognises delivery reports that are no RFC 3464 reports, and reads them.

Every MTA had its own words before (and some still have). What they share: they come from a
daemon, they name the recipients on lines of their own or behind a few words, and they quote
the original behind a mark.

Limits: a report that names nobody is still a bounce, with one result without recipient.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.mail.addresses import key_of
from gateway.mail.diagnoses import find_status, is_hard
from gateway.model.message import Heading, RecipientStatus

_DAEMON: Final = re.compile(
    r"(?:mailer[-_.]?daemon|post_?master|poostmaster|mail[-_.]?daemon|mail\.delivery\.system|"
    r"mdaemon|"
    r"no-?reply|sysadmin|mailerdaemon|bounce\w*|mail-?delivery|delivery)\b",
    re.IGNORECASE,
)
_MAIL: Final = re.compile("mail|メール", re.IGNORECASE)
_NOBODY: Final = re.compile(r"(?:do-?not-?|no-?)reply", re.IGNORECASE)
# Some systems write under an address that people have too: words must bear it out.
_PERHAPS_DAEMON: Final = re.compile(
    r"(?:admin\w*|root|mta|mail(?:server|system|admin|gateway)?|system|daemon|fml-admin|listserv)\Z",
    re.IGNORECASE,
)
_DAEMON_NAME: Final = re.compile(
    r"mail\s*delivery?\s*(?:sub)?system|mailer[- ]?daemon|postmaster|system administrator|"
    r"mail deliver\w* service|ndr administrator|mail administrator",
    re.IGNORECASE,
)
_SUBJECT: Final = re.compile(
    r"undeliver|delivery\s+(?:status|failure|failed|has failed|notification|problem)|non.?delivery|"
    r"returned\s+mail|failure\s+(?:notice|delivery)|mail\s+(?:delivery\s+)?(?:failed|failure)|"
    r"mail\s+system\s+error|could\s+not\s+(?:be\s+)?deliver|message\s+delivery\s+has\s+failed|"
    r"error\s+sending\s+your\s+mail|returning\s+(?:message\s+)?to\s+sender|message\s+\S*\s*delayed|"
    r"warning:\s+(?:message|could)|not\s+delivered|delivery\s+report|unzustellbar|"
    r"nicht\s+zugestellt|"
    r"non\s+(?:remis|distribu)|échec|no\s+se\s+(?:pudo|puede|ha\s+podido)\s+entregar|"
    r"no\s+entregado|mancato\s+recapito|non\s+recapitabile|"
    r"n[ãa]o\s+(?:entregue|entregável|foi\s+possível\s+entregar)|falha\s+na\s+entrega|"
    r"onbestelbaar|niet\s+bezorgd|kunde\s+inte\s+leverera|går\s+inte\s+att\s+leverera|"
    r"kan\s+ikke\s+leveres|ei\s+voi\s+toimittaa|toimitus\s+epäonnistui|"
    r"kézbesíthetetlen|nelivrabil|teslim\s+edilem|αποτυχία\s+παράδοσης|не\s+вдалося\s+доставити|"
    r"無法傳遞|傳遞失敗|未送达|未傳遞的|傳送失敗|"
    r"olevererbart|ikke\s+levert|nie\s+dostarczono|nedoručiteln|не\s+доставлено|недоставлен|"
    r"配信できません|配信不能|送信エラー|メールエラー|返送|退信|无法投递|投递失败|반송|배달\s*실패",
    re.IGNORECASE,
)
_FAILURE: Final = re.compile(
    r"(?:unable|not\s+able|n.t\s+able)\s+to\s+deliver|(?:was|be|been|were)\s+(?:un)?(?:able\s+to\s+)?deliver|(?:not|n't|"
    r"un)\s*(?:be\s+|been\s+|yet\s+been\s+)*deliver|"
    r"did\s+not\s+reach|failed\s+(?:permanently|addresses)|permanent\s+(?:fatal\s+)?error|"
    r"delivery\s+(?:errors|problems|failed)|"
    r"(?:has|have)\s+failed|trouble\s+delivering|error\s+(?:has\s+)?occurred\s+while|rejected\s+by|"
    r"no\s+valid\s+recipients|unknown\s+user|user\s+unknown|transcript\s+of\s+session|"
    r"failure\s+reasons|"
    r"did\s+not\s+receive\s+this|recipients\s+returned|been\s+delayed|error\s+delivering|"
    r"invalid\s+user\s+address|"
    r"final-recipient:|\b55\d[ -]|送信できません|配信できません|送信に失敗|"
    r"не\s+может\s+быть\s+доставлено|"
    r"mailbox\s+(?:is\s+full|exceeds)|over\s*quota|quota\s+exceeded|is\s+delayed\s+for|"
    r"konnten?\s+nicht|nicht\s+(?:erreicht|zugestellt)|n.a\s+pas\s+(?:pu|été)|n.ont\s+pas\s+(?:pu|été)|"
    r"no\s+(?:se\s+)?ha\s+podido|impossible\s+de|no\s+se\s+(?:pudo|puede)|"
    r"non\s+è\s+stat|non\s+ha\s+raggiunto|impossibile\s+(?:recapitare|consegnare|contattare)|"
    r"n[ãa]o\s+(?:foi|pôde|chegou)|niet\s+(?:worden\s+)?(?:bezorgd|afgeleverd|bereikt)|"
    r"nie\s+(?:dotarła|można|została|udało)|nådde\s+inte|kunde\s+inte|ikke\s+(?:leveres|levert|"
    r"nådd|nået|afleveres)|ei\s+(?:voitu|voida|tavoittanut)|nelze\s+doručit|nebyl\w*\s+doruč|"
    r"не\s+(?:был\w*|удалось|вдалося)|未能送达|無法傳遞|无法送达|届きませんでした|배달되지|전달되지",
    re.IGNORECASE,
)
_ORIGINAL: Final = re.compile(
    r"(?m)^[-\s>*|=]*(?:this is a copy of the|below this line is a copy|enclosed is a copy|"
    r"(?:possibly truncated )?original message follows|"
    r"below is a copy of the original|message headers follow|the header of the original|"
    r"original message|"
    r"unsent message follows|returned message|message text follows|included is a copy|"
    r"message header follows|"
    r"text of the original|original mail|the original message)\b|"
    r"^(?:Received|Return-Path|DKIM-Signature|X-Google-Smtp-Source):",
    re.IGNORECASE,
)
_ADDR: Final = r"[^\s<>\"',;:()\[\]|@]{1,64}@[^\s<>\"',;:()\[\]|@]{1,254}[^\s<>\"',;:()\[\]|.@]"
_ON_LINE: Final = re.compile(
    rf"(?m)^(?:[ \t>*|]|\d{{3}}[ -]|\[)*(?:pipe to .*?)?[<\"]?({_ADDR})[>\"]?"
    rf"(?=[ \t]*(?:$|:|\.\.\.|\[|<| (?:on|am|le|el|il|em|op) | Invalid| Error|, ))"
)
_BEHIND_WORDS: Final = re.compile(
    rf"(?:RCPT\s*TO:?|recipients?[^:\n<]{{0,80}}:|delivered\s+to:?|"
    rf"delivering\s+your\s+mail\s+to|message\s+to:?|"
    rf"unknown\s+user:|\bfor|\buser|generated\s+by|Final-Recipient:\s*rfc822;)\s*<?({_ADDR})",
    re.IGNORECASE,
)
_ANY: Final = re.compile(_ADDR)
# Sendmail's transcript says on one line, with folded ones, what it says of a recipient.
_TRANSCRIPT_LINE: Final = re.compile(r"\d{3}[ -][^\n]*(?:\n[ \t][^\n]*)*")
_NOT_RECIPIENT: Final = re.compile(
    r"(?:MAIL\s+FROM:?\s*<?|sender:?\s*<?|from\s*<?)\Z", re.IGNORECASE
)
_DELAY: Final = re.compile(
    r"been\s+delayed|not\s+yet\s+been\s+delivered|warning\s+message\s+only|"
    r"will\s+(?:be\s+retried|keep\s+trying)|is\s+delayed\s+for|only\s+a\s+temporary\s+failure",
    re.IGNORECASE,
)
_JSON_BOUNCE: Final = re.compile(r'"notificationType"\s*:\s*"(Bounce|Delivery|Complaint)"')
_JSON_RECIPIENT: Final = re.compile(r'\{[^{}]*"emailAddress"\s*:\s*"([^"]+)"[^{}]*\}', re.DOTALL)
_HEAD_CHARS: Final = 20_000
_ADDRESS_CHARS: Final = 320
_NAME_CHARS: Final = 200


def _role_of_author(heading: Heading) -> str:
    """Return what an author's address tells of his role.

    `daemon` is a mail system, `nobody` a robot of any kind; `perhaps` people have such an address.
    """
    author = heading.author
    if author is None:
        return "daemon" if b"daemon" in heading.values.get("from", b"").lower() else ""
    return _role_of(author.addr_spec[:_ADDRESS_CHARS], author.name[:_NAME_CHARS])


def _role_of(addr_spec: str, name: str) -> str:
    """Return the role that an address and a name tell."""
    local_part = addr_spec.partition("@")[0]
    if _NOBODY.match(local_part):
        return "nobody"
    if _DAEMON.match(local_part):
        return "daemon"
    lowered = name.lower()
    # Each of those names holds one of these.
    is_named = "mail" in lowered or "postmaster" in lowered or "administrator" in lowered
    if is_named and _DAEMON_NAME.search(name):
        return "daemon"
    return "perhaps" if _PERHAPS_DAEMON.match(local_part) else ""


def looks_like_bounce(heading: Heading, text: str) -> str:
    """Return the evidence that this is a delivery report without a report part, or nothing."""
    names = heading.values
    if "x-failed-recipients" in names:
        return "X-Failed-Recipients"
    role = _role_of_author(heading)
    is_daemon = role in ("daemon", "nobody")
    empty = names.get("return-path", b"-").strip() in (b"<>", b"<MAILER-DAEMON>")
    subject = _SUBJECT.search(heading.subject) if role or empty else None
    if not (is_daemon or subject):
        return ""
    head = text[:_HEAD_CHARS]
    if is_daemon and (found := _JSON_BOUNCE.search(head)):
        return "" if found.group(1) == "Complaint" else f"notification {found.group(1)}"
    failure = _FAILURE.search(head)
    # A shop that tells of an order expects its own mail back, and speaks of no mail.
    is_of_mail = _has_code(head) or _MAIL.search(heading.subject) is not None
    is_notice = role == "nobody" and not empty and ("return-path" in names or not is_of_mail)
    if failure is None or is_notice:
        return ""
    if subject:
        return f"subject {subject.group()!r}, text {failure.group()!r}"
    return f"daemon, text {failure.group()!r}" if is_daemon and _has_code(head) else ""


def read_old_bounce(heading: Heading, text: str) -> tuple[RecipientStatus, ...]:
    """Return what the words of a delivery report say of each recipient."""
    if _JSON_BOUNCE.search(text[:_HEAD_CHARS]):
        return _read_json(text)
    found = _ORIGINAL.search(text)
    head = text[: found.start() if found else len(text)][:_HEAD_CHARS]
    if not head.strip():
        head = text[:_HEAD_CHARS]
    delayed = bool(_DELAY.search(head)) or "delay" in heading.subject.lower()
    places = _places(heading, head)
    if not places:
        named = heading.first("x-failed-recipients") or b""
        keys = [key_of(one.strip()) for one in named.decode("latin-1").split(",")]
        return tuple(
            _status(key, head, heading.subject, delayed=delayed) for key in keys if key
        ) or (_status("", head, heading.subject, delayed=delayed),)
    results = []
    for index, (key, at) in enumerate(places):
        stop = places[index + 1][1] if index + 1 < len(places) else len(head)
        if line := _TRANSCRIPT_LINE.match(head, at):
            stop = line.end()
        context = f"{heading.subject} {head}" if len(places) == 1 else ""
        results.append(_status(key, head[at:stop], context, delayed=delayed))
    return tuple(results)


def _places(heading: Heading, head: str) -> list[tuple[str, int]]:
    """Return the recipients named in a report and where each is named first."""
    strangers = {address.key for address in (*heading.to, *heading.authors)}
    for pattern in (_ON_LINE, _BEHIND_WORDS, _ANY):
        places: dict[str, int] = {}
        for found in pattern.finditer(head):
            key = key_of(found.group(found.lastindex or 0))
            start = found.start(found.lastindex or 0)
            if (
                key
                and key not in strangers
                and not _NOT_RECIPIENT.search(head[max(0, start - 20) : start])
            ):
                places.setdefault(key, found.start())
        if places:
            return list(places.items())
    return []


def _status(key: str, said: str, context: str, *, delayed: bool) -> RecipientStatus:
    """Return one recipient's status out of what is said behind his address."""
    diagnostic = " ".join(said.split())
    status = find_status(diagnostic)
    hard = False if delayed else is_hard(status, diagnostic, context)
    return RecipientStatus(key, "delayed" if delayed else "failed", status, diagnostic[:1000], hard)


def _read_json(text: str) -> tuple[RecipientStatus, ...]:
    """Return the recipients of a notification in JSON, as Amazon SES sends it by SNS."""
    results = []
    for found in _JSON_RECIPIENT.finditer(text[:_HEAD_CHARS]):
        said = found.group()
        status = find_status(said)
        results.append(
            RecipientStatus(
                key_of(found.group(1)), "failed", status, said[:1000], is_hard(status, said)
            )
        )
    action = "failed" if '"Bounce"' in text[:200] else "delivered"
    return tuple(results) or (RecipientStatus("", action, find_status(text), hard=False),)


def _has_code(text: str) -> bool:
    """Whether a text holds an SMTP reply or an enhanced code."""
    return bool(find_status(text)) or re.search(r"(?m)(?:^|\s|:)5\d\d[ -]", text) is not None
