"""Whom a door turns away for a while: strangers, and who only says that he is a user (D-24).

MAIL FROM proves nothing. Whose session proves him (a login, a submission door, a trusted network, a
route that a person approved, his secret address) is never turned away. Who says that he is a
user counts against his client alone, and more generously; what turns out to be his, by a
signature for one, is given back. So his address cannot be used up by others, and what is held
for want of a proof stays within bounds.

Limits: counted when a recipient is named; what is never sent stays counted for the hour. What an
MTA shows to a milter has come in by its own door, and nobody is turned away there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final

from gateway.intake.floods import Floods
from gateway.intake.listeners import Network, is_within
from gateway.interfaces import Delivery, Handled
from gateway.mail.addresses import key_of
from gateway.model.decision import Outcome, Reason
from gateway.model.directory import Directory
from gateway.model.envelope import Client, Envelope

Receive = Callable[[Envelope, Delivery], Awaitable[Handled]]
GIVEN_BACK: Final = frozenset({Outcome.LOGGED, Outcome.PARTIAL, Reason.SEEN_AGAIN})
"""Words of a decision that nobody gets who only says that he is a user."""
_HERE: Final = "this machine"


@dataclass(frozen=True, slots=True)
class Door:
    """What the doorkeeper knows of his door."""

    directory: Callable[[], Directory]
    clock: Callable[[], float]
    strangers_per_hour: int
    unproven_per_hour: int
    """Copies of one client in the name of users."""
    submission: bool = False
    """Its clients have proved themselves to us, or to the MTA in front."""
    copies_only: bool = False
    proving: tuple[Network, ...] = ()
    """Networks that authenticate whoever sends by them."""


class Doorkeeper:
    """Counts what is brought to our own addresses, hour by hour."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._strangers = Floods(door.strangers_per_hour, door.clock)
        self._unproven = Floods(door.unproven_per_hour, door.clock)

    def turns_away(self, client: Client, mail_from: str, key: str) -> bool:
        """Count one copy to this address of ours, and return whether it is one too many."""
        sender = key_of(mail_from) if mail_from else ""
        if self._is_free(client, sender, key):
            return False
        floods, place, name = self._counted(client, sender)
        return not floods.admits(place, name)

    def watching(self, receive: Receive) -> Receive:
        """Return the same way in, which gives back what was a user's own after all."""

        async def received(envelope: Envelope, delivery: Delivery) -> Handled:
            """Take it in, and give back what was counted of a user's own."""
            handled = await receive(envelope, delivery)
            if self._strangers.none_came and self._unproven.none_came:
                return handled
            ours = self._door.directory().logging_by_key
            keys = [key_of(one.addr_spec) for one in envelope.recipients]
            copied = [key for key in keys if key in ours]
            if copied and not GIVEN_BACK.isdisjoint(handled.words.split()[:2]):
                self._give_back(envelope, copied)
            return handled

        return received

    def _give_back(self, envelope: Envelope, copied: list[str]) -> None:
        client, sender = envelope.client, key_of(envelope.mail_from) if envelope.mail_from else ""
        for key in copied:
            if not self._is_free(client, sender, key):
                floods, place, name = self._counted(client, sender)
                floods.give_back(place, name)

    def _counted(self, client: Client, sender: str) -> tuple[Floods, str, str]:
        """Return where a copy counts, and the names of client and sender; empty has no limit."""
        if self._door.directory().user_of(sender):
            return self._unproven, _place(client) or _HERE, ""
        # A trusted client that does not tell who is behind it is an MTA, and brings all mail.
        is_mta = client.trusted and not client.forwarded
        return self._strangers, "" if is_mta else _place(client), sender

    def _is_free(self, client: Client, sender: str, key: str) -> bool:
        """Whether what comes to this address is taken whatever was brought before."""
        door, directory = self._door, self._door.directory()
        address = directory.logging_by_key.get(key)
        # Exchange switches a journal rule off whose reports are refused.
        if address is not None and address.use == "journal":
            return True
        submitted = door.submission and (client.trusted or not door.copies_only)
        if client.login or submitted or _is_of(client, door.proving):
            return True
        user = directory.user_of(sender)
        if user is None:
            return False
        secret = address is not None and address.user == user.key
        return secret or any(
            approved == user.key and _is_of(client, (ip_network(network),))
            for network, approved in directory.approved_routes
        )


def _is_of(client: Client, networks: tuple[Network, ...]) -> bool:
    """Whether a client is of these networks; what a trusted one tells may be no address."""
    try:
        return bool(client.address) and is_within(client.address, networks)
    except ValueError:
        return False


def _place(client: Client) -> str:
    """Return what stands for a client: whoever has one IPv6 address has its whole network."""
    try:
        address = ip_address(client.address.partition("%")[0])
    except ValueError:
        return client.address
    if isinstance(address, IPv4Address):
        return client.address
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
