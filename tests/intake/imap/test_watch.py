"""An account of a real Dovecot is read: each message once, whatever happens to the connection."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from gateway.intake.imap import watch
from gateway.intake.imap.account import Account
from gateway.model.envelope import Direction
from tests.http_server import Answer, Request, http_server
from tests.intake.imap.conftest import ANNA, Heard, mail, until, watching
from tests.intake.imap.dovecot import Dovecot, running


async def test_new_mail_is_read_octet_for_octet(dovecot: Dovecot, tmp_path: Path) -> None:
    async with watching(dovecot, tmp_path) as heard:
        dovecot.deliver(mail("one"))
        await until(lambda: bool(heard.envelopes))
    (envelope,) = heard.envelopes
    assert bytes(envelope.content.octets) == mail("one")
    assert (envelope.route, envelope.folder) == ("anna", "")
    assert envelope.direction is Direction.INCOMING
    assert [one.addr_spec for one in envelope.recipients] == [ANNA]


async def test_idle_tells_of_mail_long_before_the_next_look(
    dovecot: Dovecot, tmp_path: Path
) -> None:
    async with watching(dovecot, tmp_path, poll_s=600.0) as heard:
        dovecot.deliver(mail("one"))
        await until(lambda: bool(heard.envelopes), seconds=60.0)


async def test_what_lay_there_before_is_left(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(mail("old"))
    async with watching(dovecot, tmp_path) as heard:
        dovecot.deliver(mail("new"))
        await until(lambda: bool(heard.envelopes))
    assert heard.subjects == ["new"]


async def test_history_is_taken_where_it_is_wanted(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(mail("old"))
    dovecot.deliver(mail("older"), folder="Clients")
    async with watching(dovecot, tmp_path, history=True) as heard:
        await until(lambda: len(heard.envelopes) == 2)
    assert sorted(heard.subjects) == ["old", "older"]


async def test_the_folder_is_told_with_its_levels(dovecot: Dovecot, tmp_path: Path) -> None:
    async with watching(dovecot, tmp_path) as heard:
        dovecot.deliver(mail("filtered"), folder="Clients.ACME")
        await until(lambda: bool(heard.envelopes))
    assert heard.envelopes[0].folder == "Clients/ACME"


async def test_a_child_of_the_inbox_is_not_the_inbox(dovecot: Dovecot, tmp_path: Path) -> None:
    async with watching(dovecot, tmp_path) as heard:
        dovecot.deliver(mail("filtered"), folder="INBOX.Clients")
        await until(lambda: bool(heard.envelopes))
    assert heard.envelopes[0].folder.endswith("INBOX/Clients")


async def test_mail_in_the_sent_folder_is_outgoing(dovecot: Dovecot, tmp_path: Path) -> None:
    async with watching(dovecot, tmp_path) as heard:
        dovecot.deliver(mail("sent", ANNA, "carol@customer.example"), folder="Sent")
        await until(lambda: bool(heard.envelopes))
    (envelope,) = heard.envelopes
    assert (envelope.direction, envelope.folder) == (Direction.OUTGOING, "")
    assert envelope.recipients[0].addr_spec == "carol@customer.example"


async def test_drafts_and_trash_are_not_read(dovecot: Dovecot, tmp_path: Path) -> None:
    async with watching(dovecot, tmp_path) as heard:
        dovecot.deliver(mail("draft"), folder="Drafts")
        dovecot.deliver(mail("trashed"), folder="Trash")
        dovecot.deliver(mail("last"), folder="Work")
        await until(lambda: bool(heard.envelopes))
    assert heard.subjects == ["last"]


async def test_nothing_is_changed_in_the_mailbox(dovecot: Dovecot, tmp_path: Path) -> None:
    async with watching(dovecot, tmp_path) as heard:
        dovecot.deliver(mail("one"))
        await until(lambda: bool(heard.envelopes))
    names = [one.name for one in (dovecot.folder / "mail" / "anna").glob("*/*.test*")]
    assert len(names) == 1
    assert "S" not in names[0].partition(":2,")[2]


async def test_after_a_restart_each_message_is_read_once(dovecot: Dovecot, tmp_path: Path) -> None:
    heard = Heard()
    async with watching(dovecot, tmp_path, heard):
        dovecot.deliver(mail("one"))
        await until(lambda: bool(heard.envelopes))
    dovecot.deliver(mail("two"))
    async with watching(dovecot, tmp_path, heard):
        await until(lambda: len(heard.envelopes) == 2)
    assert heard.subjects == ["one", "two"]


async def test_cut_connections_are_opened_again(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "FIRST_PAUSE_S", 0.1)
    async with watching(dovecot, tmp_path, poll_s=600.0) as heard:
        dovecot.drop_clients()
        dovecot.deliver(mail("one"))
        await until(lambda: heard.times_well == 2)
    assert heard.subjects == ["one"]


async def test_a_server_that_was_away_is_read_when_it_is_back(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "FIRST_PAUSE_S", 0.1)
    async with watching(dovecot, tmp_path) as heard:
        dovecot.stop()
        dovecot.deliver(mail("one"))
        await until(lambda: bool(heard.troubles))
        dovecot.start()
        await until(lambda: bool(heard.envelopes))
    assert heard.subjects == ["one"]


async def test_another_uidvalidity_loses_nothing(dovecot: Dovecot, tmp_path: Path) -> None:
    heard = Heard()
    async with watching(dovecot, tmp_path, heard):
        for name in ("one", "two"):
            dovecot.deliver(mail(name))
        await until(lambda: len(heard.envelopes) == 2)
    dovecot.forget_uids()
    dovecot.deliver(mail("three"))
    async with watching(dovecot, tmp_path, heard):
        await until(lambda: "three" in heard.subjects)
    # What was seen before comes again: the flow knows it by its identity.
    assert set(heard.subjects) == {"one", "two", "three"}


async def test_a_message_that_cannot_be_kept_is_read_again(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "FIRST_PAUSE_S", 0.1)
    async with watching(dovecot, tmp_path) as heard:
        heard.takes = False
        dovecot.deliver(mail("one"))
        await until(lambda: bool(heard.troubles))
        heard.takes = True
        await until(lambda: bool(heard.envelopes))
    assert heard.subjects == ["one"]


async def test_a_message_over_the_limit_is_left_out_and_said(
    dovecot: Dovecot, tmp_path: Path
) -> None:
    async with watching(dovecot, tmp_path, size_limit=1000) as heard:
        dovecot.deliver(mail("large") + b"x" * 2000 + b"\r\n")
        dovecot.deliver(mail("small"))
        await until(lambda: bool(heard.envelopes))
    assert heard.subjects == ["small"]
    assert "is left out" in heard.troubles[0]


async def test_a_wrong_password_is_one_alarm(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LONGEST_PAUSE_S", 0.05)
    tries: list[str] = []

    def secret() -> str:
        tries.append("x")
        return "wrong"

    async with watching(dovecot, tmp_path, secret=secret) as heard:
        await until(lambda: len(tries) >= 2)
    assert len(heard.troubles) == 1
    assert "imap_anna" in heard.troubles[0]


async def test_several_accounts_are_read_side_by_side(dovecot: Dovecot, tmp_path: Path) -> None:
    async with (
        watching(dovecot, tmp_path / "a", name="anna") as anna,
        watching(dovecot, tmp_path / "b", name="bob", login="bob") as bob,
    ):
        dovecot.deliver(mail("for-anna"))
        dovecot.deliver(mail("for-bob"), user="bob")
        await until(lambda: bool(anna.envelopes) and bool(bob.envelopes))
    assert (anna.subjects, bob.subjects) == (["for-anna"], ["for-bob"])


async def test_an_access_token_opens_the_account(dovecot_program: str, tmp_path: Path) -> None:
    tokens: list[str] = []

    def introspect(request: Request) -> Answer:
        tokens.append(request.body.decode())
        return Answer(200, {"active": True, "username": "anna"})

    async with http_server(introspect) as server:
        with running(dovecot_program, server.port) as dovecot:
            async with watching(
                dovecot, tmp_path, auth="xoauth2", secret=lambda: "ya29.token"
            ) as heard:
                dovecot.deliver(mail("one"))
                await until(lambda: bool(heard.envelopes))
    assert tokens[0].startswith("token=ya29.token")
    assert heard.subjects == ["one"]


async def test_a_server_that_says_nothing_holds_up_no_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LEAVE_S", 0.2)
    said: list[str] = []
    silent = socket.create_server(("127.0.0.1", 0))
    try:
        mute = Account(
            "anna", "127.0.0.1", silent.getsockname()[1], "anna", ANNA, lambda: "x", "none",
            timeout_s=3.0,
        )  # fmt: skip
        heard = Heard()
        made = watch.Watch(mute, tmp_path / "anna.json", watch.Ears(heard.take, said.append))
        made.begin()
        began = time.monotonic()
        await made.end()
        assert time.monotonic() - began < 2
    finally:
        silent.close()
        made._thread.join(10)
