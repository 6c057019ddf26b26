"""Small letters and nothing else, as fast as they are taken: what does the daemon's memory do?

No id, no stranger and no subject comes twice, so that whatever remembers them shows. Figures
are counted for Prometheus.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from gateway.mail.wire import stuffed
from tests.intake.door import Caller
from tests.letters import letter
from tests.next_hop import next_hop
from tests.torture.gate import Gate, Zygote, free_port
from tests.torture.post import ANNA, CAROL
from tests.torture.samples import Sample, sample, slope

CLIENTS = 8
A_SESSION = 50
"""Letters of one connection."""
EVERY = 500
"""Letters from one sample to the next."""


@dataclass
class Steady:
    """What came of it."""

    letters: int = 0
    refused: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    @property
    def growth(self) -> int:
        """Octets of memory for 10,000 letters, over the last half."""
        return slope(self.samples)

    @property
    def ends(self) -> tuple[int, int]:
        """Octets of memory at the half and at the end."""
        return self.samples[len(self.samples) // 2].octets, self.samples[-1].octets


def small(number: int, run: str) -> tuple[str, str, str, bytes]:
    """Return listener, sender, recipient and octets: strangers, offers and replies by turns."""
    message_id = f"{run}-{number}@torture.example"
    stranger = f"s{number}@stranger-{number}.example"
    listener, author, to, marked, cites = (
        ("inbound", stranger, ANNA, "", ""),
        ("submission", ANNA, CAROL, "yes", ""),
        ("inbound", CAROL, ANNA, "", f"<{run}-{number - 1}@torture.example>"),
    )[number % 3]
    octets = letter(
        author=author,
        to=to,
        message_id=message_id,
        subject=f"About {number}",
        text=f"Number {number}.\r\n" + "word " * 60,
        X_Log_To_CRM=marked,
        In_Reply_To=cites,
    )
    return listener, author, to, octets


async def steady(
    zygote: Zygote, folder: Path, letters: int, seed: int, said: Callable[[str], None]
) -> Steady:
    """Bring so many letters, and watch the process."""
    result = Steady()
    async with next_hop() as hop:
        hop.forgets = True
        watched = f'[metrics]\naddress = "127.0.0.1:{free_port()}"\n'
        gate = Gate(zygote, folder / "steady", hop.port, more=watched)
        gate.furnish()
        await gate.start()
        numbers = iter(range(letters))

        async def bring() -> None:
            callers: dict[str, Caller] = {}
            for number in numbers:
                listener, author, to, octets = small(number, f"m{seed}")
                if listener not in callers:
                    callers[listener] = await gate.call(listener)
                answer = await hand_over(callers[listener], author, to, octets)
                if not answer.startswith("250"):
                    result.refused.append(answer)
                result.letters += 1
                if result.letters % EVERY == 0:
                    result.samples.append(sample(gate.pid, result.letters))
                if Random(number).random() < 1 / A_SESSION:
                    callers.pop(listener).writer.close()
            for caller in callers.values():
                caller.writer.close()

        await asyncio.gather(*(bring() for _ in range(CLIENTS)))
        await gate.stop()
        lines = [",".join(map(str, one)) for one in result.samples]
        (folder / "steady" / "samples.csv").write_text("\n".join(lines) + "\n")
        said(f"{letters} small letters, {result.growth} octets for 10,000")
    return result


async def hand_over(caller: Caller, mail_from: str, rcpt: str, octets: bytes) -> str:
    """Bring one letter in a session; return the reply at which it ended."""
    for command in (f"MAIL FROM:<{mail_from}>", f"RCPT TO:<{rcpt}>", "DATA"):
        said = await caller.say(command.encode())
        if not said.startswith(("2", "3")):
            return said
    caller.send(stuffed(octets) + b".\r\n")
    return await caller.reply()
