"""Unwraps forwarded messages, inline and attached.

Inline: a client's separator, then its header block; or the block alone under a subject that
says it is a forward; or an attribution under such a subject (Outlook for Mac). Attached: a
message/rfc822 part. The first line `From: name@example.com` is the user's correction.

What is nested in an inline forward stays in its body and is told behind it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gateway.mail import limits, phrases
from gateway.mail.addresses import parse_addresses
from gateway.mail.anatomy import dissect
from gateway.mail.blocks import (
    Block,
    Seams,
    find_seams,
    read_block,
    read_labels,
    unglue,
)
from gateway.mail.decode import cut_whole
from gateway.mail.heading import read_heading
from gateway.mail.mime import Tree
from gateway.mail.quotes import new_text_stop
from gateway.mail.subject import base_subject
from gateway.mail.text import read_words
from gateway.mail.words import decode_unstructured
from gateway.model.envelope import Octets
from gateway.model.message import Address, Forward, Heading, Part

_FORWARD_SUBJECT: Final = re.compile(
    r"\s*(?:\[[^\]]{0,40}\]\s*)?(?:fwd?|wg|tr|rv|enc|i|doorst|pd|podaj dalej|vb|vs|vl|"
    r"vidarebefordrat|ilt|ynt|fs|továbbítás|tovább|пересл|pros|"
    r"转发|轉寄|轉發|転送|전달|πρθ|προώθ)\s*[:：]|\s*\[fwd?:|.*\(fwd\)\s*\Z",
    re.IGNORECASE,
)
_REPLY_SUBJECT: Final = re.compile(
    r"\s*(?:re|aw|sv|antw|odp|res|回复|答复|返信|답장)\s*(?:\[\d+\])?\s*[:：]", re.IGNORECASE
)
_CORRECTION: Final = re.compile(
    r"\s*(?:from|von|de|da|van|från|fra|od|от|差出人|发件人|"
    r"보낸 사람)\s*[:：]\s*([^\n]*@[^\n]*)(?:\n|\Z)",
    re.IGNORECASE,
)
_MAILTO: Final = re.compile(r"<mailto:[^<>]*>|\[mailto:([^\[\]]*)\]", re.IGNORECASE)
_BEHALF: Final = re.compile(
    r"\s*(?:on\s+behalf\s+of|im\s+auftrag\s+von|de\s+la\s+part\s+de)\b.*\Z",
    re.IGNORECASE | re.DOTALL,
)
_QUOTED_ADDRESS: Final = re.compile(r"'([^\s'<>@]+@[^\s'<>@]+)'")
# QQ: `"name";<address>;`
_NAME_CLOSED: Final = re.compile(r"(\"[^\"\n]*\")\s*;\s*(?=<)")
_ADDRESS_IN_BRACKETS: Final = re.compile(r"[(\[]([^\s()<>\[\]@]+@[^\s()<>\[\]@]+)[)\]]")
# KMail closes a forward with it.
_LONG_RULE: Final = re.compile(r"\n-{40,80}\s*+\Z")
_PIECE: Final = re.compile(r"(?:\"[^\"]*\"|[^\";])+|\"")
# Exchange shows people as `Last, First (Place)`, and sets nothing in quotes.
_COMMA_NAME: Final = re.compile(r"\s*([^<>@\"]*,[^<>@\"]*?)\s*<([^<>\s]+@[^<>\s]+)>\s*\Z")
_QUOTES: Final = re.compile(r"(?m)^[ \t]*[>＞] ?")
_RULE: Final = " \t\n\u00a0_-"
# What closes a header block: a rule, or the separator once more.
_RULE_BELOW: Final = re.compile(
    rf"\s*+(?:[-=_*]{{2,}}+|[-=8<]{{2,}}+[ \t]*+(?:{phrases.FORWARDED}|{phrases.ORIGINAL})"
    rf"[ \t]*+[-=>8]{{2,}}+)[ \t]*+(?:\n|\Z)",
    re.IGNORECASE,
)
_FORWARD_END: Final = re.compile(
    rf"(?m)^[ \t>]*+[-=8<]{{3,}}+[ \t]*+(?:{phrases.FORWARD_END})[ \t]*+[-=>8]*+[ \t]*+$",
    re.IGNORECASE,
)
_ATTACHED: Final = 50
_NESTED_TYPES: Final = ("message/rfc822", "message/global")
_NAME_QUOTES: Final = " *\"'«»„“”‚‘’\u00a0\u202f"
_QUOTED_NAME: Final = re.compile(r"[\"«„“”]\s*([^\"«»„“”]{1,100}?)\s*[\"»“”]\Z")
_NAME_TAIL: Final = re.compile(r"(?:[\d,、][\s.]*|\bUhr\s)([^\d,、]*)\Z")
_ADDRESS: Final = re.compile(
    r"[<(\[]?([^\s<>()\[\],;:\"@]{1,64}@[^\s<>()\[\],;:\"@]{1,255})[>)\]]?"
)


def find_forwards(
    octets: Octets, heading: Heading, parts: Sequence[Part], text: str, seams: Seams
) -> tuple[Forward, ...]:
    """Return the messages inside, inline first, what is inside one behind it."""
    inline: list[Forward] = []
    found = find_inline(heading.subject, text, seams)
    while found is not None and len(inline) < limits.NESTED_MESSAGES:
        inline.append(found)
        found = _find_nested(found)
    return (*inline, *_attached(octets, parts))


def _find_nested(outer: Forward) -> Forward | None:
    """Return the message that an inline forward forwards itself, or None.

    It begins where the forward's own words end: what its quotations hold was never forwarded.
    """
    text = outer.body
    seams = find_seams(text)
    marks = tuple([mark for mark in seams.separators if mark.kind == "forward"])
    says_forward = _FORWARD_SUBJECT.match(outer.subject) is not None
    blocks = seams.blocks if says_forward else ()
    start = min([*(mark.start for mark in marks), *(block.start for block in blocks)], default=-1)
    stop = new_text_stop(text, seams)
    if start < 0 or text[stop:start].strip(_RULE):
        return None
    found = _block_of(
        text, Seams(marks, (), blocks), says_forward=says_forward, is_reply=not says_forward
    )
    return _from_block(outer.subject, *found) if found else None


def find_inline(subject: str, text: str, seams: Seams) -> Forward | None:
    """Return the message that a text forwards, or None."""
    says_forward = _FORWARD_SUBJECT.match(subject) is not None
    if not (says_forward or seams.separators or seams.blocks):
        return None
    correction = _CORRECTION.match(text)
    is_reply = _REPLY_SUBJECT.match(subject) is not None
    block = _block_of(text, seams, says_forward=says_forward, is_reply=is_reply)
    if block is not None:
        forward = _from_block(subject, *block)
    elif says_forward and seams.attributions:
        forward = _from_attribution(subject, text, seams)
    elif correction and says_forward:
        body = text[correction.end() :].strip()
        forward = Forward("inline", None, subject=base_subject(subject), body=body)
    else:
        return None
    if correction and (corrected := _mailboxes(correction.group(1))):
        at_top = block is not None and block[1].start <= correction.start(1)
        if not at_top:
            forward = replace(forward, author=corrected[0])
    return forward


def _block_of(
    text: str, seams: Seams, *, says_forward: bool, is_reply: bool
) -> tuple[str, Block] | None:
    """Return the text and the header block in it that begins the forwarded message."""
    for mark in seams.separators:
        stop = text.find("\n", mark.stop)
        line = text[mark.stop : stop if stop >= 0 else len(text)]
        if line.strip():
            # Yahoo runs its header block together on the separator's line.
            rest = unglue(line.strip()) + (text[stop:] if stop >= 0 else "")
            if block := read_block(rest, 0):
                return rest, block
        start = _next_line(text, mark.stop)
        if block := read_block(text, start):
            return text, block
    if is_reply and not says_forward:
        return None
    if not seams.blocks:
        return None
    block = seams.blocks[0]
    is_all = not text[: block.start].strip(" \t\n\u00a0\ufeff_-")
    is_letter = "date" in block.values or "@" in block.values["author"]
    return (text, block) if says_forward or (is_all and is_letter) else None


def _next_line(text: str, at: int) -> int:
    """Return where the next line begins that has something on it."""
    while at < len(text):
        stop = text.find("\n", at)
        stop = len(text) if stop < 0 else stop
        if text[at:stop].strip(" \t>＞\u00a0\ufeff"):
            return at
        at = stop + 1
    return len(text)


def _from_block(subject: str, text: str, block: Block) -> Forward:
    """Return the forward that a header block tells."""
    values = block.values
    authors = _mailboxes(_BEHALF.sub("", values["author"]))
    return Forward(
        kind="inline",
        author=authors[0] if authors else _nameless(values["author"]),
        to=_mailboxes(values.get("to", "")),
        cc=_mailboxes(values.get("cc", "")),
        subject=values.get("subject") or base_subject(subject),
        date=values.get("date", ""),
        body=_body_below(text, block.stop),
    )


def _from_attribution(subject: str, text: str, seams: Seams) -> Forward:
    """Return the forward that an attribution line tells, and labels above it as Yandex prints."""
    mark = seams.attributions[0]
    above = [one.stop for one in seams.separators if one.stop <= mark.start]
    labels = read_labels(text[: mark.start], _next_line(text, above[-1])) if above else None
    values = labels.values if labels else {}
    line = " ".join(text[mark.start : mark.stop].split())
    found = _ADDRESS.search(line)
    author = None
    date = line
    if found is not None:
        before = line[: found.start()].rstrip(" ,")
        quoted = _QUOTED_NAME.search(before)
        name = quoted.group(1) if quoted else _plain_name(before)
        addresses = _mailboxes(f"<{found.group(1)}>")
        author = _named(addresses[0], name.strip()) if addresses else None
        date = before[: quoted.start() if quoted else len(before) - len(name)].strip(" ,")
    body = _body_below(text, mark.stop)
    told = values.get("subject", "").rstrip(" ;") or base_subject(subject)
    to, cc = _mailboxes(values.get("to", "")), _mailboxes(values.get("cc", ""))
    return Forward("inline", author, to, cc, told, date, body)


def _plain_name(before: str) -> str:
    """Return the name at the end of an attribution's first part: behind the date and the verb."""
    tail = _NAME_TAIL.search(before)
    words = (tail.group(1) if tail else before).split()
    # What clients print between date and name is in lower case: `heeft`, `schrieb`, `skrev`.
    while len(words) > 1 and words[0].islower():
        words = words[1:]
    return " ".join(words)


def _mailboxes(value: str) -> tuple[Address, ...]:
    """Return the mailboxes of a header block's value, as clients show addresses.

    Of somebody whose address is not told there is the name only.
    """
    plain = _MAILTO.sub(lambda found: f"<{found.group(1)}>" if found.group(1) else "", value)
    plain = _NAME_CLOSED.sub(r"\1 ", _QUOTED_ADDRESS.sub(r"\1", plain))
    pieces = _PIECE.findall(plain) if ";" in plain else [plain]
    return tuple([one for piece in pieces for one in _piece(piece.strip())])


def _piece(piece: str) -> list[Address]:
    """Return the mailboxes of a piece of a value between semicolons."""
    if "@" not in piece:
        nameless = _nameless(piece)
        return [nameless] if nameless else []
    if "<" not in piece:
        piece = _ADDRESS_IN_BRACKETS.sub(r"<\1>", piece)
    if whole := _COMMA_NAME.match(piece):
        piece = f"<{whole.group(2)}>"
    found, _ = parse_addresses(piece.encode("utf-8", "surrogatepass"))
    if whole and len(found) == 1:
        return [_named(found[0], whole.group(1).strip(_NAME_QUOTES))]
    return [_named(one, one.name.strip(_NAME_QUOTES)) for one in found if one.key or one.addr_spec]


def _nameless(name: str) -> Address | None:
    """Return an author of whom only a name is told, as Outlook does of colleagues; no identity."""
    name = name.strip(_NAME_QUOTES)
    return Address("", name) if name and "@" not in name else None


def _named(address: Address, name: str) -> Address:
    """Return the mailbox under another display name."""
    return Address(address.addr_spec, name, address.key)


def _body_below(text: str, at: int) -> str:
    """Return the body that begins at an offset, up to its client's mark of its end."""
    rule = _RULE_BELOW.match(text, at)
    if rule and not read_block(text, _next_line(text, rule.end())):
        at = rule.end()
    ends = [found.start() for found in _FORWARD_END.finditer(text, at)]
    return _unquote(_LONG_RULE.sub("", text[at : ends[-1] if ends else len(text)]))


def _unquote(body: str) -> str:
    """Return a body without the quote marks that the forwarder's client put before its lines."""
    text = body.strip("\n")
    first = text.lstrip()
    if first[:1] in (">", "＞"):
        text = _QUOTES.sub("", text)
    return text.strip()


def _attached(octets: Octets, parts: Sequence[Part]) -> list[Forward]:
    """Return the messages attached, those inside them after them."""
    nested = [part for part in parts if part.media_type in _NESTED_TYPES]
    return [_read_attached(octets, part) for part in nested[:_ATTACHED]]


def _read_attached(octets: Octets, part: Part) -> Forward:
    """Return an attached message, read."""
    inner = cut_whole(octets, part.chain, limits.NESTED_OCTETS)
    heading = read_heading(inner)
    tree = Tree(inner)
    tree.read(heading)
    words = read_words(inner, dissect(tree.parts))
    written = decode_unstructured(heading.values.get("from", b""))
    return Forward(
        kind="redirected" if heading.resent_from else "attached",
        author=heading.author or _nameless(written),
        to=heading.to,
        cc=heading.cc,
        subject=heading.subject,
        date=heading.date.isoformat() if heading.date else "",
        body=words.text,
        message_id=heading.message_id,
        chain=part.chain,
    )
