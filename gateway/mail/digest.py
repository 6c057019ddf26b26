"""Makes the content digest: what stays equal when a message comes twice by different paths.

Covers author, date, subject, To, Cc and the decoded parts; not trace fields, not DKIM, not
`X-` fields, not line ends, never Delivered-To.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from gateway.mail.decode import cut
from gateway.mail.hashing import absorb
from gateway.model.envelope import Octets
from gateway.model.message import Attachment, Heading, Part


def content_digest(
    octets: Octets,
    heading: Heading,
    leaves: Sequence[Part],
    words: Mapping[str, bytes],
    attachments: Sequence[Attachment],
) -> bytes:
    """Return the SHA-256 over what the author wrote, however it was encoded on the way.

    `words` are the decoded texts by part number, LF their line ends.
    """
    author = heading.author
    pieces = [
        "\0".join(
            (
                author.key if author else "",
                heading.date.isoformat() if heading.date else "",
                " ".join(heading.subject.split()),
                ",".join(sorted([address.key for address in heading.to])),
                ",".join(sorted([address.key for address in heading.cc])),
            )
        ).encode("utf-8", "surrogatepass")
    ]
    known = {file.part: file.sha256 for file in attachments if file.chain[-1].encoding == "base64"}
    digest = hashlib.sha256()
    for leaf in leaves:
        text = words.get(leaf.number)
        if text is not None:
            pieces.append(text.rstrip(b"\n"))
        elif leaf.number in known:
            pieces.append(known[leaf.number])
        else:
            absorb(digest, b"\0".join((*pieces, b"")))
            pieces = [b""]
            _update_lines(digest, octets, leaf)
    absorb(digest, b"\0".join(pieces))
    return digest.digest()


def _update_lines(digest: hashlib._Hash, octets: Octets, leaf: Part) -> None:
    """Add a leaf in windows, its line ends as LF and without the last ones."""
    held = b""
    for window in cut(octets, leaf.chain):
        chunk = (held + window).replace(b"\r\n", b"\n")
        kept = chunk.rstrip(b"\r\n")
        held = chunk[len(kept) :][-65536:]
        digest.update(kept)
