"""Takes everything, where there is no C compiler; speaks as sink.c does, more slowly.

python -m tests.bench.ends.sink PORT
"""

from __future__ import annotations

import asyncio
import sys

END = b"\r\n.\r\n"
OFFER = (
    b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
    b"250-SMTPUTF8\r\n250-DSN\r\n250 SIZE 200000000\r\n"
)


class Taken:
    """What arrived so far."""

    messages = 0
    octets = 0
    sum = 0


class Dialogue(asyncio.Protocol):
    """One client."""

    transport: asyncio.Transport

    def __init__(self, taken: Taken) -> None:
        self.taken = taken
        self.held = bytearray()
        self.in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"220 sink.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self.held += data
        while self.held and (self._content() if self.in_data else self._command()):
            pass

    def _command(self) -> bool:
        line, end, rest = self.held.partition(b"\n")
        if not end:
            return False
        self.held = rest
        verb = line[:4].upper()
        if verb == b"EHLO":
            self.transport.write(OFFER)
        elif verb == b"DATA":
            self.in_data = True
            # The line end of DATA counts as that before a dot; it is no content.
            self.held = bytearray(b"\r\n") + self.held
            self.taken.octets -= 2
            self.taken.sum -= sum(b"\r\n")
            self.transport.write(b"354 go\r\n")
        elif verb == b"NOOP":
            taken = self.taken
            self.transport.write(b"250 %d %d %d\r\n" % (taken.messages, taken.octets, taken.sum))
        elif verb == b"QUIT":
            self.transport.write(b"221 2.0.0 bye\r\n")
            self.transport.close()
        else:
            self.transport.write(b"250 2.0.0 Ok\r\n")
        return True

    def _content(self) -> bool:
        end = self.held.find(END)
        stop = end + 2 if end >= 0 else max(0, len(self.held) - 4)
        self.taken.octets += stop
        self.taken.sum += sum(self.held[:stop])
        del self.held[: stop + 3 if end >= 0 else stop]
        if end < 0:
            return False
        self.in_data = False
        self.taken.messages += 1
        self.transport.write(b"250 2.0.0 Ok: taken\r\n")
        return True


async def main(port: int) -> None:
    """Listen until killed."""
    taken = Taken()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Dialogue(taken), "127.0.0.1", port, backlog=512)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
