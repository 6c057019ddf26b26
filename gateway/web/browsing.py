"""Lists of mail by key where the record has none: what a member may see, and what a company got.

The index of the search knows whose each message is, newest first. It tells where to look; the
record says what holds. While the index is still being made, the record is read through instead.
"""

from __future__ import annotations

from functools import partial

from gateway.store.rows import FOREVER, entry_name, entry_number, micros
from gateway.store.search_index import SearchIndex, document_at, of_contact
from gateway.store.views import Line, Wanted
from gateway.web.desk import Visit
from gateway.web.finding import MOST_LOOKED_AT, OWNED_LIMIT, STRETCH, catch_up, finders


def browse(
    visit: Visit, wanted: Wanted, after: str = "", count: int = 50
) -> tuple[list[Line], str]:
    """Return a page of what the viewer may see, newest first, and the key of the next one.

    Where little fits, a page may hold less than `count`, or nothing, and still have a next one.
    """
    scope = visit.viewer.scope
    by_record = wanted.contact is not None or wanted.thread is not None
    by_record = by_record or (scope is None and not wanted.domain)
    if by_record or not catch_up(visit.config):
        return visit.views.page(wanted, scope, after, count)
    found: list[Line] = []
    with SearchIndex(visit.config.gateway.state) as index:
        ask = _question(visit, index, wanted)
        since = document_at(micros(wanted.since)) if wanted.since else 0
        document = _document(index, after, wanted)
        for _ in range(MOST_LOOKED_AT // STRETCH):
            hits = ask(after=document, since=since, count=STRETCH)
            lines = visit.views.told([entry for _, entry in hits], wanted, scope) if hits else {}
            found += [lines[entry][0] for _, entry in hits if entry in lines]
            if len(found) > count:
                return found[:count], found[count - 1].key
            if len(hits) < STRETCH:
                return found, ""
            document = hits[-1][0]
    return found, f"{document * 1000}-{entry_name(0)}"


def _question(visit: Visit, index: SearchIndex, wanted: Wanted) -> partial[list[tuple[int, int]]]:
    """Return what asks the index for a stretch."""
    whose = finders(visit.views, visit.viewer)
    if not wanted.domain and whose is not None:
        return partial(index.find_own, whose)
    own = visit.views.owned(visit.viewer.key, OWNED_LIMIT, wanted.domain) if whose else []
    return partial(index.find_company, wanted.domain, whose, [of_contact(one) for one in own])


def _document(index: SearchIndex, after: str, wanted: Wanted) -> int:
    """Return the document that a page begins after."""
    start, _, name = after.partition("-")
    number = entry_number(name)
    document = index.document(number) if number is not None else None
    if document is None and start.isdecimal() and len(start) < 19:
        document = document_at(int(start))
    document = FOREVER if document is None else document
    return min(document, document_at(micros(wanted.until))) if wanted.until else document
