"""The tools of the bench count what is really there."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.ends.tools import Sink, Tools, enter, send, tools
from tests.bench.figures import PERCENTILES
from tests.bench.messages import ID

WIRE = f"Message-ID: <{ID}.s@x.example>\r\n\r\n..dot\r\n\r\n.\r.\n..\r\n".encode()


@pytest.fixture(scope="module", params=["C", "asyncio"])
def sink(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sink]:
    python = (sys.executable, "-m")
    found = Tools("asyncio", (*python, "tests.bench.ends.load"), (*python, "tests.bench.ends.sink"))
    if request.param == "C":
        if shutil.which("cc") is None:
            pytest.skip("there is no C compiler on this machine")
        found = tools(tmp_path_factory.mktemp("tools"))
    with Sink(found) as running:
        yield running


def test_sink_has_every_octet_that_the_load_sent(sink: Sink, tmp_path: Path) -> None:
    message, before = tmp_path / "message", sink.taken()
    message.write_bytes(WIRE)
    sent = send(sink.tools, sink.port, message, 3, 50)
    taken = sink.taken().since(before)
    assert (taken.messages, taken.octets, taken.sum) == (50, sent.octets, sent.sum)
    assert sent.octets == 50 * len(WIRE)


def test_load_tells_how_long_the_slowest_took(sink: Sink, tmp_path: Path) -> None:
    message = tmp_path / "message"
    message.write_bytes(WIRE)
    sent = send(sink.tools, sink.port, message, 3, 50)
    assert sent.spread_ms == tuple(sorted(sent.spread_ms))
    assert (sent.spread_ms[0], sent.spread_ms[4]) == (sent.p50_ms, sent.p99_ms)
    assert len(sent.spread_ms) == len(PERCENTILES)


def test_sink_finds_the_end_wherever_the_octets_are_split(sink: Sink) -> None:
    before, ended = sink.taken(), WIRE + b".\r\n"
    with enter(sink.port) as line:
        for split in range(1, len(ended)):
            line.sendall(b"DATA\r\n")
            assert line.recv(100).startswith(b"354")
            line.sendall(ended[:split])
            # The answer to another client shows that the first part has been read.
            sink.taken()
            line.sendall(ended[split:])
            assert line.recv(100).startswith(b"250")
    taken = sink.taken().since(before)
    count = len(ended) - 1
    assert (taken.messages, taken.octets) == (count, count * len(WIRE))
    assert taken.sum == count * sum(WIRE)


def test_message_that_nobody_takes_stops_the_bench(sink: Sink, tmp_path: Path) -> None:
    message = tmp_path / "message"
    # A false end: the sink takes the first half, and does not know the second as a command.
    message.write_bytes(WIRE + b".\r\nQUIT\r\n")
    with pytest.raises(RuntimeError, match="were not taken"):
        send(sink.tools, sink.port, message, 1, 3)
