"""A transaction with the next hop, put to it while our client is still talking (D-1).

A connection that turns out to be stale at MAIL is replaced once; later nothing is tried twice,
and after the final dot nothing may be.

Standards: RFC 5321 (§4.1.1.4, §4.2), RFC 3461 (DSN), RFC 6531 (SMTPUTF8), RFC 6152 (8BITMIME).
Limits: what leaves is counted by a digest, so that the entry can say it is what came (D-4).
"""

from __future__ import annotations

import asyncio
import hashlib
import mmap
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import Enum, auto

from gateway.interfaces import Arriving, SpoiledError
from gateway.mail.hashing import absorb
from gateway.mail.wire import Stuffer, windows
from gateway.model.envelope import Client, Content, Octets, Relayed, RelayState, Reply
from gateway.relay.client import Connection, Hop, NextHopAwayError, NextHopLostError
from gateway.relay.options import UnsupportedError, fit_mail, fit_rcpt, xforward
from gateway.relay.pool import Pool, TooManyTransactionsError

AWAY = Reply(451, ("4.4.1 The next hop does not answer; try again later",))
LOST = Reply(451, ("4.4.2 The connection to the next hop broke; try again later",))
TOO_MANY = Reply(421, ("4.3.2 Too many transactions with the next hop; try again later",))
NO_SENSE = Reply(451, ("4.5.0 The next hop makes no sense; try again later",))
UNKNOWN = Reply(451, ("4.4.2 The next hop did not say whether it took the message",))


HELD_OCTETS = 16_384
"""The last octets up to this many go out together with the final dot, in one packet."""


class Step(Enum):
    """How far a transaction has come."""

    IDLE = auto()
    OPEN = auto()
    """MAIL was said; RSET can still take it back."""
    BODY = auto()
    """DATA was said; only closing can still take it back."""


class RelayDelivery:
    """One message on its way to the next hop."""

    def __init__(self, pool: Pool, client: Client) -> None:
        self._pool = pool
        self._hop = pool.hop
        self._client = client
        self._connection: Connection | None = None
        self._step = Step.IDLE
        self._digest = hashlib.sha256()
        self._ending = b".\r\n"
        """What `finish` sends: the octets that were held back, and the final dot."""
        self._arriving: Arriving | None = None
        self._following: asyncio.Task[Reply | None] | None = None

    async def offer_mail(self, mail_from: str, options: Sequence[str]) -> Reply:
        """Put MAIL to the next hop and return its reply."""
        try:
            reply = await self._open(mail_from, options, fresh=False)
            if reply is None:
                reply = await self._open(mail_from, options, fresh=True)
        except NextHopAwayError:
            return AWAY
        except TooManyTransactionsError:
            return TOO_MANY
        except UnsupportedError as error:
            self._give_back()
            return error.reply
        reply = reply or LOST
        if not reply.accepted:
            self._give_back()
        return reply

    async def offer_rcpt(self, addr_spec: str, options: Sequence[str]) -> Reply:
        """Put RCPT to the next hop and return its reply."""
        connection = self._connection
        if connection is None:
            return LOST
        try:
            fitting = fit_rcpt(options, connection.extensions)
            line = _command("RCPT TO", addr_spec, fitting)
            reply = await connection.command(line, self._hop.timeouts.command_s)
        except NextHopLostError as error:
            return self._lose(error)
        return self._heed(reply)

    def follow(self, content: Arriving) -> None:
        """Begin to send DATA and what arrives, all but the final dot."""
        self._arriving = content
        self._following = asyncio.ensure_future(self._begin(self._send_arriving))

    async def stream(self, content: Content) -> Reply | None:
        """Send DATA and the content in wire form; None when the next hop takes it."""
        if self._following is not None:
            return await self._following
        return await self._begin(lambda connection: self._send(connection, content))

    async def _begin(self, send: Callable[[Connection], Awaitable[None]]) -> Reply | None:
        """Say DATA and send; return the reply when that fails."""
        connection = self._connection
        if connection is None or self._step is not Step.OPEN:
            return LOST
        try:
            self._step = Step.BODY
            reply = await connection.command(b"DATA\r\n", self._hop.timeouts.data_s)
            if reply.code != 354:
                self._step = Step.OPEN
                self._give_back()
                return NO_SENSE if reply.code < 400 else reply
            await send(connection)
        except NextHopLostError as error:
            return self._lose(error)
        except SpoiledError:
            self._drop()
            return LOST
        return None

    async def finish(self) -> Relayed:
        """Send the final dot; return the next hop's reply with the digest of what left."""
        connection = self._connection
        if connection is None or self._step is not Step.BODY:
            return Relayed(RelayState.DEFERRED, LOST)
        if not connection.usable:
            # It spoke or closed in the middle of the body: the dot is never said.
            reply = self._lose(connection.loss())
            return Relayed(_state(reply), reply)
        arriving = self._arriving
        sha256_out = self._digest.digest() if arriving is None else arriving.digest()
        try:
            reply = await connection.command(self._ending, self._hop.timeouts.final_s)
        except NextHopLostError:
            self._drop()
            return Relayed(RelayState.UNKNOWN, UNKNOWN, sha256_out)
        self._connection = None
        connection.dirty = False
        if reply.code == 421 or 300 <= reply.code < 400:
            self._pool.discard(connection)
        else:
            self._pool.release(connection)
        if 300 <= reply.code < 400:
            return Relayed(RelayState.UNKNOWN, UNKNOWN, sha256_out)
        return Relayed(_state(reply), reply, sha256_out)

    async def abort(self) -> None:
        """Take the transaction back: by RSET before the body, by closing in it."""
        following, self._following = self._following, None
        if following is not None and not following.done():
            following.cancel()
        self._give_back()

    async def _open(self, mail_from: str, options: Sequence[str], *, fresh: bool) -> Reply | None:
        """Return the reply to MAIL, or None when the connection turned out to be stale."""
        connection = await self._pool.take(fresh=fresh)
        self._connection = connection
        self._step = Step.OPEN
        fitting = fit_mail(options, connection.extensions, loopback=self._hop.is_loopback)
        lines = [b"RSET\r\n"] if connection.dirty else []
        lines += xforward(self._client.forwarded, connection.extensions)
        lines.append(_command("MAIL FROM", mail_from, fitting))
        connection.used += 1
        connection.dirty = True
        may_be_stale = connection.used > 1 and not fresh
        try:
            reply = self._heed(await self._say(connection, lines))
        except NextHopLostError as error:
            reply = self._lose(error)
            return None if may_be_stale and not connection.silent else reply
        return None if may_be_stale and reply.code == 421 else reply

    async def _say(self, connection: Connection, lines: Sequence[bytes]) -> Reply:
        """Send commands and return the reply to the last of them."""
        limit_s = self._hop.timeouts.command_s
        if connection.pipelines:
            connection.write(b"".join(lines))
            for _ in lines[1:]:
                await connection.reply(limit_s)
            return await connection.reply(limit_s)
        for line in lines[:-1]:
            await connection.command(line, limit_s)
        return await connection.command(lines[-1], limit_s)

    async def _send(self, connection: Connection, content: Content) -> None:
        """Send the content without the final dot, a window at a time."""
        octets = content.octets
        stuffer = None if content.wire is octets else Stuffer()
        size = len(octets)
        held = b""
        with memoryview(octets) as view:
            for window in windows(size):
                piece = view[window]
                absorb(self._digest, piece)
                wire = stuffer.feed(bytes(piece)) if stuffer else piece
                if window.stop == size and len(wire) <= HELD_OCTETS:
                    held = bytes(wire)
                    break
                connection.write(wire)
                await connection.drain(self._hop.timeouts.block_s)
                # A next hop that is fast never makes us wait, and others want the loop too.
                await asyncio.sleep(0)
                _forget(octets, window)
        if size and bytes(octets[-2:]) != b"\r\n":
            self._digest.update(b"\r\n")
            held += b"\r\n"
        self._ending = held + b".\r\n"

    async def _send_arriving(self, connection: Connection) -> None:
        """Send what arrives, as it arrives; it ends with a line end."""
        assert self._arriving is not None  # noqa: S101 - `follow` was given it
        stuffer = Stuffer()
        while piece := await self._arriving.piece():
            connection.write(stuffer.feed(piece))
            await connection.drain(self._hop.timeouts.block_s)

    def _heed(self, reply: Reply) -> Reply:
        """Return the reply; 421 means that the next hop closes, 3yz that it is mad."""
        if reply.code == 421 or 300 <= reply.code < 400:
            self._drop()
        return NO_SENSE if 300 <= reply.code < 400 else reply

    def _give_back(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._step is Step.OPEN:
            self._pool.release(connection)
        else:
            self._pool.discard(connection)

    def _drop(self) -> None:
        if self._connection is not None:
            self._pool.discard(self._connection)
            self._connection = None

    def _lose(self, error: NextHopLostError) -> Reply:
        """Return what the client is told when the connection is gone."""
        self._drop()
        parting = error.parting
        return parting if parting is not None and parting.code >= 400 else LOST


class Relay:
    """The next hop, as the intake sees it."""

    def __init__(self, hop: Hop) -> None:
        self.pool = Pool(hop)

    def delivery(self, client: Client) -> RelayDelivery:
        """Return a transaction that is not begun yet."""
        return RelayDelivery(self.pool, client)

    async def extensions(self) -> Mapping[str, str]:
        """Return what the next hop offers, as last heard; all that we pass on if it never was."""
        return await self.pool.extensions()

    async def close(self) -> None:
        """Take leave of the next hop."""
        await self.pool.close()


def _command(verb: str, addr_spec: str, options: Sequence[str]) -> bytes:
    words = " ".join((f"{verb}:<{addr_spec}>", *options))
    return words.encode("utf-8", "surrogateescape") + b"\r\n"


def _state(reply: Reply) -> RelayState:
    if reply.accepted:
        return RelayState.RELAYED
    return RelayState.DEFERRED if reply.temporary else RelayState.REFUSED


def _forget(octets: Octets, window: slice) -> None:
    """Let the kernel have the pages of a spooled window back; the file keeps them."""
    if isinstance(octets, mmap.mmap):
        octets.madvise(mmap.MADV_DONTNEED, window.start, window.stop - window.start)
