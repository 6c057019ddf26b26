"""The file of lines: rotation, torn lines, full disks."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from gateway.interfaces import SinkUnavailableError
from gateway.sinks.jsonl import JsonlSink
from tests.sinks.parcels import logged


async def test_a_line_says_all_that_a_reader_needs(tmp_path: Path) -> None:
    await JsonlSink("file", tmp_path / "told").push(logged())
    event = json.loads((tmp_path / "told").read_text())
    assert (event["id"], event["type"], event["ordering_key"]) == ("evt_1", "email.logged", "77")
    assert event["data"]["contacts"] == [{"address": "ann@client.example", "name": "Ann Archer"}]
    assert [one["address"] for one in event["data"]["cc"]] == ["dan@client.example"]
    assert event["data"]["attachments"][0]["name"] == "offer.pdf"


async def test_a_file_that_was_moved_away_is_made_anew(tmp_path: Path) -> None:
    sink = JsonlSink("file", tmp_path / "told")
    await sink.push(logged())
    (tmp_path / "told").rename(tmp_path / "told.1")
    await sink.push(logged())
    assert len((tmp_path / "told").read_text().splitlines()) == 1
    assert len((tmp_path / "told.1").read_text().splitlines()) == 1


async def test_a_torn_line_spoils_no_other(tmp_path: Path) -> None:
    (tmp_path / "told").write_text('{"id": "evt_0", "ty')
    await JsonlSink("file", tmp_path / "told").push(logged())
    torn, whole = (tmp_path / "told").read_text().splitlines()
    assert torn == '{"id": "evt_0", "ty'
    assert json.loads(whole)["id"] == "evt_1"


async def test_many_at_once_write_whole_lines(tmp_path: Path) -> None:
    sinks = [JsonlSink("file", tmp_path / "told") for _ in range(4)]
    await asyncio.gather(*(sink.push(logged()) for sink in sinks * 5))
    lines = (tmp_path / "told").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["evt_1"] * 20


async def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    await JsonlSink("file", tmp_path / "told").push(logged())
    assert (tmp_path / "told").stat().st_mode & 0o077 == 0


async def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SinkUnavailableError, match="Check its folder"):
        await JsonlSink("file", tmp_path / "none" / "told").push(logged())


async def test_a_full_disk_is_said() -> None:
    with pytest.raises(SinkUnavailableError, match="cannot be written"):
        await JsonlSink("file", Path("/dev/full")).push(logged())
