"""Input that is guided by what the code did with it (atheris): the second half of `make fuzz`.

    python -m tests.guided [--seconds N] [--corpus FOLDER] [FOLDER]

Each target is a process of its own, for a fuzzer never returns. FOLDER holds mail to begin with;
what reached new code is kept in the corpus, which the next run goes on from. What breaks a promise
is left as `broken-…`; a case of our own is then made of it, as small as it gets.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

TARGETS = ("reader", "unwrap", "unwrap inside", "configuration", "milter", "dialogue")
LARGEST = 16_384
"""Octets of one input; what is longer is a matter of `tests/torture/test_hostile.py`."""
SLOWEST_S = 60
"""On the wall, where a busy machine stands still for a while; a promise counts its own time."""
MEMORY_MB = 2048
CASES = Path(__file__).parent / "cases"
WORDS = (
    "Content-Type: ", "multipart/mixed; boundary=", "message/rfc822", "text/html", "--b",
    "Content-Transfer-Encoding: base64", "quoted-printable", "charset=iso-2022-jp", "=?utf-8?b?",
    "filename*0*=", "Message-ID: <", "References: ", "From: ", "X-MS-Journal-Report:", "Sender: ",
    "-----Original Message-----", "Begin forwarded message:", "EHLO x", "MAIL FROM:<", "RCPT TO:<",
    "DATA", "BDAT 3 LAST", "XFORWARD ADDR=", "BODY=8BITMIME", "SMTPUTF8", "NOTIFY=", "[[listener]]",
    "direction = ", "[policy]", "[next_hop]",
)  # fmt: skip
_RUNS = re.compile(r"^stat::number_of_executed_units: +(\d+)", re.MULTILINE)
_REACHED = re.compile(r"\bcov: (\d+)")


def seeds(target: str, folder: Path) -> list[bytes]:
    """Return what a target begins with."""
    from tests.fuzz import DIALOGUE, MILTER
    from tests.letters import forward_of, journal_report
    from tests.mail.fuzz import originals_of
    from tests.promises import SHIPPED

    if target == "milter":
        return list(MILTER)
    if target == "dialogue":
        return list(DIALOGUE)
    if target == "configuration":
        shipped = SHIPPED.read_bytes()
        return [shipped.replace(b"\n# ", b"\n"), *re.split(rb"\n(?=\[)", shipped)]
    originals = [octets[:LARGEST] for octets in originals_of(folder) if octets]
    if target == "unwrap":
        return [make(octets) for octets in originals for make in (forward_of, journal_report)]
    return originals


def run(target: str, seconds: float, corpus: Path, folder: Path) -> tuple[int, int, int]:
    """Fuzz one target; return how many inputs, how much code was reached, and the exit code."""
    with TemporaryDirectory() as made:
        for number, octets in enumerate(seeds(target, folder)):
            (Path(made) / str(number)).write_bytes(octets)
        words = Path(made).with_suffix(".words")
        words.write_text("".join(f'"{word}"\n' for word in WORDS))
        kept = corpus / target.replace(" ", "-")
        kept.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            (
                *(sys.executable, "-m", "tests.guided", "--target", target, "--"),
                *(f"-max_total_time={seconds:.0f}", f"-max_len={LARGEST}", "-print_final_stats=1"),
                *(f"-timeout={SLOWEST_S}", f"-rss_limit_mb={MEMORY_MB}", f"-dict={words}"),
                *(f"-artifact_prefix=broken-{kept.name}-", str(kept), made),
            ),
            capture_output=True,
            check=False,
            text=True,
            errors="replace",
        )
        words.unlink()
    if done.returncode:
        print(done.stdout[-6000:], done.stderr[-2000:], file=sys.stderr)
    ran, reached = _RUNS.search(done.stderr), _REACHED.findall(done.stderr)
    return int(ran[1]) if ran else 0, int(reached[-1]) if reached else 0, done.returncode


def be(target: str, arguments: list[str]) -> None:
    """Be the fuzzer of one target; never returns."""
    import atheris

    # Whatever decides something: none of what only carries it.
    with atheris.instrument_imports(include=["gateway"]):
        from tests.promises import PROMISES
    promise = PROMISES.get(target) or _talker()
    atheris.Setup([sys.argv[0], *arguments], promise)
    atheris.Fuzz()


def _talker() -> Callable[[bytes], None]:
    """Return the target that says anything to a door, which stays open."""
    from tests.intake.door import gateway
    from tests.promises import talk

    loop = asyncio.new_event_loop()
    stack = AsyncExitStack()
    door = loop.run_until_complete(stack.enter_async_context(gateway(Path(mkdtemp()))))

    def said(octets: bytes, _open: AsyncExitStack = stack) -> None:
        # What nobody holds any more would close the door.
        loop.run_until_complete(talk(door, octets))

    return said


def main() -> int:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.guided", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=CASES)
    parser.add_argument("--seconds", type=float, default=600.0, help="for each target")
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--only", choices=TARGETS, action="append", help="all, if not given")
    asked = parser.parse_args()
    broken = 0
    for target in asked.only or TARGETS:
        inputs, reached, code = run(target, asked.seconds, asked.corpus, asked.folder)
        print(f"{target}: {inputs} inputs in {asked.seconds:.0f} s, {reached} edges, exit {code}")
        broken += bool(code)
    return min(1, broken)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--target"]:
        be(sys.argv[2], sys.argv[4:])
    sys.exit(main())
