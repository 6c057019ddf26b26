"""Messages and envelopes for tests, in a line each."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from gateway.model.envelope import Client, Content, Direction, Envelope, Recipient

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def letter(
    *,
    author: str = "Carol Cruz <carol@customer.example>",
    to: str = "Anna Arai <anna@corp.example>",
    message_id: str = "one@customer.example",
    subject: str = "Our offer",
    text: str = "Looks good.",
    date: str = "Mon, 23 Nov 2026 11:59:00 +0000",
    **fields: str,
) -> bytes:
    """Return a plain message; further fields by name, `_` for `-`."""
    head = {
        "From": author,
        "To": to,
        "Subject": subject,
        "Date": date,
        "Message-ID": f"<{message_id}>",
        **{name.replace("_", "-"): value for name, value in fields.items()},
        "Content-Type": "text/plain; charset=utf-8",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items() if value)
    return f"{lines}\r\n{text}\r\n".encode()


def forward_of(
    *inner: bytes, author: str = "anna@corp.example", to: str = "log@gate.example"
) -> bytes:
    """Return a message that holds others as attachments."""
    head = (
        f"From: {author}\r\nTo: {to}\r\nSubject: Fwd\r\nMessage-ID: <fwd@corp.example>\r\n"
        'Content-Type: multipart/mixed; boundary="=_b"\r\n\r\n'
    ).encode()
    parts = b"".join(
        b"--=_b\r\nContent-Type: message/rfc822\r\n\r\n" + octets + b"\r\n" for octets in inner
    )
    return head + b"--=_b\r\n\r\nFor the log.\r\n" + parts + b"--=_b--\r\n"


def journal_report(inner: bytes, recipients: str = "To: anna@corp.example\n") -> bytes:
    """Return a report of Exchange about a message; `recipients` are lines of its own."""
    system = "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@corp.example"
    lines = f"Sender: carol@customer.example\nSubject: x\nMessage-Id: <any@x>\n{recipients}"
    head = (
        f"From: <{system}>\r\nTo: journal@gate.example\r\nSubject: x\r\n"
        "Message-ID: <report@corp.example>\r\nX-MS-Journal-Report:\r\n"
        'Content-Type: multipart/mixed; boundary="=_r"\r\n\r\n'
    )
    told = "--=_r\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + lines
    octets = (head + told).replace("\r\n", "\n").replace("\n", "\r\n").encode()
    return octets + b"--=_r\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--=_r--\r\n"


def content_of(octets: bytes) -> Content:
    """Return the octets as content."""
    return Content(octets, len(octets), hashlib.sha256(octets).digest())


def envelope_of(
    octets: bytes,
    *,
    direction: Direction = Direction.INCOMING,
    mail_from: str = "carol@customer.example",
    rcpt_to: str = "anna@corp.example",
    route: str = "inbound",
    trusted: bool = True,
    received_at: datetime = NOON,
) -> Envelope:
    """Return an envelope around these octets; recipients parted by spaces."""
    return Envelope(
        route=route,
        direction=direction,
        mail_from=mail_from,
        recipients=tuple(Recipient(address) for address in rcpt_to.split()),
        content=content_of(octets),
        received_at=received_at,
        client=Client(address="127.0.0.1", trusted=trusted),
    )
