"""Reads mutated messages until the time is over; the first that breaks a promise is kept.

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
SLOW_S = 2.0


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


def main(folder: Path, seconds: float, seed: int) -> int:
    """Mutate and read; say how many were read and how long the slowest took."""
    rng = random.Random(seed)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    originals = [path.read_bytes()[:READ_OCTETS] for path in files]
    end = time.monotonic() + seconds
    count = 0
    slowest = 0.0
    while time.monotonic() < end:
        octets = mutate(rng, rng.choice(originals), originals)
        began = time.perf_counter()
        try:
            check(octets)
        except Exception:
            Path("broken.eml").write_bytes(octets)
            print(f"broken.eml breaks a promise (seed {seed}, message {count})")
            raise
        slowest = max(slowest, time.perf_counter() - began)
        count += 1
    print(f"{count} messages, the slowest took {slowest * 1000:.1f} ms")
    return 0 if slowest < SLOW_S else 1


if __name__ == "__main__":
    arguments = sys.argv[1:]
    given_seconds = float(arguments[1]) if len(arguments) > 1 else 30.0
    given_seed = int(arguments[2]) if len(arguments) > 2 else 0
    sys.exit(main(Path(arguments[0]), given_seconds, given_seed))
