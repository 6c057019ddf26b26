"""What names of mail folders tell: which is the inbox, which holds sent mail.

Standards: RFC 3501 §5.1.3 (modified UTF-7), Maildir++ (dots between levels).
Limits: a folder with a name of its own choosing is neither; the command can be told.
"""

from __future__ import annotations

import binascii
import re

SENT_NAMES = frozenset(
    {
        "sent",
        "sent items",
        "sent mail",
        "sent messages",
        "sent-mail",
        "sent objects",
        "gesendet",
        "gesendete elemente",
        "gesendete objekte",
        "gesendete nachrichten",
        "envoyés",
        "messages envoyés",
        "éléments envoyés",
        "enviados",
        "correo enviado",
        "elementos enviados",
        "mensajes enviados",
        "mensagens enviadas",
        "itens enviados",
        "inviata",
        "inviati",
        "posta inviata",
        "elementi inviati",
        "verzonden",
        "verzonden items",
        "verzonden berichten",
        "wysłane",
        "elementy wysłane",
        "skickat",
        "skickade objekt",
        "sendt",
        "sendte elementer",
        "sendt post",
        "lähetetyt",
        "odeslané",
        "odeslaná pošta",
        "отправленные",
        "送信済み",
        "送信済みアイテム",
        "送信済みメール",
        "送信控",
        "已发送",
        "已发送邮件",
        "已傳送",
        "寄件備份",
        "보낸편지함",
        "보낸 편지함",
    }
)
"""What mail programs call the folder of sent mail, in lower case."""
_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")


def is_sent(folder: str) -> bool:
    """Whether the last level of a folder's path is a name for sent mail."""
    return folder.rpartition("/")[2].strip().casefold() in SENT_NAMES


def is_inbox(folder: str) -> bool:
    """Whether it is the main inbox folder."""
    return folder.strip().casefold() in {"", "inbox"}


def maildir_folder(name: str) -> str:
    """Return the path that a folder of Maildir++ stands for: `.Sent.2019` is `Sent/2019`."""
    levels = [level for level in name.strip(".").split(".") if level]
    return "/".join(decode_utf7(level) for level in levels)


def decode_utf7(name: str) -> str:
    """Return a mailbox name out of its modified UTF-7; what is none stays as it is."""

    def shift(found: re.Match[str]) -> str:
        letters = found.group(1).replace(",", "/")
        if not letters:
            return "&"
        try:
            octets = binascii.a2b_base64(letters + "=" * (-len(letters) % 4))
            return octets.decode("utf-16-be")
        except (binascii.Error, UnicodeDecodeError):
            return found.group()

    return _SHIFTED.sub(shift, name)
