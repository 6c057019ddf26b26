"""Backups: made beside a gateway that goes on, checked whole, put back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.interfaces import StoreBusyError
from gateway.store.backup import BackupError, Places, back_up, check, restore, vacuum
from gateway.store.entries import Entries
from gateway.store.spool import FolderSpool, unreadable
from gateway.store.sqlite import SqliteStore
from tests.store.office import Clock, Office, letter


def places(office: Office) -> Places:
    return Places(office.path, office.path.parent / "spool")


async def test_a_backup_holds_record_octets_and_spool(office: Office, tmp_path: Path) -> None:
    for number in range(3):
        await office.log(letter(number))
    await office.log(letter(3, text="x" * 300_000))
    await FolderSpool(tmp_path / "spool").put(office.envelope(letter(4)), "store-unavailable")
    made = back_up(places(office), tmp_path / "copy")
    assert (made.entries, made.contents) == (4, 4)
    assert check(tmp_path / "copy") == made
    assert len(list((tmp_path / "copy" / "spool").iterdir())) == 2


async def test_a_backup_holds_what_was_damaged_in_the_spool(office: Office, tmp_path: Path) -> None:
    spool = FolderSpool(tmp_path / "spool")
    name = await spool.put(office.envelope(letter(1)), "store-unavailable")
    (tmp_path / "spool" / f"{name}.json").write_bytes(b"{}")
    await spool.take(name)
    back_up(places(office), tmp_path / "copy")
    assert unreadable(tmp_path / "copy" / "spool") == 1


async def test_a_backup_is_made_while_mail_is_recorded(office: Office, tmp_path: Path) -> None:
    async def record() -> None:
        for number in range(200):
            await office.log(letter(number))

    recording = asyncio.ensure_future(record())
    await asyncio.to_thread(back_up, places(office), tmp_path / "copy")
    await recording
    assert check(tmp_path / "copy").entries <= 200


async def test_what_was_restored_is_there_again(
    office: Office, tmp_path: Path, clock: Clock
) -> None:
    entry = await office.log(letter(1))
    back_up(places(office), tmp_path / "copy")
    await office.log(letter(2))
    office.store.close()  # type: ignore[attr-defined]
    restore(tmp_path / "copy", places(office))
    with Entries(office.path, clock=clock) as entries:
        assert [found.entry_id for found in entries.search()] == [entry]
    store = SqliteStore.open(office.path, clock=clock)
    kept = await store.kept(entry)
    store.close()
    assert kept is not None
    assert bytes(kept.envelope.content.octets) == letter(1)


async def test_what_was_there_before_is_kept_beside(office: Office, tmp_path: Path) -> None:
    back_up(places(office), tmp_path / "copy")
    office.store.close()  # type: ignore[attr-defined]
    restore(tmp_path / "copy", places(office))
    names = [path.name for path in tmp_path.iterdir()]  # noqa: ASYNC240 - a test
    assert sum(name.startswith("store.sqlite.before-") for name in names) == 1


async def test_nothing_is_restored_under_a_running_gateway(office: Office, tmp_path: Path) -> None:
    back_up(places(office), tmp_path / "copy")
    with pytest.raises(StoreBusyError, match="Stop it"):
        restore(tmp_path / "copy", places(office))


async def test_octets_that_changed_are_found(office: Office, tmp_path: Path) -> None:
    await office.log(letter(1))
    back_up(places(office), tmp_path / "copy")
    (segment,) = (tmp_path / "copy" / "blobs" / "segments").iterdir()
    segment.write_bytes(segment.read_bytes()[:-1] + b"?")
    with pytest.raises(BackupError, match="is not what it was"):
        check(tmp_path / "copy")


async def test_a_damaged_record_is_found(office: Office, tmp_path: Path) -> None:
    for number in range(50):
        await office.log(letter(number))
    back_up(places(office), tmp_path / "copy")
    copy = tmp_path / "copy" / "replygate.db"
    octets = bytearray(copy.read_bytes())
    octets[8192:20_000] = b"\xff" * (20_000 - 8192)
    copy.write_bytes(octets)
    with pytest.raises((BackupError, StoreBusyError), match=r"damaged"):
        check(tmp_path / "copy")


def test_a_folder_without_its_last_file_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="no whole backup"):
        check(tmp_path)


async def test_octets_that_went_meanwhile_are_said_to_be_gone(
    office: Office, tmp_path: Path, clock: Clock
) -> None:
    entry = await office.log(letter(1, text="x" * 300_000))
    for path in (tmp_path / "store.sqlite-blobs" / "large").iterdir():
        path.unlink()
    back_up(places(office), tmp_path / "copy")
    assert check(tmp_path / "copy").contents == 0
    with Entries(tmp_path / "copy" / "replygate.db", clock=clock) as entries:
        found = entries.find(entry)
    assert found is not None
    assert not found.kept


async def test_nobody_else_may_read_a_backup(office: Office, tmp_path: Path) -> None:
    await office.log(letter(1))
    back_up(places(office), tmp_path / "copy")
    modes = {path.stat().st_mode & 0o077 for path in (tmp_path / "copy").rglob("*.db")}
    assert modes == {0}
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0


async def test_free_pages_are_given_back_beside_a_gateway(office: Office) -> None:
    for number in range(300):
        await office.log(letter(number))
    with office.registry() as registry:
        (before,) = registry._connection.execute("PRAGMA page_count").fetchone()
        registry._connection.execute("DELETE FROM words")
        registry._connection.execute("DELETE FROM attachments")
        registry._connection.execute("DELETE FROM decisions")
    assert list(vacuum(office.path, pages=4))[-1] == 0
    assert office.path.stat().st_size < before * 4096
    await office.log(letter("after"))
