"""The letters of the story, and their octets."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

WHO = {
    "anna": "Anna Arai <anna@corp.example>",
    "bob": "Bob Berg <bob@corp.example>",
    "max": "Max Mori <max@corp.example>",
    "sales": "Sales <sales@corp.example>",
    "log": "log@gateway.corp.example",
    "journal": "journal@gateway.corp.example",
    "carol": "Carol Cruz <carol@customer.example>",
    "carol-home": "Carol <carol.cruz@home.example>",
    "deputy": "Carol's deputy <deputy@customer.example>",
    "dave": "Dave Dorn <dave@dorn.example>",
    "erin": "Erin Egan <erin@partner.example>",
    "counsel": "Counsel <counsel@legal.example>",
    "frank": "Frank Fujii <frank@fujii.example>",
    "gina": "Gina Gold <gina@gold.example>",
    "henry": "Henry Hall <henry@hall.example>",
    "ivy": "Ivy Ito <ivy@ito.example>",
    "jack": "Jack Jung <jack@jung.example>",
    "kim": "Kim Kato <kim@kato.example>",
    "lena": "Lena Lund <lena@lund.example>",
    "nora": "Nora Nagy <nora@nagy.example>",
}


def address_of(who: str) -> str:
    """Return the bare address of a person of the story."""
    return WHO[who].rpartition("<")[2].rstrip(">")


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of the story."""

    name: str
    """Names it in the story, and makes its Message-ID."""
    sender: str
    to: str
    """Who it goes to, parted by spaces."""
    text: str
    answers: str = ""
    """The name of the letter that it answers."""
    bcc: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    file: tuple[str, int] | None = None
    """Name and size in octets of a file that comes with it."""
    again: str = ""
    """The name of a letter that this one is another version of: same Message-ID, same date."""
    encloses: str = ""
    """The name of a letter that is forwarded as an attachment."""
    copy_to: str = ""
    """Who gets it in place of those whom it names: it is a copy."""
    by: str = ""
    """The listener that it comes by; empty is that of its sender."""

    @property
    def listener(self) -> str:
        """The way it takes: `submission` for colleagues, `inbound` for everybody else."""
        if self.by:
            return self.by
        return "submission" if address_of(self.sender).endswith("@corp.example") else "inbound"

    @property
    def subject(self) -> str:
        """Its subject."""
        return "Re: Our offer" if self.answers else "Our offer"

    @property
    def message_id(self) -> str:
        """Its Message-ID without brackets."""
        return f"{self.again or self.name}@story.example"

    @property
    def recipients(self) -> tuple[str, ...]:
        """Its envelope recipients."""
        if self.copy_to:
            return (address_of(self.copy_to),)
        return tuple(address_of(who) for who in (*self.to.split(), *self.bcc))


def octets(letter: Letter, written_at: datetime, enclosed: bytes = b"") -> bytes:
    """Return the message as it stands on the wire, before dot-stuffing."""
    head = [
        ("From", WHO[letter.sender]),
        ("To", ", ".join(WHO[who] for who in letter.to.split())),
        ("Subject", letter.subject),
        ("Date", format_datetime(written_at)),
        ("Message-ID", f"<{letter.message_id}>"),
        *((("In-Reply-To", f"<{letter.answers}@story.example>"),) if letter.answers else ()),
        *letter.fields,
        ("MIME-Version", "1.0"),
    ]
    text = letter.text.encode()
    plain = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + text + b"\r\n"
    start = "".join(f"{name}: {value}\r\n" for name, value in head).encode()
    if letter.file is not None:
        return start + _mixed(plain, _file(*letter.file))
    if enclosed:
        return start + _mixed(plain, b"Content-Type: message/rfc822\r\n\r\n" + enclosed)
    return start + plain


def _mixed(*parts: bytes) -> bytes:
    boundary = b"=_story_of_replygate_="
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    kind = b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n\r\n'
    return kind + body + b"--" + boundary + b"--\r\n"


def _file(name: str, size: int) -> bytes:
    head = (
        "Content-Type: application/octet-stream\r\n"
        f'Content-Disposition: attachment; filename="{name}"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + base64.encodebytes(bytes(size)).replace(b"\n", b"\r\n")
