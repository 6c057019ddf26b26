"""The registry's part about switches that are set over the configuration, with who set them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from gateway.model.directory import Switched
from gateway.rules.switches import read_value
from gateway.store.book import Book
from gateway.store.directory import read_switches
from gateway.store.faults import NotListedError
from gateway.store.rows import moment

NAME = "switches"
"""The setting that holds them: one text, all of it read with the directory."""
_SET = (
    "INSERT INTO settings (name, value) VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


class SwitchBook(Book):
    """Switches over those of the configuration; a running gateway takes them up at once."""

    def list_switches(self) -> tuple[Switched, ...]:
        """Return what is set over the configuration, in the order in which it was set."""
        row = self._one("SELECT value FROM settings WHERE name = ?", NAME)
        return read_switches(row[0]) if row else ()

    def set_switch(self, name: str, value: str, by: str, *, at: datetime | None = None) -> None:
        """Set a switch to a value, written as JSON. Raises SwitchError."""
        read_value(name, value)
        others = [one for one in self.list_switches() if one.name != name]
        self._write([*others, Switched(name, value, by, moment(self._at(at)))])

    def undo_switch(self, name: str) -> None:
        """Let the configuration hold again. Raises NotListedError."""
        known = self.list_switches()
        others = [one for one in known if one.name != name]
        if len(others) == len(known):
            raise NotListedError(f"{name} is not set over the configuration. See: replygate policy")
        self._write(others)

    def _write(self, switched: Sequence[Switched]) -> None:
        with self._change() as change:
            change.execute(_SET, (NAME, msgspec.json.encode(switched).decode()))
