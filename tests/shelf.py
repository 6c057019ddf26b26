"""A sink that keeps what it is told, and fails as it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway.model.handover import Parcel

Fault = Callable[[Parcel], Exception | None]


class Shelf:
    """Keeps parcels in memory."""

    def __init__(self, name: str = "shelf") -> None:
        self.name = name
        self.parcels: list[Parcel] = []
        self.asked = 0
        self.fault: Fault = lambda _: None

    async def push(self, parcel: Parcel) -> str:
        self.asked += 1
        if (error := self.fault(parcel)) is not None:
            raise error
        self.parcels.append(parcel)
        return f"shelf-{parcel.push.entry_id}"

    async def close(self) -> None:
        """Nothing is open."""

    @property
    def kinds(self) -> list[str]:
        return [str(parcel.push.kind) for parcel in self.parcels]


class DeafShelf(Shelf):
    """Is asked, and never answers."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = asyncio.Event()

    async def push(self, parcel: Parcel) -> str:
        self.heard.set()
        await asyncio.Event().wait()
        return await super().push(parcel)
