"""Two threads that a person makes one."""

from __future__ import annotations

import pytest

from gateway.store.entries import Entries
from gateway.store.faults import AlreadyKnownError, UnknownEntryError
from gateway.store.linking import Linker
from tests.store.office import Office, letter


async def test_threads_are_one_after_and_what_is_stopped_waits(office: Office) -> None:
    first = await office.log(letter(1))
    other = await office.record(letter(2))
    with Linker(office.path, clock=office.clock) as linker:
        linker.link(other, first)
        with pytest.raises(AlreadyKnownError, match="one thread already"):
            linker.link(other, first)
    with Entries(office.path, clock=office.clock) as record:
        one, two = record.find(first), record.find(other)
    assert one is not None
    assert two is not None
    assert one.thread_id == two.thread_id


async def test_what_is_not_there_is_not_linked(office: Office) -> None:
    first = await office.log(letter(1))
    with Linker(office.path, clock=office.clock) as linker, pytest.raises(UnknownEntryError):
        linker.link("0000000000000001", first)
