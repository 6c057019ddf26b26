"""Who waits for what others write hears of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from gateway.model.place import ServedPath
from gateway.store.postgres.news import wait_for_news
from gateway.store.views import Views
from tests.store.office import Office, letter
from tests.store.postgres.conftest import Nodes


async def test_what_a_node_records_is_heard_at_once(two: tuple[Office, Office]) -> None:
    first, second = two
    path = second.path
    assert isinstance(path, ServedPath)
    waiting = asyncio.ensure_future(asyncio.to_thread(wait_for_news, path, 20.0))
    number = 0
    while not waiting.done():
        # It may not listen yet when the first ones come.
        await first.record(letter(number))
        number += 1
    assert await waiting


def test_without_any_news_the_time_passes(node: Nodes) -> None:
    path = node("first").path
    assert isinstance(path, ServedPath)
    while wait_for_news(path, 0.1):
        # That it was opened may be heard still.
        continue


async def test_a_later_entry_has_a_higher_number_whatever_the_clocks_say(node: Nodes) -> None:
    first, second = node("first"), node("second")
    numbers = []
    for number, one in enumerate((first, second, first, second)):
        one.clock.now += timedelta(minutes=-1 if one is second else 1)
        numbers.append(await one.record(letter(number)))
    assert numbers == sorted(numbers)
    with Views(first.path, clock=first.clock) as views:
        lines = views.since_entry(int(numbers[0], 16))
    assert [line.entry_id for line in lines] == numbers[1:]
