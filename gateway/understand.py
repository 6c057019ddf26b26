"""Octets to Case: how a message is read, and what a copy holds inside.

Pure: the clock, the directory and the facts come in as arguments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Protocol, runtime_checkable

from msgspec import structs

from gateway.mail.addresses import key_of, parse_addresses
from gateway.mail.decode import cut
from gateway.mail.journal import journal_word, read_journal_report
from gateway.mail.reading import read_heading, read_message
from gateway.mail.subject import base_subject
from gateway.model.arrival import Arrival, Wrapping
from gateway.model.case import Authenticity, Case, Proof
from gateway.model.directory import Directory
from gateway.model.envelope import Envelope, Octets
from gateway.model.facts import Facts, Lookup
from gateway.model.message import Forward, Heading, Message, Span
from gateway.model.policy import Policy

Read = Callable[[Octets, Heading], Message]
"""Reads a whole message; the edges give one that also knows scanners and types of files."""


@runtime_checkable
class Stepwise(Protocol):
    """A Read whose costly half can be done apart from it."""

    def __call__(self, octets: Octets, heading: Heading) -> Message:
        """Read all of it."""
        ...

    def quickly(self, octets: Octets, heading: Heading) -> Message:
        """Read it without looking into its files."""
        ...

    def look(self, octets: Octets, message: Message) -> Message:
        """Look into its files."""
        ...


CITED_LIMIT = 33
INNER_LIMIT = 50
"""Forwarded messages that are read of one copy."""
ORIGINAL_TO_FIELD = "x-gm-original-to"
"""Google: "the original envelope recipient" of a message that a routing rule made a copy of."""


def arrive(envelope: Envelope, directory: Directory, policy: Policy, asked_at: datetime) -> Arrival:
    """Return the message at the gate: its header section read, nothing decoded."""
    heading = read_heading(envelope.content.octets)
    if policy.folder_field and envelope.client.trusted:
        told = heading.first(policy.folder_field)
        if told is not None:
            folder = told.decode("utf-8", "replace").strip()
            envelope = replace(envelope, folder=folder)
    arrival = Arrival(
        envelope=envelope,
        heading=heading,
        recipient_keys=tuple(key_of(r.addr_spec) for r in envelope.recipients),
        login_key=key_of(envelope.client.login),
        directory=directory,
        policy=policy,
        asked_at=asked_at,
    )
    if arrival.copy == "always-bcc" and (reached := _original_recipients(heading)):
        return replace(arrival, told_keys=reached)
    tied = _in_thread(heading, arrival)
    return arrival if tied is heading else replace(arrival, heading=tied)


def _in_thread(heading: Heading, outer: Arrival) -> Heading:
    """Return the heading as one that cites what the thread's own address stands for.

    Only who is of the company ties mail to a thread so.
    """
    ours = outer.directory.logging_by_key
    cited = [ours[key].cites for key in outer.recipient_keys if key in ours and ours[key].cites]
    if not cited or not (outer.by_company or outer.redirected_by):
        return heading
    others = tuple(one for one in cited if one not in {heading.message_id, *heading.references})
    return structs.replace(heading, references=(*others, *heading.references))


def lookup_of(arrival: Arrival, message: Message) -> Lookup:
    """Return what the store is asked about a message."""
    heading = arrival.heading
    report = message.report
    spoken_of = (result.recipient for result in report.results) if report else ()
    return Lookup(
        message_id=message.message_id,
        digest=message.digest,
        aliases=heading.aliases,
        cited=message.cited[:CITED_LIMIT],
        conversation=heading.conversation,
        author=arrival.author.key if arrival.author else "",
        addresses=frozenset((*arrival.parties, *spoken_of)),
        reported=report.original_ids if report else (),
        copied=arrival.is_copy,
        robot=arrival.robot if arrival.is_copy else "",
    )


def complete(
    arrival: Arrival,
    message: Message,
    facts: Facts,
    proof: Proof | None = None,
    authenticity: Authenticity | None = None,
) -> Case:
    """Return the Case of an arrival that is past the gate."""
    return Case(
        envelope=arrival.envelope,
        heading=arrival.heading,
        recipient_keys=arrival.recipient_keys,
        login_key=arrival.login_key,
        directory=arrival.directory,
        policy=arrival.policy,
        asked_at=arrival.asked_at,
        wrapping=arrival.wrapping,
        message=message,
        facts=facts,
        proof=proof,
        authenticity=authenticity or Authenticity(),
    )


def unread(arrival: Arrival) -> Message:
    """Return a message over the inspection limit: its header section is all that is read."""
    return Message(heading=arrival.heading, digest=arrival.envelope.content.sha256)


def opened(
    arrival: Arrival, message: Message, read: Read = read_message
) -> tuple[tuple[Arrival, Message], ...]:
    """Return what is to be judged: the messages inside a copy, or the message itself."""
    if arrival.copy in {"journal-report", "always-bcc"}:
        return _journalled(arrival, message, read)
    return tuple(unwrap(arrival, message, read)) or ((arrival, message),)


def unwrap(
    arrival: Arrival, message: Message, read: Read = read_message
) -> Iterator[tuple[Arrival, Message]]:
    """Yield the messages inside a forward, each at the gate of its own; none of other mail."""
    if arrival.copy != "forward":
        return
    if (redirected_by := arrival.redirected_by) is not None:
        wrapping = Wrapping("forward", redirected_by, arrival.heading)
        yield replace(arrival, recipient_keys=(), wrapping=wrapping), message
        return
    wrapping = Wrapping("forward", arrival.author, arrival.heading)
    for forward in message.forwards[:INNER_LIMIT]:
        if forward.chain:
            inner = _cut_out(arrival, forward.chain, read)
        else:
            inner = _inline(arrival.heading, forward)
        if inner.heading.authors:
            inner = structs.replace(inner, heading=_in_thread(inner.heading, arrival))
            inside = replace(arrival, heading=inner.heading, recipient_keys=(), wrapping=wrapping)
            yield inside, inner


def _journalled(
    arrival: Arrival, message: Message, read: Read
) -> tuple[tuple[Arrival, Message], ...]:
    """Return what a journal address got: with the recipients that its envelope does not name."""
    heading = arrival.heading
    wrapping = Wrapping("journal", arrival.author, heading)
    report = read_journal_report(arrival.envelope.content.octets, heading, message.parts)
    if report is not None and report.chain:
        inner = _cut_out(arrival, report.chain, read)
        recipients = tuple(dict.fromkeys(one.key for one in report.recipients))
        inside = replace(
            arrival, heading=inner.heading, recipient_keys=recipients, wrapping=wrapping
        )
        return ((inside, structs.replace(inner, journal_report=report)),)
    if report is None and (told := arrival.told_keys):
        inside = replace(arrival, recipient_keys=told, told_keys=(), wrapping=wrapping)
        return ((inside, message),)
    word = journal_word(heading, report)
    return ((arrival, structs.replace(message, journal=word, journal_report=report)),)


def _original_recipients(heading: Heading) -> tuple[str, ...]:
    """Return whom Google says that a message went to of which it made a copy."""
    values = (field.value for field in heading.fields if field.name == ORIGINAL_TO_FIELD)
    named = (address.key for value in values for address in parse_addresses(value)[0])
    return tuple(dict.fromkeys(key for key in named if key))


def _cut_out(arrival: Arrival, chain: tuple[Span, ...], read: Read) -> Message:
    """Return the message at the end of a chain, its parts counted from the outer octets (D-10)."""
    octets = b"".join(cut(arrival.envelope.content.octets, chain))
    inner = read(octets, read_heading(octets))
    attachments = tuple(replace(found, chain=(*chain, *found.chain)) for found in inner.attachments)
    return structs.replace(inner, attachments=attachments)


def _inline(outer: Heading, forward: Forward) -> Message:
    """Return the message that an inline forward quotes, as far as it can be read.

    Mail programs name what they forward as what they answer, so that its id is known; where they
    do not, one is made of what is quoted.
    """
    authors = (forward.author,) if forward.author and forward.author.key else ()
    said = (authors[0].key if authors else "", forward.date, forward.subject, forward.body)
    digest = hashlib.sha256("\0".join(said).encode("utf-8", "surrogateescape")).digest()
    message_id = forward.message_id or next(iter(outer.in_reply_to), "")
    heading = Heading(
        fields=(),
        size=0,
        message_id=message_id,
        references=tuple(cited for cited in outer.references if cited != message_id),
        authors=authors,
        to=forward.to,
        cc=forward.cc,
        subject=forward.subject,
        base_subject=base_subject(forward.subject),
    )
    return Message(
        heading=heading,
        digest=digest,
        message_id=message_id or f"{digest[:16].hex()}@inline.replygate.invalid",
        text=forward.body,
        text_size=len(forward.body.encode("utf-8", "surrogateescape")),
        new_text_stop=len(forward.body),
    )
