"""Where octets wait while the store is away (D-3): a folder, two files a message.

`<name>.eml` holds the octets, `<name>.json` what SMTP said, why it waits, and how the relay ended.
The second gets its name last, when it is whole: what has none was never put, and is swept.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from gateway.model.envelope import Direction, Envelope, Relayed, RelayState, Reply
from gateway.store.described import envelope_text, read_envelope
from gateway.store.files import sync_folder, write_durably
from gateway.store.rows import from_json, micros, moment, to_json

_SWEEP_AFTER_S = 3600.0


class _Spooled(msgspec.Struct, frozen=True):
    """What stands beside the octets."""

    route: str
    direction: str
    received_at: int
    envelope: msgspec.Raw
    sha256: bytes
    reason: str
    state: str = ""
    reply_code: int | None = None
    reply_text: tuple[str, ...] = ()
    sha256_out: bytes = b""


class FolderSpool:
    """A Spool on a folder. The file system is asked in threads, one caller at a time."""

    def __init__(
        self, folder: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._folder = folder
        self._clock = clock

    async def put(self, envelope: Envelope, reason: str) -> str:
        """Keep the envelope and its octets durably; return the name. Raises OSError."""
        name = f"{micros(self._clock()):016x}-{secrets.token_hex(4)}"
        spooled = _Spooled(
            envelope.route,
            envelope.direction,
            micros(envelope.received_at),
            msgspec.Raw(envelope_text(envelope).encode()),
            envelope.content.sha256,
            reason,
        )
        await asyncio.to_thread(self._put, name, envelope, spooled)
        return name

    async def settle(self, name: str, relayed: Relayed) -> None:
        """Note how the relay ended beside what waits. Raises OSError."""
        await asyncio.to_thread(self._settle, name, relayed)

    async def waiting(self) -> Sequence[str]:
        """Return the names of what waits, oldest first. Raises OSError."""
        return await asyncio.to_thread(self._waiting)

    async def take(self, name: str) -> tuple[Envelope, Relayed | None, str] | None:
        """Return envelope with octets, relay result and reason; None when it is unreadable."""
        return await asyncio.to_thread(self._take, name)

    async def drop(self, name: str) -> None:
        """Forget it: it has been decided. Raises OSError."""
        await asyncio.to_thread(self._drop, name)

    def _put(self, name: str, envelope: Envelope, spooled: _Spooled) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        octets, said = self._paths(name)
        fresh = said.with_suffix(".new")
        try:
            write_durably(octets, envelope.content.octets)
            write_durably(fresh, to_json(spooled).encode())
            fresh.replace(said)
            sync_folder(self._folder)
        except BaseException:
            for path in (said, fresh, octets):
                with suppress(OSError):
                    path.unlink()
            raise

    def _settle(self, name: str, relayed: Relayed) -> None:
        _, said = self._paths(name)
        reply = relayed.reply
        spooled = msgspec.structs.replace(
            from_json(said.read_bytes(), _Spooled),
            state=relayed.state,
            reply_code=reply.code if reply else None,
            reply_text=reply.text if reply else (),
            sha256_out=relayed.sha256_out,
        )
        fresh = said.with_suffix(".new")
        write_durably(fresh, to_json(spooled).encode())
        fresh.replace(said)
        sync_folder(self._folder)

    def _waiting(self) -> tuple[str, ...]:
        if not self._folder.exists():
            return ()
        self._sweep()
        return tuple(sorted(path.stem for path in self._folder.glob("*.json")))

    def _sweep(self) -> None:
        """Remove what a process left that ended in the middle of a put or of a settle."""
        long_ago = time.time() - _SWEEP_AFTER_S
        for path in self._folder.iterdir():
            lone = path.suffix == ".eml" and not path.with_suffix(".json").exists()
            with suppress(FileNotFoundError):
                if (lone or path.suffix == ".new") and path.stat().st_mtime < long_ago:
                    path.unlink()

    def _take(self, name: str) -> tuple[Envelope, Relayed | None, str] | None:
        octets, said = self._paths(name)
        try:
            spooled = from_json(said.read_bytes(), _Spooled)
            content = octets.read_bytes()
            envelope = read_envelope(
                bytes(spooled.envelope),
                spooled.route,
                Direction(spooled.direction),
                moment(spooled.received_at),
                content,
                spooled.sha256,
            )
        except (OSError, msgspec.MsgspecError, ValueError):
            return None
        if sha256(content).digest() != spooled.sha256:
            return None
        return envelope, _relayed(spooled), spooled.reason

    def _drop(self, name: str) -> None:
        octets, said = self._paths(name)
        said.unlink(missing_ok=True)
        octets.unlink(missing_ok=True)
        sync_folder(self._folder)

    def _paths(self, name: str) -> tuple[Path, Path]:
        return self._folder / f"{name}.eml", self._folder / f"{name}.json"


def _relayed(spooled: _Spooled) -> Relayed | None:
    if not spooled.state:
        return None
    reply = None
    if spooled.reply_code is not None:
        reply = Reply(spooled.reply_code, tuple(spooled.reply_text))
    return Relayed(RelayState(spooled.state), reply, spooled.sha256_out)
