"""Whom a load balancer speaks for: the PROXY protocol, versions 1 and 2.

Standards: HAProxy's proxy-protocol.txt (2020-03-05); aiosmtpd's reader of it, which is public.
Limits: what stands behind the addresses (TLVs) is not looked at.
"""

from __future__ import annotations

import asyncio
from typing import Final

from aiosmtpd.proxy_protocol import AF, get_proxy

from gateway.intake.lines import Lines

PATIENCE_S: Final = 5.0
"""How long a proxy may take to say it: "at least 3 seconds" are asked for."""


class NotProxiedError(Exception):
    """A proxy did not say whom it speaks for."""


async def client_of(lines: Lines) -> str:
    """Return the address of the client behind a proxy; empty when the proxy speaks for itself.

    Raises NotProxiedError.
    """
    try:
        async with asyncio.timeout(PATIENCE_S):
            told = await get_proxy(lines)
    except (TimeoutError, asyncio.IncompleteReadError) as error:
        raise NotProxiedError from error
    if not told.valid:
        raise NotProxiedError(told.error)
    # LOCAL (v2) and UNKNOWN (v1): "the connection endpoints are the sender and the receiver".
    is_local = told.command == 0 or told.family not in {AF.INET, AF.INET6}
    return "" if is_local else str(told.src_addr)
