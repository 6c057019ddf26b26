"""A message as an MTA shows it: gathered piece by piece, then whole.

Standards: RFC 5321 §4.1.2 (paths), RFC 5322 §2.2 (header fields).

Limits: Postfix hides the Received field that it adds itself, and a NUL in a header field ends
the field. Where the MTA cannot send the white space after the colon, one space is put back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.intake.milter.codec import Mail, ProtocolError, Rcpt
from gateway.intake.milter.gathering import Gathering
from gateway.model.envelope import Client, Content, Direction, Envelope, Recipient

ENVELOPE_LIMIT = 8_388_608
"""Octets of MAIL and all RCPT of one message; more is no mail."""
RCPT_COST = 100
"""What a recipient counts beside its octets: an empty one takes room too."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that the MTA has shown to its end."""

    route: str
    direction: Direction
    client: Client
    mail: Mail
    recipients: tuple[Rcpt, ...]
    queue_id: str
    by_crm: bool
    content: Gathering | None
    """None when there is too much of it, or no room for it."""
    trouble: str = ""
    """Why there is no content."""
    may_delete: bool = False
    """The MTA takes recipients out where we ask for it."""

    def envelope(self, content: Content, received_at: datetime) -> Envelope:
        """Return the letter as the flow knows it."""
        return Envelope(
            route=self.route,
            direction=self.direction,
            mail_from=addr_spec_of(self.mail.path),
            recipients=tuple(
                Recipient(addr_spec_of(rcpt.path), _texts(rcpt.options)) for rcpt in self.recipients
            ),
            content=content,
            received_at=received_at,
            client=self.client,
            mail_options=_texts(self.mail.options),
            queue_id=self.queue_id,
            by_crm=self.by_crm,
        )


class Draft:
    """A message that the MTA is showing."""

    def __init__(self, mail: Mail, folder: Path, limit_octets: int) -> None:
        self.mail = mail
        self.recipients: list[Rcpt] = []
        self.trouble = ""
        self._limit = limit_octets
        self._content: Gathering | None = Gathering(folder)
        self._size = 0
        self._envelope_size = 0
        self._header_ended = False
        self._count_envelope(mail)

    def add_recipient(self, rcpt: Rcpt) -> None:
        """Take one more recipient. Raises ProtocolError when there is no end to them."""
        self._count_envelope(rcpt)
        self.recipients.append(rcpt)

    def add_field(self, name: bytes, value: bytes, *, space_is_sent: bool) -> None:
        """Add a header field as it stands in the message: folds as CRLF, the space put back."""
        if b"\n" in value:
            value = value.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        # "It eats the first space (not tab) after the header label" (milter8.c).
        whole = space_is_sent or value.startswith(b"\t")
        self._add(b"".join((name, b":" if whole else b": ", value, b"\r\n")))

    def end_header(self) -> None:
        """Add the empty line after the header section, once."""
        if not self._header_ended:
            self._header_ended = True
            self._add(b"\r\n")

    def add_body(self, octets: bytes) -> None:
        """Add a piece of the body."""
        self.end_header()
        if octets:
            self._add(octets)

    def hand_over(self) -> Gathering | None:
        """Return what has gathered; it is the caller's now."""
        content, self._content = self._content, None
        return content

    def close(self) -> None:
        """Let go of what has gathered; safe at any moment."""
        if (content := self.hand_over()) is not None:
            content.close()

    def _count_envelope(self, event: Mail | Rcpt) -> None:
        self._envelope_size += len(event.path) + sum(map(len, event.options)) + RCPT_COST
        if self._envelope_size > ENVELOPE_LIMIT:
            raise ProtocolError("an envelope without end")

    def _add(self, octets: bytes) -> None:
        """Keep octets; where that cannot be, go on without: the MTA delivers it anyway."""
        if self._content is None:
            return
        self._size += len(octets)
        if self._limit and self._size > self._limit:
            self.trouble = f"larger than the size limit of {self._limit} octets"
            self.close()
            return
        try:
            self._content.add(octets)
        except OSError as error:
            self.trouble = f"no room for it: {error}"
            self.close()


def addr_spec_of(path: bytes) -> str:
    """Return the address of a path without brackets and source route (RFC 5321 §4.1.2)."""
    text = path.decode("utf-8", "backslashreplace").strip()
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1]
    if text.startswith("@"):
        text = text.partition(":")[2]
    return text


def _texts(options: tuple[bytes, ...]) -> tuple[str, ...]:
    return tuple(option.decode("utf-8", "backslashreplace") for option in options)
