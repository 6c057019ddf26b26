"""A connection to an account, before servers that say what Dovecot says rarely."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.intake.imap.account import Account
from gateway.intake.imap.inbox import Inbox

WAIT_S = 20.0


@contextmanager
def server(idling: bytes) -> Iterator[int]:
    """Serve one connection on a port, and answer IDLE so."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = threading.Thread(target=serve, args=(listening, idling))
        serving.start()
        yield listening.getsockname()[1]
        serving.join()


def serve(listening: socket.socket, idling: bytes) -> None:
    connection, _ = listening.accept()
    with connection, connection.makefile("rb") as lines:
        connection.sendall(b"* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n")
        for line in lines:
            tag, _, command = line.strip().partition(b" ")
            if command == b"IDLE":
                connection.sendall(idling)
                assert next(lines) == b"DONE\r\n"
            if command.startswith(b"CAPABILITY"):
                connection.sendall(b"* CAPABILITY IMAP4rev1 IDLE\r\n")
            connection.sendall(tag + b" OK done\r\n")


@contextmanager
def inbox(port: int) -> Iterator[Inbox]:
    """Connect to it."""
    made = Inbox(
        Account("anna", "127.0.0.1", port, "anna", "anna@corp.example", lambda: "x", tls="none")
    )
    try:
        yield made
    finally:
        made.close()


def test_news_in_one_packet_with_the_answer_to_idle_are_heard() -> None:
    with server(b"+ idling\r\n* 1 EXISTS\r\n") as port, inbox(port) as made:
        assert made.wait(WAIT_S, threading.Event())


def test_silence_after_the_answer_to_idle_is_no_news() -> None:
    with server(b"+ idling\r\n") as port, inbox(port) as made:
        assert not made.wait(0.2, threading.Event())
