"""Letters made in bulk are found like letters that came."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.store.search_index import Finders, SearchIndex
from gateway.store.speech import Speech
from gateway.store.sqlite import SqliteStore
from gateway.store.terms import terms_of
from gateway.store.views import Views, Wanted
from gateway.web.finding import catch_up
from tests.bench import bulk, probes
from tests.bench.scale import config_of, grow

COUNT = 2000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that grew twice, and the index of its search."""
    state = tmp_path_factory.mktemp("bulk") / "state"
    config = config_of(state)
    grow(config, 0, COUNT // 2)
    grow(config, COUNT // 2, COUNT)
    return state


@pytest.fixture
def views(folder: Path) -> Iterator[Views]:
    """Its record, read for people."""
    with Views(config_of(folder).store_path) as made:
        yield made


async def test_a_reply_to_a_bulk_letter_finds_its_thread(folder: Path) -> None:
    thread = COUNT // bulk.THREAD - bulk.KNOWN
    path = config_of(folder).store_path
    with closing(SqliteStore.open(path, domains=frozenset({bulk.DOMAIN}))) as store:
        lookup = probes.lookup(store, thread, 1)
        known = (await store.recall(lookup)).threads
    assert [one.thread_id for one in known] == [thread + 1]
    assert known[0].parent is not None
    assert known[0].parent.message_id == bulk.message_id((thread + 1) * bulk.THREAD - 1)
    assert [one.primary for one in known[0].contacts] == [bulk.person(bulk.person_of(thread))]


def test_every_letter_is_there_once(views: Views) -> None:
    lines, _ = views.page(Wanted(), None, count=COUNT + 1)
    assert len({line.entry_id for line in lines}) == len(lines) == COUNT


def test_every_hundredth_letter_is_of_the_first_contact(views: Views) -> None:
    lines, _ = views.page(Wanted(contact=1), None, count=COUNT)
    assert len(lines) >= COUNT // 100


def test_the_search_has_nothing_left_to_do_for_bulk_letters(folder: Path) -> None:
    assert catch_up(config_of(folder), most=1)


def test_the_index_holds_what_the_gateway_would_put_there(folder: Path) -> None:
    config = config_of(folder)
    entry = bulk.entry_at(COUNT - 7)
    with Speech(config.store_path) as speech, SearchIndex(folder) as index:
        (spoken,) = speech.these([entry])
        words = [*terms_of(" ".join(spoken.said)), *terms_of(" ".join(spoken.known))]
        asked = [f'"{word}"' for word in words]
        found = [index.find(asked, None, count=COUNT)]
        found += [index.find(asked[:1], Finders(mark), count=COUNT) for mark in spoken.may]
    assert all(entry in {number for _, number in some} for some in found)


async def test_pages_are_measured_on_either_kind_of_question(folder: Path) -> None:
    found = await probes.pages(config_of(folder), COUNT, random.Random(1), asked=2)
    assert all(times.p50 > 0 for times in found.values())


def test_the_number_of_an_entry_follows_from_that_of_its_letter(views: Views) -> None:
    newest, _ = views.page(Wanted(), None, count=1)
    assert int(newest[0].entry_id, 16) == bulk.entry_at(COUNT - 1)
