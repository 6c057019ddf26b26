"""Mutated input for whatever strangers or people write: `make fuzz`.

    python -m tests.fuzz [--seconds N] [--seed N] [FOLDER]

Four targets have the same time each, which is printed: the reader of messages, the unwrapping of
copies, the configuration, the SMTP dialogue. FOLDER holds mail to begin with; without it the
cases of the repository are taken. What breaks a promise is written to `broken`, with the seed.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.config.faults import ConfigError
from gateway.config.load import parse_config
from gateway.model.directory import Directory, LoggingAddress
from gateway.model.policy import Policy
from gateway.understand import arrive, opened
from tests.intake.door import Door, gateway
from tests.letters import NOON, envelope_of, forward_of, journal_report
from tests.mail.fuzz import mutate, originals_of
from tests.mail.test_reading import check

CASES = Path(__file__).parent / "cases"
SHIPPED = Path(__file__).parents[1] / "conf" / "replygate.toml"
BROKEN = Path("broken")
LOG, JOURNAL = "log@gate.example", "journal@gate.example"
DIRECTORY = Directory(
    domains=frozenset({"corp.example"}),
    logging_addresses=(LoggingAddress(LOG), LoggingAddress(JOURNAL, "journal")),
)
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

VALUES = (
    b"0", b"-1", b"1e999", b"true", b"[]", b"{}", b'""', b'"x"', b'"\\u0000"', b'["x", 1]',
    b'"127.0.0.1:99999"', b'"none"', b"1979-05-27T07:32:00Z", b"[{a = 1}]", b'"\xc3\xa4@\xc3\xa4"',
)  # fmt: skip

Target = Callable[[random.Random, list[bytes]], Awaitable[bytes]]


class BrokenPromiseError(Exception):
    """Something gave what it should not; `octets` is the input."""

    def __init__(self, octets: bytes) -> None:
        super().__init__(octets)
        self.octets = octets


async def read(rng: random.Random, originals: list[bytes]) -> bytes:
    """Whatever the octets, a message is read, with ranges that cut out what was there."""
    octets = mutate(rng, rng.choice(originals), originals)
    try:
        check(octets)
    except Exception as error:
        raise BrokenPromiseError(octets) from error
    return octets


async def unwrap(rng: random.Random, originals: list[bytes]) -> bytes:
    """Whatever a copy holds, at least one message is to be judged."""
    inner = rng.choice(originals)
    to, made = rng.choice(((LOG, forward_of), (JOURNAL, journal_report)))
    octets = mutate(rng, made(inner), originals)
    try:
        arrival = arrive(envelope_of(octets, rcpt_to=to), DIRECTORY, Policy(), NOON)
        assert opened(arrival, check(octets))
    except Exception as error:
        raise BrokenPromiseError(octets) from error
    return octets


async def configure(rng: random.Random, _: list[bytes]) -> bytes:
    """Whatever stands in the file, it is a configuration, or faults with their lines."""
    shipped: bytes = SHIPPED.read_bytes()
    lines = shipped.replace(b"\n# ", b"\n").splitlines(keepends=True)
    settings = [number for number, line in enumerate(lines) if b" = " in line]
    for number in rng.sample(settings, rng.randint(1, 6)):
        key, given = lines[number].split(b" = ", 1)
        value: bytes = rng.choice((*VALUES, given.lower(), given * 2))
        lines[number] = key + b" = " + value + b"\n"
    octets = b"".join(lines)
    if rng.random() < 0.5:
        octets = mutate(rng, octets, [octets])
    try:
        parse_config(octets.decode("utf-8", "replace"), SHIPPED, {})
    except ConfigError as error:
        if not error.faults:
            raise BrokenPromiseError(octets) from error
    except Exception as error:
        raise BrokenPromiseError(octets) from error
    return octets


def talk(door: Door) -> Target:
    """Return the target that says anything to an open door."""

    async def said(rng: random.Random, _: list[bytes]) -> bytes:
        """Whatever a client says, replies come, and the next client is served."""
        octets = mutate(rng, rng.choice(DIALOGUE), list(DIALOGUE))
        caller = await door.call(hello=False)
        try:
            async with asyncio.timeout(30):
                caller.send(octets)
                caller.writer.write_eof()
                replies = (await caller.reader.read()).split(b"\r\n")
                assert all(reply[:1] in {b"2", b"3", b"4", b"5"} for reply in replies if reply)
                other = await door.call()
                assert (await other.deliver(b"Subject: x\r\n\r\nx\r\n")).startswith("250")
                other.writer.close()
        except ConnectionError:
            # It may close on whoever talks nonsense, even before all was said.
            return octets
        except Exception as error:
            raise BrokenPromiseError(octets) from error
        finally:
            caller.writer.close()
        return octets

    return said


async def spend(seconds: float, target: Target, seed: int, originals: list[bytes]) -> int:
    """Try one target until its time is over; return how often."""
    rng, count = random.Random(seed), 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await target(rng, originals)
        count += 1
    return count


async def fuzz(seconds: float, seed: int, folder: Path) -> dict[str, int]:
    """Give all targets their time; return how many inputs each was given."""
    originals = [octets for octets in originals_of(folder) if octets]
    counts = {}
    with TemporaryDirectory() as spool:
        async with gateway(Path(spool)) as door:
            targets: dict[str, Target] = {
                "reader": read, "unwrap": unwrap, "configuration": configure,
                "dialogue": talk(door),
            }  # fmt: skip
            for name, target in targets.items():
                counts[name] = await spend(seconds, target, seed, originals)
                print(f"{name}: {counts[name]} inputs in {seconds:.0f} s", file=sys.stderr)
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
