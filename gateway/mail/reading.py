"""Reads octets into a Heading and a Message: the one door of this package.

Total: any octets give both, with defects where the mail is odd.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.mail import limits
from gateway.mail.anatomy import dissect, encryption_of
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
from gateway.mail.text import read_words
from gateway.model.envelope import Octets
from gateway.model.message import Defect, Heading, Kind, Message

__all__ = ["read_heading", "read_message"]


def read_message(octets: Octets, heading: Heading, signatures: Sequence[Signature] = ()) -> Message:
    """Return the whole message, read; `heading` is what read_heading gave for the octets."""
    tree = Tree(octets)
    tree.read(heading)
    defects = tree.defects
    anatomy = dissect(tree.parts)
    words = read_words(octets, anatomy)
    if words.was_cut:
        defects.append(Defect("text-cut"))
    files = list_attachments(octets, anatomy.files, words.decoded, anatomy.words, defects)
    digest = content_digest(octets, heading, anatomy.leaves, words.decoded, files)
    seams = find_seams(words.text)
    stop = new_text_stop(words.text, seams, words.quote_at)
    new_text = words.text[:stop]
    traces, files = find_traces(
        octets,
        heading,
        parts=tree.parts,
        attachments=files,
        new_text=new_text,
        signatures=signatures,
    )
    finding = find_kind(octets, heading, tree.parts, anatomy.leaves, words.text)
    is_answer = finding.kind is Kind.AUTO_REPLY
    # The original that a report returns is no forward.
    is_report = finding.report is not None
    return Message(
        heading=heading,
        digest=digest,
        message_id=heading.message_id or synthetic_id(digest),
        parts=tuple(tree.parts),
        text=words.text,
        text_size=words.size,
        new_text_stop=stop,
        charset=words.charset,
        attachments=files,
        kind=finding.kind,
        kind_evidence=finding.evidence,
        report=finding.report,
        auto_reply=read_auto_reply(heading, new_text) if is_answer else None,
        calendar_method=calendar_method(anatomy.leaves),
        encrypted=encryption_of(tree.parts, words.text),
        forwards=(
            () if is_report else find_forwards(octets, heading, tree.parts, words.text, seams)
        ),
        scanner=traces,
        defects=tuple(defects[: limits.DEFECTS]),
        unparseable="" if heading.author and heading.author.key else "no usable author",
    )
