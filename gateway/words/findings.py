"""What `doctor` finds, in a language: it reaches us filled in already.

A test holds this list against what the checks say.
"""

from __future__ import annotations

from typing import Final

from gateway.words.catalogue import Tongue
from gateway.words.phrases import filled_in

FINDINGS: Final = (
    "configuration",
    "state folder",
    "room",
    "rights",
    "store",
    "store health",
    "clock",
    "clock, jumped",
    "spool",
    "spool, unreadable",
    "next hop {0} takes",
    "next hop {0}",
    "postfix {0} lines",
    "postfix {0} 8 bits",
    "postfix {0} client",
    "postfix {0} patience",
    "postfix {0} fail-open",
    "{0} can be written",
    "{0} MB free",
    "nobody else may read the mail",
    "everybody may read {0} ({1})",
    "{0}: {1} users, {2} mailboxes",
    "nothing waits undecided",
    "{0} messages wait undecided, the oldest for {1} s",
    "{0} messages were damaged there and lie in {1}",
    "the newest message is of a time that comes in {0}",
    "the clock jumped ahead by {0}, and nothing is freed",
    "no 8-bit mail",
    "all but {0}",
    "all that is offered",
    "it answers, but not as a mail server ready for mail: {0}",
    "before the queue: while the gateway is down, clients are asked to try again",
    "smtp_fallback_relay is not set",
    "smtp_data_done_timeout is {0} s, the next hop has {1} s",
    "{0} takes mail",
    "Make the folder, owned by the service's user, mode 0700.",
    "Make room: a full disk sends mail by unlogged.",
    "Stop the gateway and restore a backup.",
    "See the sentence itself.",
    "The clock went back: let NTP keep it.",
    "Set it; if it is right, wait for a day, or run replygate purge.",
    "Look in the log for why: they stay until the store takes them.",
    (
        "The log says how. Take an .eml file that is whole in by replygate import, or put both"
        " files back to have it tried again; then remove them."
    ),
    "It may damage a WAL database: {0}",
    "Its inner parts differ: {0}",
    "Start it, or name another in [next_hop] address.",
    "See its own log.",
    "Mail in 8 bits would be refused or changed: let it offer 8BITMIME.",
    "Longer lines are folded, which breaks signatures: {0}",
    "8-bit mail may be rewritten, which breaks signatures: {0}",
    "The gateway takes Postfix for every client: {0}",
    "A timeout of Postfix first delivers twice: {0}",
    "Mail would pass unrecorded: take the relay away.",
    "While the gateway is down mail waits: {0}",
    "Let something take mail at {0}, or mail waits while the gateway is down.",
    "See the log of what is at {0}.",
    "While the gateway is down mail is deferred: write {0}",
)
"""Names of checks, what they find, and what to do; names and values of settings stay."""


def finding_in(tongue: Tongue, said: str) -> str:
    """Return what a check says in this language; as it is where it is no sentence of ours."""
    return filled_in(tongue, said, FINDINGS)
