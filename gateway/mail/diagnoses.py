"""Says whether a delivery failure is hard: whether this address is no use any more.

Hard is what concerns the address itself (no such user, no such host, moved, takes no mail).
All that may pass or be settled is soft: full, suspended, policy, reputation, time-outs.

Standards: RFC 3463 with the registry of RFC 5248; RFC 7505 (null MX).
"""

from __future__ import annotations

import re
from typing import Final

_STATUS: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_HARD_STATUS: Final = frozenset(
    ["5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.4.4", "5.4.310", "5.4.312"]
)
_VAGUE_STATUS: Final = frozenset(
    ["5.0.0", "5.5.0", "5.3.0", "5.1.0", "4.0.0", "5.4.0", "5.4.6", "5.4.14", "5.2.0", "5.7.0"]
)
_UNKNOWN_USER: Final = re.compile(
    r"(?:user|recipient|account|mailbox|local.?part|name)\s+(?:is\s+)?unknown|"
    r"unknown\s+(?:or\s+illegal\s+)?(?:\w+\s+)?(?:user|recipient|local.?part|account|mailbox|"
    r"address(?!\s+error)|alias)|"
    r"no\s+such\s+(?:user|recipient|mailbox|account|address|person|local|name|email)|"
    r"(?:user|recipient|mailbox|account|address|addressee|group|person)\b[^.;\n]{0,80}?"
    r"(?:not\s+found|does\s*(?:n.t|\s+not)\s+exist|not\s+exist|is\s+not\s+known|"
    r"could\s+not\s+be\s+found|"
    r"wasn.t\s+found|not\s+listed|no\s+longer\s+(?:valid|exists|available|in\s+use))|"
    r"(?:is\s+)?not\s+a\s+(?:valid|known)\s+(?:user|mailbox|recipient|account|address)|"
    r"(?:invalid|bad|illegal)\s+(?:\w+\s+)?(?:recipient|mailbox|user|address)|"
    r"no\s+mailbox\s+(?:here\s+)?by\s+that\s+name|recipient\s+name\s+is\s+not\s+recognized|"
    r"doesn.t\s+have\s+an?\s+\S+\s+account|no\s+valid\s+recipients|resolver\.adr\.recip\w*notfound|"
    r"recipnotfound|no\s+account\s+by\s+that\s+name|user\s+doesn.t\s+exist|undeliverable\s+address|"
    r"unknown\s+recipient|recipient\s+not\s+found|not\s+listed\s+in|invalid\s+recipient|"
    r"not\s+our\s+customer|user\s+not\s+known|#5\.1\.0\s+address\s+rejected|"
    r"55\d[- ][^\n]{0,40}mailbox\s+unavailable|"
    r"5\.4\.1\s+recipient\s+address\s+rejected:\s+access\s+denied|"
    r"(?:postfach|empf[äa]e?nger|benutzer|konto|adresse)\b[^.;\n]{0,80}?(?:nicht\s+(?:vorhanden|bekannt|gefunden)|"
    r"existiert\s+nicht|unbekannt)|unbekannte\w*\s+(?:empf|benutzer|adress)|"
    r"(?:adresse|destinataire|compte)\b[^.;\n]{0,80}?(?:inconnue?|introuvable|invalide|"
    r"n.existe\s+pas)|(?:cuenta|buz[óo]n|direcci[óo]n|destinatario|usuario)\b[^.;\n]{0,80}?"
    r"(?:no\s+existe|desconocid[oa]|no\s+se\s+(?:encontr|pudo\s+encontrar))|"
    r"(?:utente|casella|destinatario|indirizzo)\b[^.;\n]{0,80}?(?:non\s+esiste|sconosciut|"
    r"inesistente)|(?:usu[áa]rio|caixa|conta|endere[çc]o)\b[^.;\n]{0,80}?(?:n[ãa]o\s+existe|"
    r"desconhecid|inexistente)|(?:gebruiker|postvak|adres)\b[^.;\n]{0,80}?(?:bestaat\s+niet|"
    r"onbekend)|(?:użytkownik|skrzynka|adres)\b[^.;\n]{0,80}?nie\s+istnieje|"
    r"(?:пользовател\w*|ящик\w*|адрес\w*)\b[^.;\n]{0,80}?не\s+(?:существует|найден)|"
    r"нет\s+такого\s+(?:пользовател|адрес)|"
    r"存在しません|見つかりません|宛先不明|用户不存在",
    re.IGNORECASE,
)
_UNKNOWN_HOST: Final = re.compile(
    r"non-?existent\s+(?:hosts?|domain)|all\s+host\s+address\s+lookups\s+failed|"
    r"host\s+(?:or\s+domain\s+)?(?:name\s+)?(?:not\s+found|unknown|lookup\s+failed)|"
    r"unknown\s+(?:mail\s+)?host|"
    r"(?:host|domain)(?:\s+name)?\s+(?:not\s+found|does\s*(?:n.t|\s+not)\s+exist|unknown|"
    r"is\s+unknown)|"
    r"couldn.t\s+find\s+any\s+host|illegal\s+host/domain|no\s+(?:mx|a|dns)\s+record|nxdomain|"
    r"unrout(?:e)?able|no\s+such\s+(?:host|domain)|"
    r"couldn.t\s+be\s+resolved|name\s+or\s+service\s+not\s+known|no\s+route\s+to\s+host\s+name|"
    r"(?<!@)\b[\w-]+\.[a-z][\w.-]+\s+does\s+not\s+exist|domain\s+not\s+listed",
    re.IGNORECASE,
)
_TAKES_NO_MAIL: Final = re.compile(
    r"no\s+smtp\s+service|null\s*mx|does\s+not\s+accept\s+(?:e-?)?mail", re.IGNORECASE
)
# Who took RCPT and refuses DATA refuses this message: filters of mobile carriers say "user
# unknown" there, lest the sender learns of the filter.
_AFTER_DATA: Final = re.compile(
    r">>>\s*DATA\s+<<<\s*55\d[^\n]*unknown|in\s+reply\s+to\s+(?:end\s+of\s+)?DATA|"
    r"after\s+end\s+of\s+data|"
    r"SMTP\s+command\s+DATA|did\s+not\s+like\s+our\s+(?:final\s+)?DATA",
    re.IGNORECASE,
)
# About the sender's address, not the recipient's.
_OF_SENDER: Final = frozenset(["5.1.7", "5.1.8"])
# Words of those who ask for the recipient only then (Exchange, Yahoo, Mail.ru), and of no filter.
_SURELY_UNKNOWN: Final = re.compile(
    r"doesn.t\s+have\s+an?\s+\S+\s+account|recip\w*notfound|\b5\.1\.10\b|"
    r"invalid\s+mailbox\.\s+local\s+mailbox\b[^\n]{0,100}user\s+not\s+found",
    re.IGNORECASE,
)
_NEEDS_RCPT: Final = re.compile(r"\b503\b|need\s+rcpt|no\s+valid\s+rec", re.IGNORECASE)
_CHARS: Final = 4000
_COMMAND_FAILED: Final = re.compile(r"command\s+output:|procmail:", re.IGNORECASE)
_FULL: Final = re.compile(
    r"(?:not\s+enough|no|out\s+of|insufficient)\s+(?:disk\s+)?(?:space|storage)|over\s*quota|"
    r"(?:mailbox|mailfolder|inbox)\s+(?:is\s+)?full|quota\s+exceeded|exceeded\s+\S*\s*quota",
    re.IGNORECASE,
)
_MOVED: Final = re.compile(
    r"(?:has|have)\s+moved|no\s+longer\s+(?:works|with)|address\s+(?:has\s+)?changed", re.IGNORECASE
)
_PASSING: Final = re.compile(
    r"(?:mailbox|mailfolder|folder|quota|inbox|disk|storage)[^.;\n]{0,40}(?:full|exceed|over)|"
    r"over\s*quota|"
    r"exceed\w*\s+(?:\S+\s+){0,4}(?:quota|limit|size|storage)|insufficient\s+(?:disk|system|"
    r"storage)|"
    r"full\s+mailbox|couldn.t\s+create|name\s*server\s+reply|too\s+(?:large|big|many|much)|spam|"
    r"black\s*list|block(?:ed|list)|reputation|"
    r"\bdmarc\b|\bspf\b|\bdkim\b|\bptr\b|reverse\s+dns|grey\s*list|try\s+again|temporar|"
    r"timed?\s*out|"
    r"deferred|expired|delayed|(?:suspend|disabl|inactiv|deactivat|discontinued)|relay|virus|"
    r"rate\s+limit|policy|prohibited|access\s+denied|not\s+authori[sz]ed|authenticat|permission|"
    r"restricted|hop\s+count|mail\s+loop|too\s+long\s+in|in\s+the\s+queue|"
    r"connection\s+(?:refused|reset|dropped)|"
    r"client\s+host|sender\s+(?:address\s+)?(?:rejected|denied|domain)|domain\s+of\s+sender|banned|"
    r"一杯|容量|満杯|空き",
    re.IGNORECASE,
)


def find_status(text: str) -> str:
    """Return the most telling enhanced status code in a text, or an empty string."""
    found = [".".join(match.groups()) for match in _STATUS.finditer(text[:_CHARS])]
    failures = [code for code in found if code[0] != "2"]
    telling = [code for code in failures if code not in _VAGUE_STATUS]
    return (telling or failures or found or [""])[0]


def is_hard(status: str, diagnostic: str, context: str = "") -> bool | None:
    """Return whether trying again is useless; None when nothing tells.

    `context` is what the report tells people, when it speaks of this recipient alone.
    """
    text, told = diagnostic[:_CHARS], context[:_CHARS]
    code = status
    if not code or code in _VAGUE_STATUS:
        code = find_status(text) or status
    if code in _OF_SENDER:
        return False
    if _MOVED.search(text) or _TAKES_NO_MAIL.search(text):
        return True
    if _FULL.search(told) or _FULL.search(text):
        return False
    by_words = _by_words(code, text, told)
    if by_words is not None:
        return by_words
    if code in _HARD_STATUS and code not in _VAGUE_STATUS:
        return not _PASSING.search(text)
    return False if text or code else None


def _by_words(code: str, text: str, told: str) -> bool | None:
    """Return what words about the user or the host say; None when there are none."""
    is_vague = not code or code in _VAGUE_STATUS
    names_user = _UNKNOWN_USER.search(text) is not None
    names_host = _UNKNOWN_HOST.search(text) is not None
    if is_vague and code[:1] != "4" and not (names_user or names_host):
        names_user = _UNKNOWN_USER.search(told) is not None
    if names_user:
        if _SURELY_UNKNOWN.search(text):
            return True
        whole = f"{text}\n{told}"
        return not (_was_after_data(whole) or _COMMAND_FAILED.search(whole))
    if names_host:
        return (is_vague and code[:1] != "4") or code[:4] in ("5.4.", "5.1.")
    return None


def _was_after_data(text: str) -> bool:
    """Whether the refusal came after DATA; with pipelining the reply to RCPT stands there too."""
    return _AFTER_DATA.search(text) is not None and not _NEEDS_RCPT.search(text)
