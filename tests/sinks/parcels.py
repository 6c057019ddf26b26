"""Parcels for tests of sinks, made of real letters."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from gateway.mail.reading import read_heading, read_message
from gateway.model.decision import Outcome, Reason
from gateway.model.entry import AttachmentNote, Entry
from gateway.model.envelope import Direction, Relayed, RelayState
from gateway.model.handover import Kind, Parcel, Push

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ENTRY = "0019a1b2c3d4e5f6"
ANN, BOB = "ann@client.example", "bob@acme.example"
FILE = b"%PDF-1.7 offer"

LETTER = (
    b"From: Ann Archer <ann@client.example>\r\n"
    b"To: Bob <bob@acme.example>, Eve <eve@acme.example>\r\n"
    b"Cc: Dan <dan@client.example>\r\n"
    b"Subject: Re: offer\r\n"
    b"Date: Mon, 23 Nov 2026 11:59:00 +0000\r\n"
    b"Message-ID: <1@client.example>\r\n"
    b'Content-Type: multipart/mixed; boundary="=_b"\r\n\r\n'
    b"--=_b\r\nContent-Type: text/plain\r\n\r\nLooks good.\r\n"
    b'--=_b\r\nContent-Type: application/pdf; name="offer.pdf"\r\n'
    b'Content-Disposition: attachment; filename="offer.pdf"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(FILE) + b"\r\n--=_b--\r\n"
)


def push(kind: Kind = Kind.LOGGED, **told: Any) -> Push:
    """Return a push of the first event, unless told otherwise."""
    plain: dict[str, Any] = {
        "number": 1,
        "sink": "crm",
        "key": "evt_1",
        "entry_id": ENTRY,
        "thread": "77",
        "made_at": NOON,
    }
    return Push(kind=kind, **{**plain, **told})


def entry(**told: Any) -> Entry:
    """Return the entry of the letter."""
    message = read_message(LETTER, read_heading(LETTER))
    plain = Entry(
        entry_id=ENTRY,
        message_id="1@client.example",
        received_at=NOON,
        direction=Direction.INCOMING,
        route="inbound",
        author=ANN,
        author_name="Ann Archer",
        subject="Re: offer",
        outcome=Outcome.LOGGED,
        reason=Reason.TRACKED_REPLY,
        remedy="",
        relayed=Relayed(RelayState.RELAYED),
        sha256_in=b"",
        contacts=(ANN,),
        mailboxes=(BOB,),
        user=BOB,
        attachments=tuple(AttachmentNote(one) for one in message.attachments),
        text="Looks good.",
    )
    return replace(plain, **told)


def logged(about: Entry | None = None, *, kept: bool = True, **told: Any) -> Parcel:
    """Return what is told of the letter."""
    message = read_message(LETTER, read_heading(LETTER)) if kept else None
    return Parcel(
        push=push(**told),
        entry=about or entry(),
        message=message,
        octets=LETTER if kept else b"",
        names={ANN: "Ann Archer"},
    )


def gone(kind: Kind = Kind.REMOVED, theirs: str = "") -> Parcel:
    """Return the word that the entry is gone."""
    return Parcel(push(kind, key="evt_2", number=2, known=True, theirs=theirs))
