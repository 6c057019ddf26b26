"""Real messages through the whole line: relayed octet for octet, each with a decision."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.mail.wire import stuffed
from tests.flows.running import Running, running
from tests.next_hop import next_hop

NO_MAIL = frozenset({"labels.jsonl", "MANIFEST.sha256", "README.md", "smtp_eod_sequences.json"})
ENTRY = re.compile(r"\[replygate: (?P<outcome>\S+) \S+ e=(?P<entry>\w+)\]$")


def crlf(octets: bytes) -> bytes:
    """Return the message with CRLF line ends, and a final one."""
    return as_stored(octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


def as_stored(octets: bytes) -> bytes:
    """Return the message as it is, with a final CRLF."""
    return octets if octets.endswith(b"\r\n") else octets + b"\r\n"


def messages_of(folder: Path) -> list[Path]:
    """Return all files of a folder that are messages, in a fixed order."""
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in NO_MAIL)


async def pass_through(
    gateway: Running, files: list[Path], form: Callable[[bytes], bytes]
) -> tuple[list[tuple[str, bytes]], list[str]]:
    """Send every file; return what was taken, by entry, and what was refused."""
    sent: list[tuple[str, bytes]] = []
    refused: list[str] = []
    caller = await gateway.call()
    for file in files:
        content = form(file.read_bytes())
        said = await caller.deliver(stuffed(content))
        if said.startswith("550 5.6.0"):
            refused.append(file.name)
            continue
        found = ENTRY.search(said)
        assert said.startswith("250 "), f"{file}: {said}"
        assert found, f"{file}: {said}"
        sent.append((found["entry"], content))
    caller.writer.close()
    return sent, refused


@pytest.mark.parametrize(("form", "ambiguous"), [(crlf, 0), (as_stored, 4)])
async def test_real_mail_goes_through_octet_for_octet_with_a_decision(
    real_mail: Path, tmp_path: Path, form: Callable[[bytes], bytes], ambiguous: int
) -> None:
    async with next_hop() as hop, running(tmp_path, hop) as gateway:
        sent, refused = await pass_through(gateway, messages_of(real_mail), form)
    assert [taken.content for taken in hop.taken] == [content for _, content in sent]
    # D-6: content with a line of a single dot between bare line feeds.
    assert len(refused) == ambiguous, refused
    with gateway.entries() as entries:
        for entry_id, content in sent:
            entry = entries.find(entry_id)
            assert entry is not None
            if len(entry.sightings) == 1:
                assert entry.relayed.sha256_out == hashlib.sha256(content).digest()
