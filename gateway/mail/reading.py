"""Reads octets into a Heading and a Message: the one door of this package.

Total: any octets give both, with defects where the mail is odd.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.mail import limits
from gateway.mail.anatomy import Anatomy, dissect, encryption_of
from gateway.mail.attachments import list_attachments
from gateway.mail.autoreplies import read_auto_reply
from gateway.mail.blocks import find_seams
from gateway.mail.digest import content_digest
from gateway.mail.forwards import find_forwards
from gateway.mail.heading import read_heading
from gateway.mail.kinds import calendar_method, find_kind
from gateway.mail.mime import Tree
from gateway.mail.msgids import synthetic_id
from gateway.mail.quotes import new_text_stop
from gateway.mail.scanners import Signature, find_traces
from gateway.mail.text import Words, read_words
from gateway.model.envelope import Octets
from gateway.model.message import Attachment, Defect, Heading, Kind, Message, Part

_CUT: Final = (Defect("too-many-seams"),)

__all__ = ["read_heading", "read_message"]


def read_message(octets: Octets, heading: Heading, signatures: Sequence[Signature] = ()) -> Message:
    """Return the whole message, read; `heading` is what read_heading gave for the octets."""
    body = _read_body(octets, heading)
    parts, text = body.parts, body.words.text
    seams = find_seams(text)
    stop = new_text_stop(text, seams, body.words.quote_at)
    traces, files = find_traces(
        octets,
        heading,
        parts=parts,
        attachments=body.files,
        new_text=text[:stop],
        signatures=signatures,
    )
    finding = find_kind(octets, heading, parts, body.anatomy.leaves, text)
    is_answer = finding.kind is Kind.AUTO_REPLY
    # The original that a report returns is no forward.
    is_report = finding.report is not None
    return Message(
        heading=heading,
        digest=body.digest,
        message_id=heading.message_id or synthetic_id(body.digest),
        parts=parts,
        text=text,
        text_size=body.words.size,
        new_text_stop=stop,
        charset=body.words.charset,
        attachments=files,
        kind=finding.kind,
        kind_evidence=finding.evidence,
        report=finding.report,
        auto_reply=read_auto_reply(heading, text[:stop]) if is_answer else None,
        calendar_method=calendar_method(body.anatomy.leaves),
        encrypted=encryption_of(parts, text),
        forwards=() if is_report else find_forwards(octets, heading, parts, text, seams),
        scanner=traces,
        defects=(*body.defects, *_CUT) if seams.was_cut else body.defects,
        unparseable="" if heading.author and heading.author.key else "no usable author",
    )


class _Body(msgspec.Struct, frozen=True):
    """What follows the header section, taken apart."""

    parts: tuple[Part, ...]
    anatomy: Anatomy
    words: Words
    files: tuple[Attachment, ...]
    digest: bytes
    defects: tuple[Defect, ...]


def _read_body(octets: Octets, heading: Heading) -> _Body:
    """Return the body taken apart: its parts, words and files, and the digest over them."""
    tree = Tree(octets)
    tree.read(heading)
    defects = tree.defects
    anatomy = dissect(tree.parts)
    words = read_words(octets, anatomy)
    if words.was_cut:
        defects.append(Defect("text-cut"))
    files = list_attachments(octets, anatomy.files, words.decoded, anatomy.words, defects)
    digest = content_digest(octets, heading, anatomy.leaves, words.lines, files)
    noted = tuple(defects[: limits.DEFECTS - len(_CUT)])
    return _Body(tuple(tree.parts), anatomy, words, files, digest, noted)
