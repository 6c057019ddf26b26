"""Where the octets of one message gather: header fields one by one, the body in large pieces.

Design notes: small pieces are joined before they are hashed, counted and kept, so that a header
section costs what one piece costs. What was counted of false ends of data (D-6) is for the record
only: the MTA has the message already.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from gateway.intake.keeper import Keeper
from gateway.intake.tally import Tally
from gateway.model.envelope import Content

PIECE_OCTETS: Final = 65_535
"""What an MTA shows at once of a large body: such a piece is taken as it came."""


class Gathering:
    """The content of one message, unstuffed as the MTA shows it."""

    def __init__(self, folder: Path) -> None:
        self._waiting: list[bytes] = []
        self._waiting_size = 0
        self._size = 0
        self._digest = hashlib.sha256()
        self._tally = Tally()
        self._keeper = Keeper(folder)

    def add(self, octets: bytes) -> None:
        """Take more octets. Raises OSError when they cannot be kept."""
        self._waiting.append(octets)
        self._waiting_size += len(octets)
        if self._waiting_size >= PIECE_OCTETS:
            piece = b"".join(self._waiting)
            # A piece must not end between CR and LF, or the LF would count as a bare one.
            held = piece.endswith(b"\r")
            self._take(piece[:-1] if held else piece)
            self._waiting = [b"\r"] if held else []
            self._waiting_size = len(self._waiting)

    def finish(self) -> Content:
        """Return all of it. Raises OSError."""
        self._take(b"".join(self._waiting))
        self._waiting.clear()
        octets = self._keeper.octets()
        return Content(octets, self._size, self._digest.digest(), self._tally.traits)

    def close(self) -> None:
        """Forget what was kept; a content that was returned lives on by itself."""
        self._waiting.clear()
        self._keeper.drop()

    def _take(self, piece: bytes) -> None:
        if not piece:
            return
        self._size += len(piece)
        self._digest.update(piece)
        stuffed = piece.replace(b"\r\n.", b"\r\n..") if b"\r\n." in piece else piece
        self._tally.feed(piece, stuffed)
        self._keeper.write(piece)
