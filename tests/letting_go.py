"""What is left of things that nobody holds any more, while no garbage is looked for."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Left:
    """How many more things of some kinds there are than at the beginning."""

    def __init__(self, *kinds: type) -> None:
        self._kinds = frozenset(kinds)
        self._before = self._found()

    def now(self) -> dict[str, int]:
        """Return their number by kind; nothing of a kind when none is left."""
        return {kind.__name__: count for kind, count in (self._found() - self._before).items()}

    def _found(self) -> Counter[type]:
        return Counter(type(one) for one in gc.get_objects() if type(one) in self._kinds)


@contextmanager
def nothing_collected(*kinds: type) -> Iterator[Left]:
    """Let things of these kinds go by themselves, or not at all."""
    gc.collect()
    gc.disable()
    try:
        yield Left(*kinds)
    finally:
        gc.enable()
