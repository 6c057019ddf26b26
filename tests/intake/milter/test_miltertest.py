"""Debian's miltertest speaks as Sendmail does."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.model.envelope import Direction
from tests.intake.milter.conftest import Door, opened

SCRIPTS = Path(__file__).parent / "scripts"


async def play(miltertest: str, script: str, door: Door) -> None:
    """Run a script against the door; a complaint of the script fails the test."""
    words = ("-w", "-D", f"port={door.server.port}", "-s", str(SCRIPTS / script))
    process = await asyncio.create_subprocess_exec(
        miltertest, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


async def test_a_message_of_sendmail_comes_in_whole(miltertest: str, door: Door) -> None:
    await play(miltertest, "sendmail.lua", door)
    (envelope,) = door.envelopes
    assert door.octets == (
        b"From: Ann <ann@example.com>\r\nSubject: folded\r\n\tonce\r\n\r\nfirst\r\n.\r\nlast\r\n"
    )
    assert (envelope.queue_id, envelope.mail_from) == ("5AN91sbX012345", "ann@example.com")
    assert envelope.mail_options == ("BODY=8BITMIME", "SIZE=321")
    assert envelope.recipients[0].options == ("NOTIFY=NEVER",)
    assert (envelope.client.login, envelope.direction) == ("ann", Direction.OUTGOING)
    assert (envelope.client.name, envelope.client.address) == ("client.example.com", "192.0.2.7")
    assert envelope.client.forwarded["TLS_VERSION"] == "TLSv1.3"


async def test_an_old_sendmail_gets_a_reply_to_each_command(miltertest: str, door: Door) -> None:
    await play(miltertest, "old-sendmail.lua", door)
    assert [e.queue_id for e in door.envelopes] == ["first", "second"]
    assert [bytes(e.content.octets[:]) for e in door.envelopes] == [
        b"Subject: first\r\n\r\nbody of first\r\n",
        b"Subject: second\r\n\r\nbody of second\r\n",
    ]


async def test_a_logging_address_is_deleted_as_sendmail_wants_it(
    miltertest: str, tmp_path: Path
) -> None:
    async with opened(tmp_path, delete_logging_recipients=True) as door:
        await play(miltertest, "logging-address.lua", door)
        assert [len(e.recipients) for e in door.envelopes] == [2, 1]


async def test_nothing_is_changed_and_nothing_stays_of_what_was_given_up(
    miltertest: str, door: Door
) -> None:
    await play(miltertest, "changes-nothing.lua", door)
    assert door.octets.startswith(b"Subject: random\r\n\r\n")
    assert door.envelopes[0].content.size > 600_000
    assert not list(door.settings.folder.iterdir())
