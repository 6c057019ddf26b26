"""Reads octets into a Heading and a Message: the one door of this package.

Total: any octets give both, with defects where the mail is odd.
"""

from __future__ import annotations

from gateway.mail import limits
from gateway.mail.anatomy import dissect
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
from gateway.mail.text import read_words
from gateway.model.envelope import Octets
from gateway.model.message import Defect, Heading, Kind, Message

__all__ = ["read_heading", "read_message"]


def read_message(octets: Octets, heading: Heading, signatures: tuple[object, ...] = ()) -> Message:
    """Return the whole message, read; `heading` is what read_heading gave for the octets."""
    tree = Tree(octets)
    tree.read(heading)
    defects = tree.defects
    anatomy = dissect(tree.parts)
    words = read_words(octets, anatomy)
    if words.was_cut:
        defects.append(Defect("text-cut"))
    attachments = list_attachments(octets, anatomy.files, words.decoded, anatomy.words, defects)
    digest = content_digest(octets, heading, anatomy.leaves, words.decoded, attachments)
    seams = find_seams(words.text)
    finding = find_kind(octets, heading, tree.parts, anatomy.leaves, words.text)
    return Message(
        heading=heading,
        digest=digest,
        message_id=heading.message_id or synthetic_id(digest),
        parts=tuple(tree.parts),
        text=words.text,
        text_size=words.size,
        new_text_stop=new_text_stop(words.text, seams, words.quote_at),
        charset=words.charset,
        attachments=attachments,
        kind=finding.kind,
        kind_evidence=finding.evidence,
        report=finding.report,
        auto_reply=(
            read_auto_reply(heading, words.text) if finding.kind is Kind.AUTO_REPLY else None
        ),
        calendar_method=calendar_method(anatomy.leaves),
        # The original that a report returns is no forward.
        forwards=(
            find_forwards(octets, heading, tree.parts, words.text, seams)
            if finding.report is None
            else ()
        ),
        defects=tuple(defects[: limits.DEFECTS]),
        unparseable="" if heading.author else "no usable author",
    )
