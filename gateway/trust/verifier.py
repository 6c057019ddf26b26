"""Who really sent a copy: the strongest proof that can be had.

Tried in this order: authenticated login, trusted client, a route that a person approved, DKIM,
ARC, Authentication-Results, and as the weakest the secret address. SPF proves nothing here: a
copy may have come by another host.

Limits: a signature that does not cover To and Cc (Exchange Online signs neither) proves who wrote
the message, not whom to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from gateway.interfaces import ProofUnavailableError
from gateway.model.arrival import Arrival
from gateway.model.case import Authenticity, Proof
from gateway.model.envelope import Direction
from gateway.model.message import Address
from gateway.model.trust import Trust
from gateway.trust.alignment import is_aligned
from gateway.trust.arc import check_chain, read_chain
from gateway.trust.dmarc import read_dmarc
from gateway.trust.keys import Keys
from gateway.trust.results import Results, trusted_results
from gateway.trust.sections import Signed, read_signed
from gateway.trust.signatures import Signature, State, check_signatures, list_signatures

Network = IPv4Network | IPv6Network
INLINE_OCTETS: Final = 65_536
"""Signatures of a larger message are checked in a thread (D-11)."""
SHOWN_FIELDS: Final = frozenset({"from", "subject", "date", "message-id"})
"""What a signature must cover where it is present: the words on a timeline, and its identity."""


class KeysUnavailableError(ProofUnavailableError):
    """No key server answered, and nothing else proves the sender: try again in a while."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(f"no name server answered for {', '.join(names)}; it is tried again")
        self.names = names


@dataclass(frozen=True, slots=True)
class Claim:
    """Who says to have sent it, and the field that says so."""

    address: Address
    field: str
    """`from`, or `resent-from` for what a user redirected."""


def claim_of(arrival: Arrival) -> Claim | None:
    """Return who of the company says to have sent it, or None when nobody does."""
    heading = arrival.heading
    if len(heading.authors) == 1 and arrival.directory.is_company(heading.authors[0].key):
        return Claim(heading.authors[0], "from")
    if len(heading.resent_from) == 1 and arrival.directory.is_company(heading.resent_from[0].key):
        return Claim(heading.resent_from[0], "resent-from")
    return None


class Verifier:
    """Finds the proof of a copy, and what trusted servers say of any message."""

    def __init__(self, trust: Trust, keys: Keys, *, inline_octets: int = INLINE_OCTETS) -> None:
        self._trust = trust
        self._networks = tuple(map(ip_network, trust.networks))
        self._keys = keys
        self._inline_octets = inline_octets

    async def verify(self, arrival: Arrival) -> Proof | None:
        """Return the strongest proof that a copy came from who it says, or None.

        Raises KeysUnavailableError when nothing proves it now, but a signature might.
        """
        claim = claim_of(arrival)
        if (proof := self._by_session(arrival, claim)) is not None:
            return proof
        # A journal report is not written by whom it speaks of: only who brought it counts.
        if claim is None or _is_journal(arrival):
            return None
        signed = read_signed(arrival.envelope.content.octets, arrival.heading)
        unanswered: list[str] = []
        if signed is not None:
            proof = await self._by_dkim(arrival, claim, signed, unanswered)
            if proof is None and claim.field == "from":
                proof = await self._by_arc(arrival, claim.address, signed, unanswered)
            if proof is None and claim.field == "from":
                proof = self._by_results(arrival, claim.address)
        proof = proof or _by_secret_address(arrival, claim)
        if proof is None and unanswered:
            raise KeysUnavailableError(tuple(unanswered))
        return proof

    async def authenticate(self, arrival: Arrival) -> Authenticity:
        """Return what trusted servers say of the author's domain; for any message, never raises.

        Where they say that DMARC failed, a trusted ARC chain may still vouch for the author: a
        mailing list or a forwarding service changed the message after it had passed.
        """
        said = read_dmarc(trusted_results(arrival.heading.fields, self._trust.servers))
        if said.dmarc != "fail" or arrival.author is None:
            return said
        signed = read_signed(arrival.envelope.content.octets, arrival.heading)
        if signed is None:
            return said
        unanswered: list[str] = []
        proof = await self._by_arc(arrival, arrival.author, signed, unanswered)
        sealer = proof.detail if proof else ""
        return replace(said, arc_sealer=sealer, unanswered=tuple(unanswered))

    def _by_session(self, arrival: Arrival, claim: Claim | None) -> Proof | None:
        """Return what the SMTP session proves."""
        client = arrival.envelope.client
        if client.login and not arrival.is_login_of_another(claim.address if claim else None):
            return Proof("login", client.login)
        # D-14: a submission listener stands behind an MTA that authenticates its users.
        submitted = client.trusted and arrival.envelope.direction is Direction.OUTGOING
        if submitted or _is_within(client.address, self._networks):
            return Proof("trusted-client", client.address)
        return _by_approved_route(arrival, claim)

    async def _by_dkim(
        self, arrival: Arrival, claim: Claim, signed: Signed, unanswered: list[str]
    ) -> Proof | None:
        """Return what an aligned signature proves; adds names that nobody answered for."""
        listed = list_signatures(signed)
        needed = _needed(arrival, claim)
        wanted = [s for s in listed if s.state is State.UNANSWERED and _speaks(s, claim, needed)]
        if not wanted:
            return None
        keys = await self._keys.look_up(s.key_name for s in wanted)
        if arrival.envelope.content.size <= self._inline_octets:
            checked = check_signatures(signed, listed, keys)
        else:
            checked = await asyncio.to_thread(check_signatures, signed, listed, keys)
        ours = [s for s in checked if s.key_name in keys and _speaks(s, claim, needed)]
        unanswered.extend(s.key_name for s in ours if s.state is State.UNANSWERED)
        valid = next((s for s in ours if s.state is State.VALID), None)
        return Proof("dkim", f"{valid.domain} ({valid.selector})") if valid else None

    async def _by_arc(
        self, arrival: Arrival, author: Address, signed: Signed, unanswered: list[str]
    ) -> Proof | None:
        """Return what a trusted sealer's chain proves; adds names that nobody answered for."""
        chain = read_chain(signed) if self._trust.arc_sealers else None
        if chain is None or chain.sealer not in self._trust.arc_sealers:
            return None
        if not _needed(arrival, Claim(author, "from")) <= chain.covers:
            return None
        keys = await self._keys.look_up(chain.key_names)
        silent = [name for name, found in keys.items() if not found.answered]
        results: Results | None = None
        if not silent:
            # Ten sets in a large header section take a tenth of a second.
            results = await asyncio.to_thread(check_chain, signed, keys)
        unanswered.extend(silent)
        vouched = results is not None and results.vouch_for(author.domain)
        return Proof("arc", chain.sealer) if vouched else None

    def _by_results(self, arrival: Arrival, author: Address) -> Proof | None:
        """Return what a trusted server found when the message came to it."""
        for results in trusted_results(arrival.heading.fields, self._trust.servers):
            if method := results.vouch_for(author.domain):
                return Proof("authentication-results", f"{results.authserv_id} {method}".strip())
        return None


def _needed(arrival: Arrival, claim: Claim) -> frozenset[str]:
    """Return the fields that a signature must cover to prove what we show."""
    present = {field.name for field in arrival.heading.fields}
    return (SHOWN_FIELDS & present) | {claim.field}


def _speaks(signature: Signature, claim: Claim, needed: frozenset[str]) -> bool:
    """Whether the signature, if it is valid, proves the claim."""
    return needed <= signature.covers and is_aligned(signature.domain, claim.address.domain)


def _is_within(address: str, networks: Iterable[Network]) -> bool:
    """Whether the address is in one of these networks."""
    try:
        client = ip_address(address)
    except ValueError:
        return False
    # A socket for both protocols shows 192.0.2.1 as ::ffff:192.0.2.1.
    client = getattr(client, "ipv4_mapped", None) or client
    return any(client in network for network in networks)


def _by_approved_route(arrival: Arrival, claim: Claim | None) -> Proof | None:
    """Return a proof when a person approved this user's mail from this client before."""
    user = arrival.directory.user_of(claim.address.key) if claim else None
    if user is None:
        return None
    for network, approved in arrival.directory.approved_routes:
        if approved == user.key and _is_within(
            arrival.envelope.client.address, (ip_network(network),)
        ):
            return Proof("approved-route", network)
    return None


def _is_journal(arrival: Arrival) -> bool:
    """Whether it came to a journal address."""
    known = arrival.directory.logging_by_key
    return any(known[key].use == "journal" for key in arrival.recipient_keys if key in known)


def _by_secret_address(arrival: Arrival, claim: Claim) -> Proof | None:
    """Return a proof when it came to the secret address of the user who says to have sent it."""
    user = arrival.directory.user_of(claim.address.key)
    if user is not None and user.key in arrival.secretly_called:
        return Proof("secret-address", user.key)
    return None
