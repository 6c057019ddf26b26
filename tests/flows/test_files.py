"""Files of messages, by the whole gateway: pending, completed, taken away, and not what they say.

No raw sample of a scanner's placeholder is public: these are made after what is written of them.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway import maillog
from gateway.config.load import parse_config
from gateway.daemon import Daemon
from gateway.model.decision import Outcome, Reason
from gateway.model.entry import Entry
from tests.flows.running import CONFIG, Running, running
from tests.letters import letter
from tests.next_hop import next_hop
from tests.test_daemon import company, deliver, eventually

PROGRAM = b"MZ" + bytes(58) + b"\x80\0\0\0" + bytes(64) + b"PE\0\0d\x86" + bytes(200)
PATIENT = 'preset = "gateway"'
PLACEHOLDER = ("ATP Scan In Progress.eml", b"Your file is being scanned.")
PLAN = ("plan.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(2000))


def reply(*files: tuple[str, bytes], **fields: str) -> bytes:
    head = letter(message_id="reply@customer.example", In_Reply_To="<offer@corp.example>", **fields)
    head = head.partition(b"Content-Type")[0]
    parts = b"".join(
        b"--=_f\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
        + f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'.encode()
        + base64.encodebytes(octets).replace(b"\n", b"\r\n")
        for name, octets in files
    )
    kind = b'Content-Type: multipart/mixed; boundary="=_f"\r\n\r\n'
    return head + kind + b"--=_f\r\n\r\nThe plan.\r\n" + parts + b"--=_f--\r\n"


async def begun(gateway: Running) -> None:
    """Let Anna write to Carol, so that a reply has a tracked thread."""
    company(gateway)
    offer = letter(
        author="anna@corp.example",
        to="carol@customer.example",
        message_id="offer@corp.example",
        X_Log_To_CRM="yes",
    )
    await deliver(gateway, "submission", "anna@corp.example", "carol@customer.example", offer)


async def reply_comes(gateway: Running, octets: bytes) -> str:
    return await deliver(gateway, "inbound", "carol@customer.example", "anna@corp.example", octets)


async def became(gateway: Running, holds: Callable[[Entry], bool]) -> Entry:
    return await eventually(gateway, "reply@customer.example", holds)


def notes(entry: Entry) -> list[Reason]:
    return [note.reason for note in entry.notes]


async def test_a_placeholder_waits_for_its_file(tmp_path: Path) -> None:
    async with next_hop() as hop, running(tmp_path, hop, PATIENT) as gateway:
        await begun(gateway)
        said = await reply_comes(gateway, reply(PLACEHOLDER))
        found = await became(gateway, lambda entry: bool(entry.notes))
    assert "partial tracked-reply" in said
    assert notes(found) == [Reason.ATTACHMENT_PENDING]
    assert "still scanning ATP Scan In Progress.eml" in found.notes[0].remedy


async def test_the_complete_copy_heals_the_entry(tmp_path: Path) -> None:
    async with next_hop() as hop, running(tmp_path, hop, PATIENT) as gateway:
        await begun(gateway)
        await reply_comes(gateway, reply(PLACEHOLDER))
        said = await reply_comes(gateway, reply(PLAN))
        found = await became(gateway, lambda entry: entry.reason is Reason.COMPLETED)
    assert "logged completed" in said
    assert (found.outcome, notes(found)) == (Outcome.LOGGED, [])
    assert [one.attachment.name for one in found.attachments] == ["plan.pdf"]
    assert len(found.sightings) == 2


async def test_a_completed_entry_is_kept_with_its_file(tmp_path: Path) -> None:
    async with next_hop() as hop, running(tmp_path, hop, PATIENT) as gateway:
        await begun(gateway)
        await reply_comes(gateway, reply(PLACEHOLDER))
        await reply_comes(gateway, reply(PLAN))
        found = await became(gateway, lambda entry: entry.reason is Reason.COMPLETED)
        kept = await gateway.daemon.store.kept(found.entry_id)
    assert kept is not None
    assert bytes(kept.envelope.content.octets) == reply(PLAN)


async def test_after_its_time_a_placeholder_counts_as_taken_away(tmp_path: Path) -> None:
    async with next_hop() as hop, running(tmp_path, hop, PATIENT) as gateway:
        await begun(gateway)
        await reply_comes(gateway, reply(PLACEHOLDER))
        await gateway.daemon.duties.end_patience(datetime.now(UTC) + timedelta(minutes=61))
        found = await became(gateway, lambda entry: Reason.ATTACHMENT_STRIPPED in notes(entry))
    assert (found.outcome, found.reason) == (Outcome.PARTIAL, Reason.TRACKED_REPLY)
    assert notes(found) == [Reason.ATTACHMENT_STRIPPED]
    assert found.contacts == ("carol@customer.example",)


async def test_a_complete_copy_heals_even_after_that_time(tmp_path: Path) -> None:
    async with next_hop() as hop, running(tmp_path, hop, PATIENT) as gateway:
        await begun(gateway)
        await reply_comes(gateway, reply(PLACEHOLDER))
        await gateway.daemon.duties.end_patience(datetime.now(UTC) + timedelta(minutes=61))
        said = await reply_comes(gateway, reply(PLAN))
    assert "logged completed" in said


async def test_patience_that_ends_changes_nothing_else(tmp_path: Path) -> None:
    async with next_hop() as hop, running(tmp_path, hop, PATIENT) as gateway:
        await begun(gateway)
        await reply_comes(gateway, reply(PLACEHOLDER))
        with gateway.registry() as registry:
            registry.disconnect("anna@corp.example")
        await gateway.daemon.duties.end_patience(datetime.now(UTC) + timedelta(minutes=61))
        found = await became(gateway, lambda entry: Reason.ATTACHMENT_STRIPPED in notes(entry))
    assert (found.outcome, found.reason) == (Outcome.PARTIAL, Reason.TRACKED_REPLY)


async def test_before_its_time_a_placeholder_waits_on(tmp_path: Path) -> None:
    async with next_hop() as hop, running(tmp_path, hop, PATIENT) as gateway:
        await begun(gateway)
        await reply_comes(gateway, reply(PLACEHOLDER))
        await gateway.daemon.duties.end_patience(datetime.now(UTC) + timedelta(minutes=30))
        found = await became(gateway, lambda entry: bool(entry.notes))
    assert notes(found) == [Reason.ATTACHMENT_PENDING]


async def test_without_the_switch_it_is_taken_away_at_once(tmp_path: Path) -> None:
    async with next_hop() as hop, running(tmp_path, hop) as gateway:
        await begun(gateway)
        await reply_comes(gateway, reply(PLACEHOLDER))
        said = await reply_comes(gateway, reply(PLAN))
        found = await became(gateway, lambda entry: bool(entry.notes))
    assert notes(found) == [Reason.ATTACHMENT_STRIPPED]
    assert "duplicate redelivered" in said


async def test_a_file_that_is_not_what_it_says_is_noted(tmp_path: Path) -> None:
    async with next_hop() as hop, running(tmp_path, hop, PATIENT) as gateway:
        await begun(gateway)
        await reply_comes(gateway, reply(("plan.pdf", PROGRAM)))
        found = await became(gateway, lambda entry: bool(entry.notes))
    assert notes(found) == [Reason.ATTACHMENT_TYPE_MISMATCH]
    assert found.outcome is Outcome.LOGGED


async def test_without_libmagic_the_gateway_starts_and_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pylibmagic", None)
    text = CONFIG.format(state=tmp_path / "state", hop=1, policy="")
    config = parse_config(text, tmp_path / "replygate.toml", {})
    daemon = Daemon(config, maillog.configure("logfmt", "warning"))
    await daemon.start()
    looking = [t for t in daemon._behind if "_look_at_file_types" in repr(t.get_coro())]
    await asyncio.gather(*looking)
    await daemon.stop()
    assert len(looking) == 1
    assert capsys.readouterr().err.count("libmagic cannot be loaded") == 1


async def test_an_admins_own_record_is_used(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(
        '[[scanner]]\nid = "ours"\nproduct = "Our filter"\nstate = "stripped"\n'
        'any = [{ where = "subject", text = "[cut]" }]\n'
    )
    policy = f'{PATIENT}\nscanners = "{tmp_path / "ours.toml"}"'
    async with next_hop() as hop, running(tmp_path, hop, policy) as gateway:
        await begun(gateway)
        await reply_comes(gateway, reply(subject="Re: Our offer [CUT]"))
        found = await became(gateway, lambda entry: bool(entry.notes))
    assert found.notes[0].remedy.startswith("Our filter removed a file")
