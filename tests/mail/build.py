"""Builds messages for tests: line ends are CRLF, as on the wire."""

from __future__ import annotations

from gateway.mail.reading import read_heading, read_message
from gateway.model.message import Message


def wire(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode("utf-8", "surrogateescape")


def read(octets: bytes) -> Message:
    return read_message(octets, read_heading(octets))


def letter(body: str, subject: str = "Hello", **fields: str) -> bytes:
    """Return a plain letter; underscores in field names stand for dashes."""
    known = {
        "From": "Ann <ann@out.example>",
        "To": "Bob <bob@corp.example>",
        "Date": "Mon, 23 Nov 2026 09:01:00 +0100",
        "Message-ID": "<1@out.example>",
        "Subject": subject,
    }
    known |= {name.replace("_", "-"): value for name, value in fields.items()}
    known.setdefault("Content-Type", "text/plain; charset=utf-8")
    head = "".join(f"{name}: {value}\n" for name, value in known.items())
    return wire(f"{head}\n{body}")


def multipart(subtype: str, *parts: str, **fields: str) -> bytes:
    """Return a message of these parts, each with its own header section."""
    inner = "".join(f"--b\n{part}\n" for part in parts)
    return letter(f"{inner}--b--\n", Content_Type=f'multipart/{subtype}; boundary="b"', **fields)
