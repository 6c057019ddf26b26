"""The milter protocol: octets of the MTA become events, our answers become octets.

Pure, in the manner of h11: no socket, no clock, and no octets make it raise anything but
ProtocolError.

Standards: there is none. Sendmail's libmilter (`mfdef.h`) names commands and flags, and
Postfix (`milter8.c`) does as it does. A frame is the size of what follows as an unsigned
32-bit number, a command octet, and its arguments.

Design notes: what a message has many of is a `Struct` (D-23). Octets are read where they came, and
are put together only for a frame that did not come whole.

Limits: a frame is at most 1 MiB, which is the largest that Sendmail can be built for; a
header field over that ends the connection, and the MTA goes on without us.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntFlag
from functools import lru_cache

from msgspec import Struct

FRAME_LIMIT = 1_048_576 + 1
"""Octets of a frame after its size: the command and 1 MiB of arguments."""
VERSION = 6
OLDEST_VERSION = 2
TOLD_AGAIN_OCTETS = 128
"""Macros that are longer are read each time."""
_SIZE = struct.Struct("!I")
_NEGOTIATION = struct.Struct("!III")


class ProtocolError(Exception):
    """The MTA's side broke the protocol; nothing more can be read from this connection."""


class Actions(IntFlag):
    """What a filter may ask of the MTA at the end of a message (SMFIF_*)."""

    NONE = 0
    DELETE_RECIPIENT = 0x8


class Steps(IntFlag):
    """What a filter does without, and how it wants to be talked to (SMFIP_*)."""

    NONE = 0
    NO_UNKNOWN = 0x100
    NO_REPLY_HEADER = 0x80
    NO_REPLY_CONNECT = 0x1000
    NO_REPLY_HELO = 0x2000
    NO_REPLY_MAIL = 0x4000
    NO_REPLY_RCPT = 0x8000
    NO_REPLY_DATA = 0x10000
    NO_REPLY_UNKNOWN = 0x20000
    NO_REPLY_END_OF_HEADER = 0x40000
    NO_REPLY_BODY = 0x80000
    LEADING_SPACE = 0x100000
    """The white space after the colon of a header field is sent as it is."""


@dataclass(frozen=True, slots=True)
class Negotiate:
    """What the MTA can do; the first command of every connection."""

    version: int
    actions: Actions
    steps: Steps


@dataclass(frozen=True, slots=True)
class Macros:
    """What the MTA knows at a stage of the dialogue; sent before the command of that stage."""

    stage: bytes
    """The command octet that it goes with."""
    values: Mapping[str, str]
    """By name, without braces."""


@dataclass(frozen=True, slots=True)
class Connect:
    """An SMTP client has connected."""

    name: str
    family: bytes
    """`4`, `6`, `L` (unix socket) or `U` (unknown)."""
    address: str = ""
    port: int = 0


@dataclass(frozen=True, slots=True)
class Helo:
    """HELO, EHLO or LHLO."""

    name: str


@dataclass(frozen=True, slots=True)
class Mail:
    """MAIL: a message begins."""

    path: bytes
    """The reverse-path as given, brackets included."""
    options: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Rcpt:
    """RCPT that the MTA has accepted."""

    path: bytes
    """The forward-path as given, brackets included."""
    options: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Data:
    """DATA."""


class HeaderField(Struct, frozen=True):
    """One header field, folds as LF."""

    name: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class EndOfHeader:
    """The empty line after the header section."""


class Body(Struct, frozen=True):
    """A piece of the body."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class EndOfMessage:
    """The message is complete; it may carry the last piece of the body."""

    octets: bytes = b""


@dataclass(frozen=True, slots=True)
class Abort:
    """The message is given up; the SMTP client stays."""


@dataclass(frozen=True, slots=True)
class Quit:
    """The connection ends."""


@dataclass(frozen=True, slots=True)
class QuitNewConnection:
    """The SMTP client has gone; another one follows on this connection."""


@dataclass(frozen=True, slots=True)
class UnknownCommand:
    """An SMTP command that the MTA does not know."""

    line: bytes


Event = (
    Negotiate
    | Macros
    | Connect
    | Helo
    | Mail
    | Rcpt
    | Data
    | HeaderField
    | EndOfHeader
    | Body
    | EndOfMessage
    | Abort
    | Quit
    | QuitNewConnection
    | UnknownCommand
)


class Decoder:
    """Makes events of the octets of one connection, however they are cut."""

    def __init__(self, limit_octets: int = FRAME_LIMIT) -> None:
        self._limit = limit_octets
        self._buffer: bytes | bytearray = b""
        self._start = 0
        self._ended = False
        self._error = ""

    def receive(self, octets: bytes | memoryview) -> None:
        """Take octets that came; none at all says that the MTA has closed the connection."""
        if not octets:
            self._ended = True
            return
        if self._start == len(self._buffer):
            self._buffer = bytes(octets)
        elif isinstance(self._buffer, bytearray):
            del self._buffer[: self._start]
            self._buffer += octets
        else:
            self._buffer = bytearray(memoryview(self._buffer)[self._start :])
            self._buffer += octets
        self._start = 0

    def next_event(self) -> Event | None:
        """Return the next event, or None when more octets are needed.

        Raises ProtocolError; after that, each call raises it again.
        """
        if self._error:
            raise ProtocolError(self._error)
        try:
            return self._read()
        except ProtocolError as error:
            self._error = str(error)
            raise

    def _read(self) -> Event | None:
        buffer, start = self._buffer, self._start
        have = len(buffer) - start
        if have <= _SIZE.size:
            if have == _SIZE.size:
                self._check(buffer, start)
            return self._more() if have else None
        size = self._check(buffer, start)
        begin = start + _SIZE.size
        if (read := _READERS.get(buffer[begin])) is None:
            raise ProtocolError(f"unknown command {bytes(buffer[begin : begin + 1])!r}")
        if have < _SIZE.size + size:
            return self._more()
        self._start = begin + size
        if isinstance(buffer, bytes):
            return read(buffer[begin + 1 : begin + size])
        return read(bytes(memoryview(buffer)[begin + 1 : begin + size]))

    def _check(self, buffer: bytes | bytearray, start: int) -> int:
        """Return the size of the frame that begins here."""
        size: int = _SIZE.unpack_from(buffer, start)[0]
        if not 0 < size <= self._limit:
            raise ProtocolError(f"a frame of {size} octets; 1 to {self._limit} are allowed")
        return size

    def _more(self) -> Event | None:
        if self._ended:
            raise ProtocolError("the connection ended in the middle of a frame")
        return None


def _text(octets: bytes) -> str:
    """Return octets as text; what is no UTF-8 is shown as escapes (RFC 6531 allows UTF-8)."""
    return octets.decode("utf-8", "backslashreplace")


def _strings(arguments: bytes, what: str) -> list[bytes]:
    """Return the strings of the arguments, each of which ends with NUL."""
    if not arguments.endswith(b"\0"):
        raise ProtocolError(f"{what} does not end with NUL")
    return arguments[:-1].split(b"\0")


def _negotiate(arguments: bytes) -> Negotiate:
    # A later version may append to it, as version 6 did to the filter's answer.
    if len(arguments) < _NEGOTIATION.size:
        raise ProtocolError(f"a negotiation of {len(arguments)} octets")
    version, actions, steps = _NEGOTIATION.unpack_from(arguments)
    if version < OLDEST_VERSION:
        raise ProtocolError(f"protocol version {version}; {OLDEST_VERSION} is the oldest we speak")
    return Negotiate(version, Actions(actions), Steps(steps))


def _macros(arguments: bytes) -> Macros:
    # Postfix tells the queue id again before each header field.
    return _told_again(arguments) if len(arguments) <= TOLD_AGAIN_OCTETS else _told(arguments)


def _told(arguments: bytes) -> Macros:
    if not arguments:
        raise ProtocolError("macros of no stage")
    stage, rest = arguments[:1], arguments[1:]
    words = _strings(rest, "a macro") if rest else []
    if len(words) % 2:
        raise ProtocolError("a macro without a value")
    names = (_text(word).removeprefix("{").removesuffix("}") for word in words[::2])
    return Macros(stage, dict(zip(names, map(_text, words[1::2]), strict=True)))


_told_again = lru_cache(maxsize=64)(_told)


def _connect(arguments: bytes) -> Connect:
    name, nul, rest = arguments.partition(b"\0")
    family, port, address = rest[:1], rest[1:3], rest[3:]
    if not nul or family not in {b"4", b"6", b"L", b"U"}:
        raise ProtocolError("a client of no known address family")
    if family == b"U":
        return Connect(_text(name), family)
    if len(port) < 2 or address.count(b"\0") != 1 or not address.endswith(b"\0"):
        raise ProtocolError("a client without an address")
    # Sendmail puts the tag of RFC 5321 §4.1.3 in front of an IPv6 address.
    plain = _text(address[:-1]).removeprefix("IPv6:")
    return Connect(_text(name), family, plain, int.from_bytes(port, "big"))


def _helo(arguments: bytes) -> Helo:
    return Helo(_text(_strings(arguments, "HELO")[0]))


def _mail(arguments: bytes) -> Mail:
    path, *options = _strings(arguments, "MAIL")
    return Mail(path, tuple(options))


def _rcpt(arguments: bytes) -> Rcpt:
    path, *options = _strings(arguments, "RCPT")
    return Rcpt(path, tuple(options))


def _header_field(arguments: bytes) -> HeaderField:
    name, nul, value = arguments.partition(b"\0")
    if not name or not nul or not value.endswith(b"\0"):
        raise ProtocolError("a header field without name or end")
    return HeaderField(name, value[:-1])


def _unknown(arguments: bytes) -> UnknownCommand:
    return UnknownCommand(_strings(arguments, "an SMTP command")[0])


def _bare(event: Event) -> Callable[[bytes], Event]:
    """Return a reader of a command that has no arguments."""

    def read(arguments: bytes) -> Event:
        if arguments:
            raise ProtocolError(f"{type(event).__name__} with {len(arguments)} octets too many")
        return event

    return read


_READERS: Mapping[int, Callable[[bytes], Event]] = {
    ord("O"): _negotiate,
    ord("D"): _macros,
    ord("C"): _connect,
    ord("H"): _helo,
    ord("M"): _mail,
    ord("R"): _rcpt,
    ord("T"): _bare(Data()),
    ord("L"): _header_field,
    ord("N"): _bare(EndOfHeader()),
    ord("B"): Body,
    ord("E"): EndOfMessage,
    ord("A"): _bare(Abort()),
    ord("Q"): _bare(Quit()),
    ord("K"): _bare(QuitNewConnection()),
    ord("U"): _unknown,
}


def frame(command: bytes, arguments: bytes = b"") -> bytes:
    """Return one frame."""
    return _SIZE.pack(1 + len(arguments)) + command + arguments


def negotiated(version: int, actions: Actions, steps: Steps) -> bytes:
    """Return our answer to the negotiation."""
    return frame(b"O", _NEGOTIATION.pack(version, actions, steps))


def delete_recipient(path: bytes) -> bytes:
    """Return the request to take a recipient out, named as RCPT named it."""
    return frame(b"-", path + b"\0")


CONTINUE = frame(b"c")
ACCEPT = frame(b"a")
"""The message passes, as it is."""
DISCARD = frame(b"d")
"""The MTA drops the message and tells its client that it was taken."""
PROGRESS = frame(b"p")
"""We are still at it: the MTA waits anew."""
