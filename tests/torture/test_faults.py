"""What faults.md says must happen, with a real gateway in a process of its own."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import (
    AsyncExitStack,
    asynccontextmanager,
    suppress,
)
from pathlib import Path
from typing import Any

import pytest

from gateway.mail.wire import stuffed
from gateway.store.entries import Entries
from tests.letters import letter
from tests.next_hop import NextHop, next_hop
from tests.torture.gate import Gate, Zygote, zygote
from tests.torture.slow import slow_disk

ANNA, CAROL, LOG = "anna@corp.example", "carol@customer.example", "log@gate.example"
PATIENCE_S = 60.0


@asynccontextmanager
async def gate(
    starter: Zygote, folder: Path, *, more: str = "", hop_s: float = 20.0, **asked: Any
) -> AsyncIterator[tuple[Gate, NextHop]]:
    """Start a gateway with its next hop; it is killed at the end if it still runs."""
    async with next_hop() as hop:
        made = Gate(starter, folder, hop.port, more=more, hop_s=hop_s)
        made.furnish()
        await made.start(**asked)
        try:
            yield made, hop
        finally:
            await made.kill()


def offer(number: int, size: int = 100) -> bytes:
    """Return a letter that is logged."""
    return letter(
        author=ANNA, to=CAROL, message_id=f"{number}@corp.example",
        text="word " * (size // 5), X_Log_To_CRM="yes",
    )  # fmt: skip


async def send(made: Gate, octets: bytes, rcpt: str = CAROL) -> str:
    """Bring one letter and return the reply to it, or to where it ended."""
    caller = await made.call("submission")
    try:
        for command in (f"MAIL FROM:<{ANNA}>", f"RCPT TO:<{rcpt}>", "DATA"):
            said = await caller.say(command.encode())
            if not said.startswith(("2", "3")):
                return said
        caller.send(stuffed(octets) + b".\r\n")
        async with asyncio.timeout(PATIENCE_S):
            return await caller.reply()
    finally:
        caller.writer.close()


async def send_again(made: Gate, octets: bytes) -> str:
    """Bring a letter as an MTA does: a connection that is closed is tried again."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(ConnectionError):
                return await send(made, octets)


async def decided(made: Gate, numbers: set[int]) -> None:
    """Return when each of these letters has its one entry."""
    wanted = {f"{number}@corp.example" for number in numbers}
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with Entries(made.database) as entries:
                found = [entry.message_id for entry in entries.search()]
            if set(found) == wanted:
                assert len(found) == len(wanted)
                return
            await asyncio.sleep(0.05)


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(bytes(4096))


def waiting(made: Gate) -> int:
    """Return how many messages wait undecided."""
    spool = made.state / "spool"
    return len(list(spool.glob("*.json"))) if spool.exists() else 0


async def test_mail_passes_a_record_that_cannot_grow_and_is_decided_later(
    starter: Zygote, tmp_path: Path
) -> None:
    limits = {"RLIMIT_FSIZE": 65_536}
    async with gate(starter, tmp_path, limits=limits) as (made, hop):
        for number in range(4):
            assert (await send(made, offer(number))).startswith("250")
        assert waiting(made) > 0
        await made.kill()
        await made.start()
        await decided(made, {0, 1, 2, 3})
    assert [taken.content for taken in hop.taken] == [offer(number) for number in range(4)]


async def test_what_was_damaged_in_the_spool_is_set_aside_and_keeps_nobody_waiting(
    starter: Zygote, tmp_path: Path
) -> None:
    async with gate(starter, tmp_path, limits={"RLIMIT_FSIZE": 65_536}) as (made, _):
        for number in range(5):
            assert (await send(made, offer(number))).startswith("250")
        await made.kill()
        oldest, *others = sorted((made.state / "spool").glob("*.json"))
        assert others
        octets = oldest.with_suffix(".eml").read_bytes()
        oldest.write_bytes(b"damaged")
        await made.start()
        await decided(made, {number for number in range(5) if offer(number) != octets})
        assert "unreadable" in made.log.read_text()
    kept = sorted(path.suffix for path in (made.state / "spool" / "unreadable").iterdir())
    assert kept == [".eml", ".json"]


async def test_mail_passes_a_full_disk(starter: Zygote, small_disk: Path) -> None:
    async with gate(starter, small_disk) as (made, hop):
        fill(made.state / "filler")
        assert (await send(made, offer(1, 20_000))).startswith("250")
        assert (await send(made, offer(2, 20_000))).startswith("250")
        (made.state / "filler").unlink()
        assert (await send(made, offer(3))).startswith("250")
        assert made.ready.is_set()
    assert [len(taken.content) for taken in hop.taken] == [
        len(offer(1, 20_000)), len(offer(2, 20_000)), len(offer(3)),
    ]  # fmt: skip


async def test_a_copy_is_deferred_on_a_full_disk(starter: Zygote, small_disk: Path) -> None:
    async with gate(starter, small_disk) as (made, hop):
        fill(made.state / "filler")
        said = await send(made, offer(1, 300_000), LOG)
        assert said.startswith(("451", "452"))
    assert hop.taken == []


@asynccontextmanager
async def failing(made: Gate, calls: str, error: str) -> AsyncIterator[None]:
    """Let these system calls of the gateway fail; needs strace, and the right to use it."""
    if shutil.which("strace") is None:
        pytest.skip("strace makes system calls fail")
    process = await asyncio.create_subprocess_exec(
        *("strace", "-f", "-p", str(made.pid)),
        *("-e", f"trace={calls}", "-e", f"inject={calls}:error={error}"),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr
    said = await process.stderr.readline()
    if b"attached" not in said:
        pytest.skip(f"strace may not attach here: {said!r}")
    reading = asyncio.ensure_future(process.stderr.read())
    try:
        yield
    finally:
        process.terminate()
        await process.wait()
        assert error.encode() in await reading


@pytest.mark.parametrize("error", ["EROFS", "EIO"])
async def test_mail_passes_a_record_that_turned_read_only_or_fails(
    starter: Zygote, tmp_path: Path, error: str
) -> None:
    async with gate(starter, tmp_path) as (made, hop):
        assert (await send(made, offer(1))).startswith("250")
        async with failing(made, "pwrite64,fdatasync", error):
            assert (await send(made, offer(2))).startswith("250")
        assert (await send(made, offer(3))).startswith("250")
        await decided(made, {1, 2, 3})
    assert len(hop.taken) == 3


async def test_a_disk_that_takes_a_second_to_sync_holds_mail_for_seconds_only(
    tmp_path: Path,
) -> None:
    flag = tmp_path / "slow"
    environ = slow_disk(tmp_path / "library", flag)
    if environ is None:
        pytest.skip("a C compiler makes the slow disk")
    async with zygote(environ) as slow, gate(slow, tmp_path / "gate") as (made, hop):
        flag.touch()
        async with asyncio.timeout(30):
            said = await asyncio.gather(*(send(made, offer(n)) for n in range(20)))
        assert [one[:3] for one in said] == ["250"] * 20
        await decided(made, set(range(20)))
    assert len(hop.taken) == 20


async def test_mail_passes_a_store_that_was_damaged_under_way(
    starter: Zygote, tmp_path: Path
) -> None:
    async with gate(starter, tmp_path) as (made, hop):
        assert (await send(made, offer(1))).startswith("250")
        with made.database.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * 200_000)
        for suffix in ("-wal",):
            with made.database.with_name(made.database.name + suffix).open("r+b") as file:
                file.truncate(0)
        for number in (2, 3):
            assert (await send(made, offer(number))).startswith("250")
        assert made.ready.is_set()
    assert len(hop.taken) == 3


async def test_mail_passes_a_store_that_was_deleted_and_is_decided_in_the_next_one(
    starter: Zygote, tmp_path: Path
) -> None:
    async with gate(starter, tmp_path) as (made, hop):
        for path in made.state.glob("replygate.db*"):
            if path.is_file():
                path.unlink()
        assert (await send(made, offer(1))).startswith("250")
        assert waiting(made) == 1
        await made.kill()
        made.furnish()
        await made.start()
        await decided(made, {1})
    assert len(hop.taken) == 1


async def test_mail_flows_on_when_descriptors_are_free_again(
    starter: Zygote, tmp_path: Path
) -> None:
    limits = {"RLIMIT_NOFILE": 48}
    async with gate(starter, tmp_path, limits=limits) as (made, hop), AsyncExitStack() as stack:
        held = []
        for _ in range(60):
            reader, writer = await asyncio.open_connection("127.0.0.1", made.ports["submission"])
            stack.callback(writer.close)
            held.append((reader, writer))
        await held[0][0].readline()
        for _, writer in held:
            writer.close()
        assert (await send_again(made, offer(1))).startswith("250")
        assert made.ready.is_set()
    assert len(hop.taken) == 1


async def test_a_client_inside_is_served_while_there_are_no_descriptors(
    starter: Zygote, tmp_path: Path
) -> None:
    limits = {"RLIMIT_NOFILE": 48}
    async with gate(starter, tmp_path, limits=limits) as (made, _), AsyncExitStack() as stack:
        caller = await made.call("submission")
        stack.callback(caller.writer.close)
        for _ in range(60):
            _, writer = await asyncio.open_connection("127.0.0.1", made.ports["submission"])
            stack.callback(writer.close)
        said = await caller.say(f"MAIL FROM:<{ANNA}>".encode())
        assert said.startswith(("250", "451", "421"))


async def test_memory_that_is_used_up_ends_in_a_reply_and_the_next_message_passes(
    starter: Zygote, tmp_path: Path
) -> None:
    limits = {"RLIMIT_AS": 700 << 20}
    async with gate(starter, tmp_path, limits=limits) as (made, hop):
        large = letter(author=ANNA, to=CAROL, text=("x" * 76 + "\r\n") * 1_200_000)
        assert (await send(made, large))[:1] in {"2", "4"}
        assert (await send(made, offer(1))).startswith("250")
        assert made.ready.is_set()
    assert hop.taken[-1].content == offer(1)


async def test_a_faulty_configuration_on_reload_changes_nothing(
    starter: Zygote, tmp_path: Path
) -> None:
    async with gate(starter, tmp_path) as (made, hop):
        made.configure("[gateway]\nnonsense = 1\n")
        made.send(signal.SIGHUP)
        for number in range(5):
            assert (await send(made, offer(number))).startswith("250")
        await decided(made, set(range(5)))
        assert "reload refused" in made.log.read_text()
    assert len(hop.taken) == 5


async def test_a_log_that_cannot_be_written_does_not_stop_mail(
    starter: Zygote, tmp_path: Path
) -> None:
    async with gate(starter, tmp_path, log_to="/dev/full") as (made, hop):
        for number in range(3):
            assert (await send(made, offer(number))).startswith("250")
        await decided(made, {0, 1, 2})
    assert len(hop.taken) == 3
