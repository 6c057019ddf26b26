"""Compares the reader with the stdlib's, file by file, and names each difference.

    python -m tests.mail.agreement FOLDER

Each that differs is judged in agreement.toml: who is right, and why. Compared are the decoded
octets of all leaves in their order. What stands under message/* other than message/rfc822 is left
out: the stdlib takes reports and references apart as messages.
"""

from __future__ import annotations

import email
import hashlib
import sys
import tomllib
from collections.abc import Iterator
from email.message import Message as StdlibMessage
from pathlib import Path

from gateway.mail.decode import cut
from gateway.mail.reading import read_heading, read_message

NOTES = Path(__file__).with_name("agreement.toml")
NESTED = ("message/rfc822", "message/global")


def ours(octets: bytes) -> list[str]:
    """Return the digests of our leaves."""
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
    return digests


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


def known() -> dict[str, str]:
    """Return the reason of each message that is known to be read otherwise, by its digest."""
    noted = tomllib.loads(NOTES.read_text("utf-8"))
    return {ident: reason for reason, idents in noted["files"].items() for ident in idents}


def main(folder: Path) -> int:
    """Print each file on which the two differ; fail on one that nobody has judged."""
    noted = tomllib.loads(NOTES.read_text("utf-8"))
    reasons = known()
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    differing = unjudged = 0
    for path in files:
        octets = path.read_bytes()
        ident = hashlib.sha256(octets).hexdigest()[:16]
        agrees = ours(octets) == theirs(octets)
        reason = reasons.pop(ident, "")
        if agrees and not reason:
            continue
        unjudged += agrees or not reason
        differing += not agrees
        said = f"{noted[reason]['right']}, {reason}" if reason else "NOT JUDGED"
        print(f"{path.relative_to(folder)}: {'agreed by now' if agrees else said}")
    print(f"{len(files) - differing} of {len(files)} files agree, {differing} differ")
    return 1 if unjudged else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
