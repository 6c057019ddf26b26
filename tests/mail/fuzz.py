"""Reads mutated messages until the time is over or Control-C; one that breaks a promise is kept.

    python -m tests.mail.fuzz FOLDER [SECONDS] [SEED]

The promises: a Message whatever the octets, ranges that cut out what was there, new words
within the text, words that can be written as UTF-8, and linear time.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from tests.mail.test_reading import check

PIECES = (
    b"\r\n\r\n",
    b"\n--",
    b'"',
    b"<",
    b"(",
    b">",
    b"=?",
    b"=?utf-7?Q?+2AA-?=",
    b"\x1b$B",
    b"\0",
    b"charset=utf-16;",
    b"filename*0*=x''%ff",
    b"xn--\xff",
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Type: message/rfc822\n",
    b"Content-Type: multipart/mixed; boundary=b\n",
)
READ_OCTETS = 20_000
SLOW_S = 1.0
BROKEN = Path("broken.eml")


def mutate(rng: random.Random, octets: bytes, others: list[bytes]) -> bytes:
    """Return octets with a few things changed, lost, doubled, or taken from another message."""
    found = bytearray(octets)
    for _ in range(rng.randint(1, 12)):
        at = rng.randrange(len(found) + 1)
        choice = rng.random()
        if choice < 0.3 and at < len(found):
            found[at] = rng.randrange(256)
        elif choice < 0.5:
            del found[at : at + rng.randint(1, 200)]
        elif choice < 0.7:
            start = rng.randrange(len(found) + 1)
            found[at:at] = found[start : start + rng.randint(1, 300)]
        elif choice < 0.85:
            found[at:at] = rng.choice(PIECES)
        else:
            other = rng.choice(others)
            start = rng.randrange(len(other) + 1)
            found[at:at] = other[start : start + 500]
    return bytes(found)


def originals_of(folder: Path) -> list[bytes]:
    """Return the beginnings of all files, to be mutated."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [path.read_bytes()[:READ_OCTETS] for path in files]


def read_mutated(rng: random.Random, originals: list[bytes], *, broken: Path) -> float:
    """Read one mutated message and return its seconds; keep it when it breaks a promise."""
    octets = mutate(rng, rng.choice(originals), originals)
    began = time.process_time()
    try:
        check(octets)
    except Exception:
        broken.write_bytes(octets)
        raise
    return time.process_time() - began


def main(folder: Path, seconds: float, seed: int) -> int:
    """Mutate and read; say how many were read and how long the slowest took."""
    rng = random.Random(seed)
    originals = originals_of(folder)
    end = time.monotonic() + seconds
    count = 0
    slowest = 0.0
    try:
        while time.monotonic() < end:
            slowest = max(slowest, read_mutated(rng, originals, broken=BROKEN))
            count += 1
    except KeyboardInterrupt:
        pass
    except Exception:
        print(f"{BROKEN} breaks a promise (seed {seed}, message {count})")
        raise
    print(f"{count} messages, the slowest took {slowest * 1000:.1f} ms (seed {seed})")
    return 0 if slowest < SLOW_S else 1


if __name__ == "__main__":
    arguments = sys.argv[1:]
    given_seconds = float(arguments[1]) if len(arguments) > 1 else float("inf")
    given_seed = int(arguments[2]) if len(arguments) > 2 else int(time.time())
    sys.exit(main(Path(arguments[0]), given_seconds, given_seed))
