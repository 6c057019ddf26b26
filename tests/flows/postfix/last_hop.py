"""Where mail ends up: a small SMTP server that remembers every octet and every option."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

PATIENCE_S = 30.0
EXTENSIONS = ("PIPELINING", "SIZE 200000000", "8BITMIME", "SMTPUTF8", "DSN")


@dataclass(frozen=True)
class Letter:
    """One message as the last hop was given it."""

    mail: str
    """The line after `MAIL FROM:`."""
    rcpts: tuple[str, ...]
    """The lines after `RCPT TO:`."""
    content: bytes

    @property
    def recipients(self) -> tuple[str, ...]:
        return tuple(line.split(">")[0].lstrip("<") for line in self.rcpts)


@dataclass
class Remembered:
    """All letters so far, for threads to wait on."""

    letters: list[Letter] = field(default_factory=list)
    grown: threading.Condition = field(default_factory=threading.Condition)

    def add(self, letter: Letter) -> None:
        with self.grown:
            self.letters.append(letter)
            self.grown.notify_all()


class Dialogue(socketserver.StreamRequestHandler):
    """One client."""

    server: LastHop

    def handle(self) -> None:
        self.say("220 last.example ESMTP")
        mail, rcpts = "", list[str]()
        while line := self.rfile.readline().decode("latin-1").rstrip("\r\n"):
            verb = line.split(" ")[0].upper()
            if verb == "EHLO":
                self.say("\r\n".join(["250-last.example", *(f"250-{e}" for e in EXTENSIONS[:-1])]))
                self.say(f"250 {EXTENSIONS[-1]}")
            elif verb == "MAIL":
                mail, rcpts = line[len("MAIL FROM:") :], []
                self.say("250 2.1.0 Ok")
            elif verb == "RCPT":
                rcpts.append(line[len("RCPT TO:") :])
                self.say("250 2.1.5 Ok")
            elif verb == "DATA":
                self.say("354 go")
                self.server.remembered.add(Letter(mail, tuple(rcpts), self.content()))
                self.say("250 2.0.0 Ok: remembered")
            elif verb == "QUIT":
                self.say("221 2.0.0 bye")
                return
            else:
                self.say("250 2.0.0 Ok")

    def content(self) -> bytes:
        octets = bytearray(b"\r\n")
        while not octets.endswith(b"\r\n.\r\n"):
            octets += self.rfile.readline()
        return bytes(octets[:-3]).replace(b"\r\n.", b"\r\n")[2:]

    def say(self, reply: str) -> None:
        self.wfile.write(reply.encode() + b"\r\n")


class LastHop(socketserver.ThreadingTCPServer):
    """Listens on an unused loopback port while it is entered."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Dialogue)
        self.remembered = Remembered()
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.thread.join()
        self.server_close()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def letter(self, wanted: Callable[[Letter], bool]) -> Letter:
        """Wait for the letter that fits and return it; fail when none comes."""
        return self.letters(wanted, 1)[0]

    def letters(self, wanted: Callable[[Letter], bool], count: int) -> list[Letter]:
        """Wait until so many letters fit and return them."""
        remembered = self.remembered
        with remembered.grown:
            came = remembered.grown.wait_for(lambda: len(self._those(wanted)) >= count, PATIENCE_S)
            those = self._those(wanted)
        assert came, f"{len(those)} of {count} letters came; all: {remembered.letters!r:.2000}"
        return those

    def _those(self, wanted: Callable[[Letter], bool]) -> list[Letter]:
        return [letter for letter in self.remembered.letters if wanted(letter)]
