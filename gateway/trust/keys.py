"""Looks up the keys of signatures, at once and with a deadline.

Standards: RFC 6376 §3.6.2 (keys in TXT records), RFC 2308 (what is not there is kept too).

Design notes: dkimpy asks DNS synchronously in the middle of its work. Here all names are asked for
before it begins, so that nothing waits but the coroutine. A key server that does not answer is
no proof of anything: it is told apart from a key that is not there, and soon asked again.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from dns.asyncresolver import Resolver
from dns.exception import DNSException
from dns.name import from_text
from dns.nameserver import Do53Nameserver
from dns.rdatatype import TXT
from dns.resolver import (
    NXDOMAIN,
    YXDOMAIN,
    Answer,
    NoAnswer,
    NoResolverConfiguration,
)

DEADLINE_S: Final = 5.0
CACHE_NAMES: Final = 10_000
LONGEST_S: Final = 86_400.0
SHORTEST_S: Final = 60.0
ABSENT_S: Final = 300.0
UNANSWERED_S: Final = 10.0
"""How long a server that did not answer is left alone: a flood must not wait one by one."""
QUESTIONS: Final = 64
"""How many are open at one time."""
KEY_OCTETS: Final = 2048
"""A longer record is none: an RSA key of 8192 bits fits."""
PAYLOAD_OCTETS: Final = 1232
"""What fits one datagram (RFC 9715); longer answers come by TCP."""

_NAME: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.)+[a-z0-9-]{1,63}")


@dataclass(frozen=True, slots=True)
class Found:
    """What was found under one name."""

    record: bytes = b""
    """The TXT record, its strings joined; empty when there is none."""
    answered: bool = True
    """False: no server answered in time; it may be there."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was found, and until when it holds."""

    found: Found
    until: float


class Keys:
    """A cache of TXT records in front of a resolver; one per event loop."""

    def __init__(
        self,
        resolver: Resolver | None,
        *,
        deadline_s: float = DEADLINE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resolver = resolver
        self._deadline_s = deadline_s
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Found]] = {}
        self._open = asyncio.Semaphore(QUESTIONS)

    async def look_up(self, names: Iterable[str]) -> dict[str, Found]:
        """Return what is found under each name, within the deadline; never raises."""
        wanted = list(dict.fromkeys(name.lower().rstrip(".") for name in names))
        found = await asyncio.gather(*(self._one(name) for name in wanted))
        return dict(zip(wanted, found, strict=True))

    async def close(self) -> None:
        """Give up what is still being asked."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _one(self, name: str) -> Found:
        """Return what is known of the name, else ask."""
        kept = self._kept.get(name)
        if kept is not None and self._clock() < kept.until:
            self._kept.move_to_end(name)
            return kept.found
        if len(name) > 253 or not _NAME.fullmatch(name):
            return Found()
        if name not in self._asking:
            task = asyncio.create_task(self._ask(name))
            self._asking[name] = task
            task.add_done_callback(lambda _: self._asking.pop(name, None))
        # Others may wait for the same answer: who gives up must not take it from them.
        return await asyncio.shield(self._asking[name])

    async def _ask(self, name: str) -> Found:
        """Ask DNS, and keep the answer."""
        try:
            async with asyncio.timeout(self._deadline_s), self._open:
                found, for_s = await self._resolve(name)
        except TimeoutError:
            found, for_s = Found(answered=False), UNANSWERED_S
        self._kept[name] = _Kept(found, self._clock() + for_s)
        self._kept.move_to_end(name)
        if len(self._kept) > CACHE_NAMES:
            self._kept.popitem(last=False)
        return found

    async def _resolve(self, name: str) -> tuple[Found, float]:
        """Return what DNS says of the name, and for how many seconds."""
        if self._resolver is None:
            return Found(answered=False), UNANSWERED_S
        try:
            answer = await self._resolver.resolve(
                from_text(name), TXT, lifetime=self._deadline_s, search=False
            )
        except (NXDOMAIN, NoAnswer, YXDOMAIN):
            return Found(), ABSENT_S
        except (DNSException, OSError):
            return Found(answered=False), UNANSWERED_S
        ttl_s = answer.rrset.ttl if answer.rrset else 0
        return Found(_record(answer)), min(max(ttl_s, SHORTEST_S), LONGEST_S)


def _record(answer: Answer) -> bytes:
    """Return the record that is a key; the first one when several are.

    "TXT RRs MUST be unique for a particular selector name; that is, if there are multiple
    records in an RRset, the results are undefined" (RFC 6376 §3.6.2.2).
    """
    records = [b"".join(record.strings) for record in answer]
    keys = [record for record in records if b"p=" in record and len(record) <= KEY_OCTETS]
    return keys[0] if keys else b""


def make_resolver(
    servers: Sequence[tuple[str, int]] = (), file: str = "/etc/resolv.conf"
) -> Resolver | None:
    """Return a resolver that asks these addresses and ports, or those that a file names.

    None when the file names none: no key can then be looked up.
    """
    try:
        resolver = Resolver(file, configure=not servers)
    except NoResolverConfiguration:
        return None
    if servers:
        resolver.nameservers = [Do53Nameserver(address, port) for address, port in servers]
    resolver.use_edns(0, 0, PAYLOAD_OCTETS)
    return resolver
