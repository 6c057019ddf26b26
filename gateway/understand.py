"""Octets to Case: how a message is read, and what a copy holds inside.

Pure: the clock, the directory and the facts come in as arguments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from gateway.mail.addresses import key_of
from gateway.mail.decode import cut
from gateway.mail.reading import read_heading, read_message
from gateway.model.case import Arrival, Authenticity, Case, Proof, Wrapping
from gateway.model.directory import Directory
from gateway.model.envelope import Envelope
from gateway.model.facts import Facts, Lookup
from gateway.model.message import Forward, Heading, Message
from gateway.model.policy import Policy

CITED_LIMIT = 33
INNER_LIMIT = 50
"""Forwarded messages that are read of one copy."""


def arrive(envelope: Envelope, directory: Directory, policy: Policy, asked_at: datetime) -> Arrival:
    """Return the message at the gate: its header section read, nothing decoded."""
    heading = read_heading(envelope.content.octets)
    if policy.folder_field and envelope.client.trusted:
        told = heading.first(policy.folder_field)
        if told is not None:
            folder = told.decode("utf-8", "replace").strip()
            envelope = replace(envelope, folder=folder)
    return Arrival(
        envelope=envelope,
        heading=heading,
        recipient_keys=tuple(key_of(r.addr_spec) for r in envelope.recipients),
        directory=directory,
        policy=policy,
        asked_at=asked_at,
    )


def lookup_of(arrival: Arrival, message: Message) -> Lookup:
    """Return what the store is asked about a message."""
    heading = arrival.heading
    reported = (r.recipient for r in message.report.results) if message.report else ()
    return Lookup(
        message_id=message.message_id,
        digest=message.digest,
        aliases=heading.aliases,
        cited=message.cited[:CITED_LIMIT],
        conversation=heading.conversation,
        author=arrival.author.key if arrival.author else "",
        addresses=frozenset((*arrival.parties, *reported)),
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


def unwrap(arrival: Arrival, message: Message) -> Iterator[tuple[Arrival, Message]]:
    """Yield the messages inside a forward, each at the gate of its own; none of other mail."""
    if arrival.copy != "forward":
        return
    wrapping = Wrapping("forward", arrival.author, arrival.heading)
    for forward in message.forwards[:INNER_LIMIT]:
        inner = _attached(arrival, forward) if forward.chain else _inline(forward)
        if inner.heading.authors:
            inside = replace(arrival, heading=inner.heading, recipient_keys=(), wrapping=wrapping)
            yield inside, inner


def _attached(arrival: Arrival, forward: Forward) -> Message:
    """Return the attached message, its parts counted from the outer octets (D-10)."""
    octets = b"".join(cut(arrival.envelope.content.octets, forward.chain))
    inner = read_message(octets, read_heading(octets))
    attachments = tuple(
        replace(found, chain=(*forward.chain, *found.chain)) for found in inner.attachments
    )
    return replace(inner, attachments=attachments)


def _inline(forward: Forward) -> Message:
    """Return the message that an inline forward quotes, as far as it can be read."""
    authors = (forward.author,) if forward.author else ()
    heading = Heading(
        fields=(),
        size=0,
        authors=authors,
        to=forward.to,
        cc=forward.cc,
        subject=forward.subject,
    )
    said = (authors[0].key if authors else "", forward.date, forward.subject, forward.body)
    digest = hashlib.sha256("\0".join(said).encode("utf-8", "surrogateescape")).digest()
    return Message(
        heading=heading,
        digest=digest,
        message_id=forward.message_id or f"{digest[:16].hex()}@inline.replygate.invalid",
        text=forward.body,
        text_size=len(forward.body.encode("utf-8", "surrogateescape")),
        new_text_stop=len(forward.body),
    )
