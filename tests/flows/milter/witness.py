"""A milter as a process of its own, which tells what it was shown and can be killed.

    python -m tests.flows.milter.witness PORT FOLDER HOW

HOW is `log` or `delete` (logging addresses are taken out), or `hang`: it never comes to a decision.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from gateway.intake.milter.server import start_milter
from gateway.intake.milter.settings import MilterSettings
from gateway.interfaces import Delivery, Handled
from gateway.model.envelope import Envelope, Reply

ROOT = Path(__file__).resolve().parents[3]
LOG = "log@corp.example"


def tell(**what: Any) -> None:
    print(json.dumps(what), flush=True)


def keep(envelope: Envelope, folder: Path) -> str:
    """Write the octets to a file and return its path: a pipe has no room for them."""
    file = folder / f"{envelope.content.sha256.hex()}.eml"
    file.write_bytes(envelope.content.octets[:])
    return str(file)


async def witness(port: int, folder: Path, how: str) -> None:
    async def receive(envelope: Envelope, delivery: Delivery) -> Handled:
        await delivery.stream(envelope.content)
        relayed = await delivery.finish()
        tell(
            queue_id=envelope.queue_id,
            direction=envelope.direction,
            mail_from=envelope.mail_from,
            recipients=[r.addr_spec for r in envelope.recipients],
            client=envelope.client.address,
            helo=envelope.client.helo,
            relay=relayed.state,
            content=keep(envelope, folder),
        )
        if how == "hang":
            await asyncio.Event().wait()
        return Handled(Reply(250, ("2.0.0 Ok",)), "logged tracked-reply e=1")

    settings = MilterSettings(
        "milter", folder, port=port, delete_logging_recipients=how == "delete"
    )
    loop = asyncio.get_running_loop()
    await start_milter(loop, settings, receive, LOG.__eq__)
    tell(ready=True)
    await asyncio.Event().wait()


class Witness:
    """The process, from the side of the test."""

    def __init__(self, port: int, folder: Path, how: str = "log") -> None:
        self._words = (str(port), str(folder), how)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.flows.milter.witness", *self._words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert self.next() == {"ready": True}
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def next(self) -> Mapping[str, Any]:
        """Wait for the next message that it was shown."""
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the milter has ended"
        shown: Mapping[str, Any] = json.loads(line)
        return shown

    def kill(self) -> None:
        """End it as a crash does."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


if __name__ == "__main__":
    asyncio.run(witness(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
