"""Writes a notice: plain text and HTML, so that no program answers it: pure.

Standards: RFC 3834 §3 (automatic responses), RFC 5322, RFC 2046 §5.1.4 (alternatives);
MS-OXCMAIL (X-Auto-Response-Suppress).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import Final

from gateway.notices.occasion import Occasion
from gateway.notices.words import (
    ABOUT,
    ADVICE,
    CODE,
    CODE_HEADLINE,
    CODE_SUBJECT,
    FOOTER,
    HEADLINES,
    REASON,
)
from gateway.rules.notices import notice_id
from gateway.words.catalogue import Language, Tongue, language_of, tongue
from gateway.words.rules import remedy_in

SUBJECT_CHARACTERS: Final = 120
POLICY: Final = SMTP.clone(max_line_length=76, cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends notices, and in which language."""

    address: str
    language: Language
    key: bytes
    """Signs their ids, so that they are known when they come back."""

    def speaking(self, chosen: str) -> Sender:
        """Return the same in the language that a user chose, where he did."""
        return replace(self, language=language_of(chosen) or self.language)


def compose_notice(occasion: Occasion, sender: Sender, token: str, now: datetime) -> bytes:
    """Return the notice about a copy; `token` is unique, letters and digits."""
    words = tongue(sender.language)
    headline = words.say(HEADLINES[str(occasion.outcome)])
    remedies = [
        remedy_in(words, fault.reason, fault.remedy, fault.evidence) for fault in occasion.faults
    ]
    subject = _short(occasion.subject)
    codes = ", ".join(dict.fromkeys(str(fault.reason) for fault in occasion.faults))
    told = [
        (words.say(ABOUT), subject or occasion.message_id),
        (words.say(REASON), codes),
    ]
    message = _message(occasion.recipient, sender, token, now)
    message["Subject"] = f"{headline}: {subject}" if subject else headline
    message["Auto-Submitted"] = "auto-replied"
    if occasion.message_id and _is_plain(occasion.message_id):
        message["In-Reply-To"] = message["References"] = f"<{occasion.message_id}>"
    _write(message, headline, told, remedies, words)
    return message.as_bytes()


def compose_digest(
    recipient: str, sender: Sender, token: str, now: datetime, digest: Sequence[tuple[str, str]]
) -> bytes:
    """Return a digest: subject and headline first, then a line for each fix."""
    (subject, headline), *lines = digest
    message = _message(recipient, sender, token, now)
    message["Subject"] = subject
    message["Auto-Submitted"] = "auto-generated"
    remedies = [line for _, line in lines]
    _write(message, headline, [], remedies, tongue(sender.language))
    return message.as_bytes()


def compose_code(recipient: str, sender: Sender, token: str, now: datetime, code: str) -> bytes:
    """Return the message that proves an address by a code in it."""
    words = tongue(sender.language)
    message = _message(recipient, sender, token, now)
    message["Subject"] = words.say(CODE_SUBJECT)
    message["Auto-Submitted"] = "auto-generated"
    _write(message, words.say(CODE_HEADLINE), [(words.say(CODE), code)], [], words)
    return message.as_bytes()


def _message(recipient: str, sender: Sender, token: str, now: datetime) -> EmailMessage:
    # RFC 6532: an address that is not ASCII stands in the header section as it is.
    message = EmailMessage(policy=POLICY if recipient.isascii() else POLICY.clone(utf8=True))
    local_part, _, domain = sender.address.rpartition("@")
    message["From"] = Address("Replygate", local_part, domain)
    message["To"] = recipient
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{notice_id(token, domain, sender.key)}>"
    # Exchange answers what it is not asked not to.
    message["X-Auto-Response-Suppress"] = "All"
    return message


def _write(
    message: EmailMessage,
    headline: str,
    told: Sequence[tuple[str, str]],
    remedies: Sequence[str],
    words: Tongue,
) -> None:
    """Write the words twice: plain, and as HTML without a link or picture."""
    advice, footer = words.say(ADVICE), words.say(FOOTER)
    plain = [headline, ""]
    plain += [f"{name}: {value}" for name, value in told]
    if remedies:
        plain += ["", f"{advice}:", *(f"- {remedy}" for remedy in remedies)]
    plain += ["", "-- ", footer, ""]
    message.set_content("\n".join(plain), charset="utf-8", cte="quoted-printable")
    rows = "".join(
        f"<tr><th align=left>{escape(name)}</th><td>{escape(value)}</td></tr>"
        for name, value in told
    )
    items = "".join(f"<li>{escape(remedy)}</li>" for remedy in remedies)
    table = f"<table>{rows}</table>" if rows else ""
    steps = f"<p><b>{escape(advice)}</b></p><ul>{items}</ul>" if items else ""
    page = (
        f"<!doctype html><html><body><h3>{escape(headline)}</h3>{table}{steps}"
        f"<hr><p><small>{escape(footer)}</small></p></body></html>\n"
    )
    message.add_alternative(page, subtype="html", charset="utf-8", cte="quoted-printable")


def _short(subject: str) -> str:
    """Return a foreign subject on one line that is not too long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in subject).split())
    return line if len(line) <= SUBJECT_CHARACTERS else f"{line[:SUBJECT_CHARACTERS]}…"


def _is_plain(message_id: str) -> bool:
    """Whether a foreign msg-id can stand in a field as it is."""
    return len(message_id) < 250 and all("!" <= c <= "~" and c not in "<>" for c in message_id)
