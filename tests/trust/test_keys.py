"""Keys are looked up in time, once, and what is not known is not taken for absent."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.trust.keys import Found, Keys, make_resolver
from tests.trust.name_server import BROKEN, SILENT, name_server

KEY = "v=DKIM1; p=AAAA"
NAME = "s._domainkey.example.com"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_key_is_found() -> None:
    async with name_server({NAME: KEY}) as server:
        keys = Keys(make_resolver([server.address]))
        assert await keys.look_up([NAME]) == {NAME: Found(KEY.encode())}


async def test_key_of_many_strings_is_joined() -> None:
    key = KEY + "B" * 700
    async with name_server({NAME: key}) as server:
        keys = Keys(make_resolver([server.address]))
        assert await keys.look_up([NAME]) == {NAME: Found(key.encode())}


async def test_long_key_comes_by_tcp() -> None:
    key = KEY + "B" * 1500
    async with name_server({NAME: key}) as server:
        keys = Keys(make_resolver([server.address]))
        assert await keys.look_up([NAME]) == {NAME: Found(key.encode())}


async def test_overlong_record_is_no_key() -> None:
    async with name_server({NAME: KEY + "B" * 3000}) as server:
        keys = Keys(make_resolver([server.address]))
        assert await keys.look_up([NAME]) == {NAME: Found(b"")}


async def test_record_without_key_is_no_key() -> None:
    async with name_server({NAME: "v=spf1 -all"}) as server:
        keys = Keys(make_resolver([server.address]))
        assert await keys.look_up([NAME]) == {NAME: Found(b"")}


async def test_missing_name_has_no_key() -> None:
    async with name_server({}) as server:
        keys = Keys(make_resolver([server.address]))
        assert await keys.look_up([NAME]) == {NAME: Found(b"", answered=True)}


async def test_broken_server_is_no_answer() -> None:
    async with name_server({NAME: BROKEN}) as server:
        keys = Keys(make_resolver([server.address]))
        assert await keys.look_up([NAME]) == {NAME: Found(b"", answered=False)}


async def test_silent_server_is_no_answer_after_the_deadline() -> None:
    async with name_server({NAME: SILENT}) as server:
        keys = Keys(make_resolver([server.address]), deadline_s=0.05)
        assert await keys.look_up([NAME]) == {NAME: Found(b"", answered=False)}


async def test_without_resolver_nobody_answers() -> None:
    assert await Keys(None).look_up([NAME]) == {NAME: Found(b"", answered=False)}


@pytest.mark.parametrize("name", ["", "a", "a..b", "a b.c", "x" * 64 + ".com", "é.example.com"])
async def test_name_that_is_none_is_not_asked_for(name: str) -> None:
    async with name_server({}) as server:
        await Keys(make_resolver([server.address])).look_up([name])
        assert server.asked == []


@pytest.mark.parametrize("record", [KEY, None, BROKEN])
async def test_answer_is_kept(record: str | None) -> None:
    async with name_server({NAME: record} if record else {}) as server:
        keys = Keys(make_resolver([server.address]), clock=Clock())
        first = await keys.look_up([NAME])
        asked = len(server.asked)
        assert (await keys.look_up([NAME]), len(server.asked)) == (first, asked)


@pytest.mark.parametrize(("record", "after_s"), [(KEY, 301), (None, 301), (BROKEN, 11)])
async def test_answer_is_asked_for_again_when_it_is_old(record: str | None, after_s: int) -> None:
    async with name_server({NAME: record} if record else {}) as server:
        clock = Clock()
        keys = Keys(make_resolver([server.address]), clock=clock)
        await keys.look_up([NAME])
        asked = len(server.asked)
        clock.now += after_s
        await keys.look_up([NAME])
        assert len(server.asked) > asked


async def test_name_is_asked_once_by_many() -> None:
    async with name_server({NAME: KEY}) as server:
        keys = Keys(make_resolver([server.address]))
        await asyncio.gather(*(keys.look_up([NAME, NAME.upper()]) for _ in range(20)))
        assert server.asked == [NAME]


async def test_who_gives_up_does_not_take_the_answer_from_others() -> None:
    async with name_server({NAME: KEY}) as server:
        keys = Keys(make_resolver([server.address]))
        hasty = asyncio.create_task(keys.look_up([NAME]))
        patient = asyncio.create_task(keys.look_up([NAME]))
        await asyncio.sleep(0)
        hasty.cancel()
        assert await patient == {NAME: Found(KEY.encode())}


async def test_oldest_answer_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.trust.keys.CACHE_NAMES", 1)
    async with name_server({NAME: KEY, f"t.{NAME}": KEY}) as server:
        keys = Keys(make_resolver([server.address]))
        for name in (NAME, f"t.{NAME}", NAME):
            await keys.look_up([name])
        assert server.asked == [NAME, f"t.{NAME}", NAME]


async def test_close_gives_up_what_is_asked() -> None:
    async with name_server({NAME: SILENT}) as server:
        keys = Keys(make_resolver([server.address]))
        asking = asyncio.create_task(keys.look_up([NAME]))
        await server.was_asked.wait()
        await keys.close()
        with pytest.raises(asyncio.CancelledError):
            await asking


async def test_longest_name_is_asked_for() -> None:
    name = ".".join(["x" * 60] * 4 + ["x" * 8, "x"])
    async with name_server({}) as server:
        keys = Keys(make_resolver([server.address]))
        assert await keys.look_up([name]) == {name: Found()}


def test_resolver_of_the_system_is_taken_without_servers(tmp_path: Path) -> None:
    (tmp_path / "resolv.conf").write_text("nameserver 192.0.2.53\n")
    resolver = make_resolver(file=str(tmp_path / "resolv.conf"))
    assert resolver is not None
    assert resolver.nameservers == ["192.0.2.53"]


def test_machine_without_name_servers_has_no_resolver(tmp_path: Path) -> None:
    assert make_resolver(file=str(tmp_path / "missing")) is None
