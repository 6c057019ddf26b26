"""Mutated input for whatever strangers or people write: the first half of `make fuzz`.

    python -m tests.fuzz [--seconds N] [--seed N] [FOLDER]

Each target has the same time, which is printed: the reader of messages, the unwrapping of
copies, the configuration, the milter protocol, the SMTP dialogue. FOLDER holds mail to begin with;
without it the cases of the repository are taken. What breaks a promise is written to `broken`,
with the seed. `tests.guided` goes on from there, by what the code did with each input.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.intake.door import gateway
from tests.intake.milter.mta import Shown, connect, macros, offer
from tests.letters import forward_of, journal_report
from tests.mail.fuzz import mutate, originals_of
from tests.promises import PROMISES, SHIPPED, talk

CASES = Path(__file__).parent / "cases"
BROKEN = Path("broken")
DIALOGUE = (
    (
        b"EHLO x.example\r\nMAIL FROM:<a@x.example> BODY=8BITMIME SIZE=9\r\nRCPT TO:<b@y.example>"
        b" NOTIFY=NEVER\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\nRSET\r\nNOOP\r\nVRFY x\r\nHELP\r\n"
        b"XFORWARD NAME=x ADDR=192.0.2.1\r\nBDAT 3 LAST\r\nabcAUTH PLAIN AA==\r\nSTARTTLS\r\n"
        b"QUIT\r\n"
    ),
    (
        b'MAIL FROM:<>\r\nRCPT TO:<"a b"@y.example>\r\nRCPT TO:<@z.example:b@y.example>\r\n'
        b"DATA\r\n..\r\n.\r\n\r\n.\n\r.\r\n.\r\nMAIL FROM:<\xc3\xa4@x.example> SMTPUTF8\r\n"
    ),
)
_LETTER = Shown(rcpts=((b"<bob@example.org>", b"NOTIFY=NEVER"), (b"<@a:carol@x.example>",)))
MILTER = (
    b"".join((offer(), macros(b"C", j="mx"), connect(), *_LETTER.envelope(), *_LETTER.content())),
    b"".join((offer(2, 0, 0), connect(address=b"2001:db8::1"), *_LETTER.envelope())),
)

VALUES = (
    b"0", b"-1", b"1e999", b"true", b"[]", b"{}", b'""', b'"x"', b'"\\u0000"', b'["x", 1]',
    b'"127.0.0.1:99999"', b'"none"', b"1979-05-27T07:32:00Z", b"[{a = 1}]", b'"\xc3\xa4@\xc3\xa4"',
)  # fmt: skip

Make = Callable[[random.Random, list[bytes]], bytes]


class BrokenPromiseError(Exception):
    """Something gave what it should not; `octets` is the input."""

    def __init__(self, octets: bytes) -> None:
        super().__init__(octets)
        self.octets = octets


def of_mail(rng: random.Random, originals: list[bytes]) -> bytes:
    """Return a mutated message."""
    return mutate(rng, rng.choice(originals), originals)


def of_copies(rng: random.Random, originals: list[bytes]) -> bytes:
    """Return a mutated forward or journal report."""
    wrapped = rng.choice((forward_of, journal_report))(rng.choice(originals))
    return mutate(rng, wrapped, originals)


def of_settings(rng: random.Random, _: list[bytes]) -> bytes:
    """Return the shipped configuration with other values, and half of the time mutated."""
    shipped: bytes = SHIPPED.read_bytes()
    lines = shipped.replace(b"\n# ", b"\n").splitlines(keepends=True)
    settings = [number for number, line in enumerate(lines) if b" = " in line]
    for number in rng.sample(settings, rng.randint(1, 6)):
        key, given = lines[number].split(b" = ", 1)
        value: bytes = rng.choice((*VALUES, given.lower(), given * 2))
        lines[number] = key + b" = " + value + b"\n"
    octets = b"".join(lines)
    return mutate(rng, octets, [octets]) if rng.random() < 0.5 else octets


def of_dialogues(rng: random.Random, _: list[bytes]) -> bytes:
    """Return what a client might say."""
    return mutate(rng, rng.choice(DIALOGUE), list(DIALOGUE))


def of_frames(rng: random.Random, _: list[bytes]) -> bytes:
    """Return what an MTA might say to a milter."""
    return mutate(rng, rng.choice(MILTER), list(MILTER))


MAKERS: dict[str, Make] = {
    "reader": of_mail,
    "unwrap": of_copies,
    "unwrap inside": of_mail,
    "configuration": of_settings,
    "milter": of_frames,
    "dialogue": of_dialogues,
}


async def fuzz(seconds: float, seed: int, folder: Path) -> dict[str, int]:
    """Give all targets their time; return how many inputs each was given."""
    originals = [octets for octets in originals_of(folder) if octets]
    counts = {}
    with TemporaryDirectory() as spool:
        async with gateway(Path(spool)) as door:
            for name, make in MAKERS.items():
                rng, count, end = random.Random(seed), 0, time.monotonic() + seconds
                while time.monotonic() < end:
                    octets = make(rng, originals)
                    try:
                        if name == "dialogue":
                            await talk(door, octets)
                        else:
                            PROMISES[name](octets)
                    except Exception as error:
                        raise BrokenPromiseError(octets) from error
                    count += 1
                counts[name] = count
                print(f"{name}: {count} inputs in {seconds:.0f} s", file=sys.stderr)
    return counts


def main() -> int:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=CASES)
    parser.add_argument("--seconds", type=float, default=600.0, help="for each target")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    asked = parser.parse_args()
    try:
        asyncio.run(fuzz(asked.seconds, asked.seed, asked.folder))
    except BrokenPromiseError as error:
        BROKEN.write_bytes(error.octets)
        print(f"{BROKEN} breaks a promise (seed {asked.seed})", file=sys.stderr)
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
