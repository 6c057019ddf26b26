"""Where octets wait while the store is away (D-3): a folder, two files a message.

`<name>.eml` holds the octets, `<name>.json` what SMTP said, why it waits, and how the relay ended.
The second gets its name last, when it is whole: what has none was never put, and is swept. What
was damaged since is set aside, in `unreadable`, where it stays until a person has looked at it.
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

from gateway.interfaces import UNREADABLE
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
        self,
        folder: Path,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        complain: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._complain = complain
        self._complained: set[str] = set()

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
        """Return envelope with octets, relay result and reason; None when it is unreadable.

        Then it is set aside and complained of, or complained of once if that cannot be done.
        """
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
            return _read(octets, said)
        except FileNotFoundError:
            # Without the first file it is nobody's any more: decided or erased meanwhile.
            if said.exists():
                self._set_aside(name, "its octets are gone")
        except (msgspec.MsgspecError, TypeError, ValueError) as error:
            self._set_aside(name, str(error))
        except OSError as error:
            self._complain_once(name, f"{name} cannot be read now and stays in the spool: {error}")
        return None

    def _set_aside(self, name: str, why: str) -> None:
        """Move its files to where they are in nobody's way; none of them is lost."""
        aside = self._folder / UNREADABLE
        try:
            aside.mkdir(mode=0o700, exist_ok=True)
            for path in self._paths(name):
                with suppress(FileNotFoundError):
                    path.rename(aside / path.name)
            sync_folder(aside)
            sync_folder(self._folder)
        except OSError as error:
            said = f"{name} in the spool is unreadable ({why}) and cannot be set aside: {error}"
            self._complain_once(name, said)
        else:
            self._complain(f"{name} in the spool is unreadable ({why}) and was put in {aside}")

    def _complain_once(self, name: str, said: str) -> None:
        if name not in self._complained:
            self._complained.add(name)
            self._complain(said)

    def _drop(self, name: str) -> None:
        octets, said = self._paths(name)
        said.unlink(missing_ok=True)
        octets.unlink(missing_ok=True)
        sync_folder(self._folder)

    def _paths(self, name: str) -> tuple[Path, Path]:
        return self._folder / f"{name}.eml", self._folder / f"{name}.json"


def unreadable(folder: Path) -> int:
    """Return how many messages of this spool were set aside."""
    aside = folder / UNREADABLE
    return len({path.stem for path in aside.iterdir()}) if aside.is_dir() else 0


def _read(octets: Path, said: Path) -> tuple[Envelope, Relayed | None, str]:
    """Return what two files hold.

    Raises OSError, and MsgspecError, TypeError or ValueError when they were damaged.
    """
    spooled = from_json(said.read_bytes(), _Spooled)
    content = octets.read_bytes()
    if sha256(content).digest() != spooled.sha256:
        raise ValueError("its octets are not those that were put")
    envelope = read_envelope(
        bytes(spooled.envelope),
        spooled.route,
        Direction(spooled.direction),
        moment(spooled.received_at),
        content,
        spooled.sha256,
    )
    return envelope, _relayed(spooled), spooled.reason


def _relayed(spooled: _Spooled) -> Relayed | None:
    if not spooled.state:
        return None
    reply = None
    if spooled.reply_code is not None:
        reply = Reply(spooled.reply_code, tuple(spooled.reply_text))
    return Relayed(RelayState(spooled.state), reply, spooled.sha256_out)
