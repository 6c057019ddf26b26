"""Reads `[notices]`: who tells users why a copy was not logged, and by which way."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.config.settings import Listener, Notices
from gateway.config.tables import Table, Tables

_PATH = ("notices",)


def read_notices(tables: Tables, table: Table, listeners: Sequence[Listener]) -> Notices:
    """Return the settings of notices; none are sent where the table is absent."""
    found = tables.settings(Notices, table, _PATH) or Notices()
    if found.address is not None and not found.way_out(listeners):
        problem = "there is no next hop to send by: write next_hop."
        tables.say((*_PATH, "address"), f"[notices] address: {problem}")
    return found
