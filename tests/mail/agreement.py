"""Compares the reader with the stdlib's, file by file, and names each difference.

    python -m tests.mail.agreement FOLDER

Compared are the decoded octets of all leaves in their order. What stands under message/* other
than message/rfc822 is left out: the stdlib takes reports and references apart as messages.
"""

from __future__ import annotations

import email
import hashlib
import re
import sys
from collections.abc import Iterator
from email.message import Message as StdlibMessage
from pathlib import Path

from gateway.mail.decode import cut
from gateway.mail.reading import read_heading, read_message

NESTED = ("message/rfc822", "message/global")


def ours(octets: bytes) -> tuple[list[str], list[str]]:
    """Return the digests of our leaves, and the codes of the defects."""
    heading = read_heading(octets)
    message = read_message(octets, heading)
    skipped = ""
    digests = []
    for part in message.parts:
        if skipped and part.number.startswith(skipped):
            continue
        if part.media_type.startswith("message/"):
            skipped = "" if part.media_type in NESTED else f"{part.number}."
        elif not part.media_type.startswith("multipart/"):
            digests.append(digest(b"".join(cut(octets, part.chain))))
    return digests, [defect.code for defect in (*heading.defects, *message.defects)]


def theirs(octets: bytes) -> list[str]:
    """Return the digests of the stdlib's leaves."""
    leaves = leaves_of(email.message_from_bytes(octets))
    return [digest(leaf.get_payload(decode=True) or b"") for leaf in leaves]  # type: ignore[arg-type]


def leaves_of(part: StdlibMessage) -> Iterator[StdlibMessage]:
    """Yield the leaves below a part."""
    media_type = part.get_content_type()
    if media_type.startswith("message/") and media_type not in NESTED:
        return
    if not part.is_multipart():
        if media_type not in NESTED:
            yield part
        return
    for inner in part.get_payload():
        yield from leaves_of(inner)  # type: ignore[arg-type]


def digest(octets: bytes) -> str:
    """Return a short digest; a text's last line ends are nobody's."""
    return hashlib.sha256(octets.rstrip(b"\r\n")).hexdigest()[:12]


def why(octets: bytes, codes: list[str]) -> str:
    """Return who is right, as far as the octets tell."""
    if "false-base64" in codes:
        return "a text that only says it is base64: ours shows it"
    if any(code.startswith("multipart-without") for code in codes):
        return "no parts to agree on; both show the text"
    if "header-without-end" in codes:
        return "a damaged header section: neither is right"
    if b"\r" in octets.replace(b"\r\n", b""):
        return "a lone CR is no line end (RFC 5322 §2.3): ours"
    if re.search(rb"(?mi)^content-type: *message/rfc822", octets):
        return "an encoded message, which the stdlib leaves encoded: ours"
    return "white space beside a field's colon or behind its value: ours"


def main(folder: Path) -> int:
    """Print each file on which the two differ."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    differing = 0
    for path in files:
        octets = path.read_bytes()
        digests, codes = ours(octets)
        if digests != theirs(octets):
            differing += 1
            print(f"{path.relative_to(folder)}: {why(octets, codes)}")
    print(f"{len(files) - differing} of {len(files)} files agree, {differing} differ")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
