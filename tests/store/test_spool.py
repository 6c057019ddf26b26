from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec
import pytest

from gateway.interfaces import UNREADABLE
from gateway.model.envelope import (
    Client,
    Content,
    Direction,
    Envelope,
    Recipient,
    Relayed,
    RelayState,
    Reply,
    Traits,
)
from gateway.store.spool import FolderSpool, _Spooled, unreadable
from tests.store.office import NOON, Clock

_SAID = _Spooled("inbound", "incoming", 0, msgspec.Raw(b"{}"), b"", "")
OCTETS = b"From: ann@client.example\r\n\r\nHello \xff\x00.\r\n"
ENVELOPE = Envelope(
    "inbound",
    Direction.INCOMING,
    "",
    (Recipient("bob@acme.example", ("NOTIFY=NEVER",)), Recipient("Sales@acme.example")),
    Content(OCTETS, len(OCTETS), hashlib.sha256(OCTETS).digest(), Traits(nul=1, eight_bit=True)),
    NOON,
    Client("192.0.2.1", forwarded={"NAME": "mx"}),
    ("BODY=8BITMIME",),
)


@pytest.fixture
def spool(tmp_path: Path) -> FolderSpool:
    return FolderSpool(tmp_path / "spool", clock=Clock())


async def test_what_is_put_comes_back(spool: FolderSpool) -> None:
    name = await spool.put(ENVELOPE, "store-unavailable")
    assert await spool.waiting() == (name,)
    assert await spool.take(name) == (ENVELOPE, None, "store-unavailable")


async def test_the_oldest_comes_first(tmp_path: Path) -> None:
    clock = Clock()
    spool = FolderSpool(tmp_path, clock=clock)
    names = []
    for _ in range(3):
        names.append(await spool.put(ENVELOPE, ""))
        clock.pass_by(seconds=1)
    assert list(await spool.waiting()) == names


async def test_how_the_relay_ended_comes_with_it(spool: FolderSpool) -> None:
    name = await spool.put(ENVELOPE, "")
    for relayed in (
        Relayed(RelayState.RELAYED, Reply(250, ("2.0.0 Ok", "two")), b"d" * 32),
        Relayed(RelayState.UNKNOWN),
    ):
        await spool.settle(name, relayed)
        taken = await spool.take(name)
        assert taken is not None
        assert taken[1] == relayed


async def test_what_is_dropped_is_gone(spool: FolderSpool, tmp_path: Path) -> None:
    name = await spool.put(ENVELOPE, "")
    await spool.drop(name)
    assert await spool.waiting() == ()
    assert await spool.take(name) is None
    assert list((tmp_path / "spool").iterdir()) == []


async def test_an_empty_spool_waits_for_nothing(spool: FolderSpool) -> None:
    assert await spool.waiting() == ()


async def test_octets_without_their_envelope_were_never_put(
    spool: FolderSpool, tmp_path: Path
) -> None:
    await spool.put(ENVELOPE, "")
    (tmp_path / "spool" / "0000-dead.eml").write_bytes(b"half")
    assert len(await spool.waiting()) == 1


@pytest.mark.parametrize("suffix", [".eml", ".json"])
async def test_what_was_damaged_is_unreadable(
    spool: FolderSpool, tmp_path: Path, suffix: str
) -> None:
    name = await spool.put(ENVELOPE, "")
    (tmp_path / "spool" / f"{name}{suffix}").write_bytes(b"{}")
    assert await spool.take(name) is None


class Complaints(list[str]):
    """What a spool complained of."""

    def spool(self, folder: Path) -> FolderSpool:
        return FolderSpool(folder, clock=Clock(), complain=self.append)


@pytest.mark.parametrize(
    ("suffix", "octets"),
    [
        (".eml", b"other octets"),
        (".json", b"no json"),
        (".json", b"{}"),
        (".json", b'{"route":"","direction":"","received_at":0,"envelope":{},"sha256":""}'),
    ],
)
async def test_what_was_damaged_is_set_aside_with_both_its_files(
    tmp_path: Path, suffix: str, octets: bytes
) -> None:
    said = Complaints()
    spool = said.spool(tmp_path)
    name = await spool.put(ENVELOPE, "")
    (tmp_path / f"{name}{suffix}").write_bytes(octets)
    await spool.take(name)
    assert await spool.waiting() == ()
    kept = {path.name for path in (tmp_path / UNREADABLE).iterdir()}
    assert kept == {f"{name}.eml", f"{name}.json"}
    assert (tmp_path / UNREADABLE / f"{name}{suffix}").read_bytes() == octets
    assert unreadable(tmp_path) == 1


async def test_what_is_set_aside_is_complained_of_with_its_place(tmp_path: Path) -> None:
    said = Complaints()
    spool = said.spool(tmp_path)
    name = await spool.put(ENVELOPE, "")
    (tmp_path / f"{name}.eml").unlink()
    await spool.take(name)
    why = "unreadable (its octets are gone)"
    assert said == [f"{name} in the spool is {why} and was put in {tmp_path / UNREADABLE}"]


async def test_what_is_put_back_whole_is_taken_again(tmp_path: Path) -> None:
    spool = Complaints().spool(tmp_path)
    name = await spool.put(ENVELOPE, "")
    right = (tmp_path / f"{name}.json").read_bytes()
    (tmp_path / f"{name}.json").write_bytes(b"{}")
    await spool.take(name)
    for suffix in (".eml", ".json"):
        (tmp_path / UNREADABLE / f"{name}{suffix}").rename(tmp_path / f"{name}{suffix}")
    (tmp_path / f"{name}.json").write_bytes(right)
    assert await spool.take(name) == (ENVELOPE, None, "")
    assert unreadable(tmp_path) == 0


async def test_what_was_dropped_meanwhile_is_nothing_to_complain_of(tmp_path: Path) -> None:
    said = Complaints()
    spool = said.spool(tmp_path)
    name = await spool.put(ENVELOPE, "")
    await spool.drop(name)
    assert await spool.take(name) is None
    assert not said


async def test_what_cannot_be_read_now_stays_and_is_complained_of_once(tmp_path: Path) -> None:
    said = Complaints()
    spool = said.spool(tmp_path)
    name = await spool.put(ENVELOPE, "")
    (tmp_path / f"{name}.json").rename(tmp_path / "moved")
    (tmp_path / f"{name}.json").mkdir()
    assert [await spool.take(name) for _ in range(3)] == [None] * 3
    assert len(said) == 1
    assert "stays in the spool" in said[0]
    (tmp_path / f"{name}.json").rmdir()
    (tmp_path / "moved").rename(tmp_path / f"{name}.json")
    assert await spool.take(name) == (ENVELOPE, None, "")


async def test_what_cannot_be_set_aside_stays_and_is_complained_of_once(tmp_path: Path) -> None:
    said = Complaints()
    spool = said.spool(tmp_path)
    name = await spool.put(ENVELOPE, "")
    (tmp_path / f"{name}.json").write_bytes(b"{}")
    (tmp_path / UNREADABLE).write_bytes(b"a file")
    assert [await spool.take(name) for _ in range(3)] == [None] * 3
    assert len(said) == 1
    assert "cannot be set aside" in said[0]
    assert await spool.waiting() == (name,)


async def test_a_folder_that_cannot_be_written_raises(tmp_path: Path) -> None:
    (tmp_path / "spool").write_bytes(b"a file")
    with pytest.raises(OSError, match="spool"):
        await FolderSpool(tmp_path / "spool").put(ENVELOPE, "")


async def test_nobody_else_may_read_the_spool(spool: FolderSpool, tmp_path: Path) -> None:
    await spool.put(ENVELOPE, "")
    assert all(f.stat().st_mode & 0o077 == 0 for f in (tmp_path / "spool").iterdir())


async def test_a_failed_put_leaves_no_file(spool: FolderSpool, tmp_path: Path) -> None:
    name = await spool.put(ENVELOPE, "")
    half = tmp_path / "spool" / "half.json"
    half.mkdir()
    with pytest.raises(OSError, match="half"):
        spool._put("half", ENVELOPE, _SAID)
    half.rmdir()
    assert sorted(f.stem for f in (tmp_path / "spool").iterdir()) == [name, name]


async def torn(folder: Path, spool: FolderSpool) -> None:
    """Leave what a process leaves that is killed in the middle of a put."""
    name = await spool.put(ENVELOPE, "")
    (folder / f"{name}.json").rename(folder / f"{name}.new")
    (folder / f"{name}.new").write_bytes(b"")


async def test_what_was_never_put_does_not_wait(spool: FolderSpool, tmp_path: Path) -> None:
    await torn(tmp_path / "spool", spool)
    assert await spool.waiting() == ()


async def test_what_was_never_put_is_swept_after_an_hour(
    spool: FolderSpool, tmp_path: Path
) -> None:
    await torn(tmp_path / "spool", spool)
    name = await spool.put(ENVELOPE, "")
    for path in (tmp_path / "spool").iterdir():
        os.utime(path, (0, 0))
    await spool.waiting()
    left = set(os.listdir(tmp_path / "spool"))  # noqa: PTH208
    assert left == {f"{name}.eml", f"{name}.json"}


async def test_what_may_still_be_put_is_not_swept(spool: FolderSpool, tmp_path: Path) -> None:
    await torn(tmp_path / "spool", spool)
    await spool.waiting()
    assert len(os.listdir(tmp_path / "spool")) == 2  # noqa: PTH208
