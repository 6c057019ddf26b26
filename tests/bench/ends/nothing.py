"""A milter that looks at nothing and lets all pass: what an MTA itself pays for having one.

python -m tests.bench.ends.nothing PORT
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from contextlib import suppress
from typing import cast

SIZE = struct.Struct("!I")
SILENT = 0xFF080 | 0x100
"""All steps without a reply, and no unknown commands (SMFIP_*)."""
NEGOTIATED = SIZE.pack(13) + b"O" + struct.pack("!III", 6, 0, SILENT)
ACCEPT = SIZE.pack(1) + b"a"


class Nothing(asyncio.Protocol):
    """One connection of an MTA."""

    def __init__(self) -> None:
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember whom to answer."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Step over each frame, and answer the two that want an answer."""
        # Else Linux acknowledges 40 ms later, and the MTA waits; it holds until the next answer.
        connected = self.transport.get_extra_info("socket")
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        octets, at = self.rest + data, 0
        while len(octets) - at > SIZE.size:
            (size,) = SIZE.unpack_from(octets, at)
            if len(octets) - at < SIZE.size + size:
                break
            command = octets[at + SIZE.size]
            if command == ord("O"):
                self.transport.write(NEGOTIATED)
            elif command == ord("E"):
                self.transport.write(ACCEPT)
            at += SIZE.size + size
        self.rest = octets[at:]


async def serve(port: int) -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(Nothing, "127.0.0.1", port)
    await server.serve_forever()


def main() -> None:
    """Serve on the fastest loop there is, as the gateway does."""
    factory = None
    with suppress(ImportError):
        from uvloop import new_event_loop as factory
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()
