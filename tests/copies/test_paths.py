"""One message by several paths: its marks, its files, its thread."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.model.decision import Outcome, Reason
from gateway.model.envelope import Client, Relayed, RelayState
from gateway.store.registry import Registry
from tests.copies.office import ANNA, CAROL, RELAYED, Office, copy_of, in_path, sent
from tests.letters import NOON, forward_of, letter


async def test_a_strangers_message_is_adopted_when_a_user_answers_it_with_a_mark(
    office: Office,
) -> None:
    first = await office.takes(in_path(letter(), ANNA, outgoing=False), RELAYED)
    assert first.reason is Reason.SENDER_NOT_CONTACT
    answer = sent(In_Reply_To="<one@customer.example>")
    await office.takes(copy_of(answer))
    with office.entries() as entries:
        adopted = entries.find("one@customer.example")
    assert adopted is not None
    assert adopted.reason is Reason.ADOPTED_ORIGINAL


async def test_a_copy_completes_what_a_scanner_took_out(office: Office) -> None:
    whole = with_file(b"The whole offer.")
    stripped = letter(author=ANNA, to=CAROL, message_id="out@corp.example").replace(
        b"Content-Type: text/plain; charset=utf-8\r\n\r\n",
        b'Content-Type: multipart/mixed; boundary="=_b"\r\n\r\n--=_b\r\n\r\n',
    )
    stripped += (
        b'--=_b\r\nContent-Disposition: attachment; filename="offer.pdf"; size=16\r\n\r\n'
        b"\r\n--=_b--\r\n"
    )
    first = await office.takes(copy_of(stripped))
    assert first.outcome is Outcome.PARTIAL
    entry = await office.takes(copy_of(whole, route="other"))
    assert (entry.outcome, entry.reason) == (Outcome.LOGGED, Reason.COMPLETED)
    (file,) = entry.attachments
    assert (file.attachment.name, file.reason) == ("offer.pdf", None)


def with_file(octets: bytes) -> bytes:
    head = letter(author=ANNA, to=CAROL, message_id="out@corp.example").replace(
        b"Content-Type: text/plain; charset=utf-8\r\n\r\n",
        b'Content-Type: multipart/mixed; boundary="=_b"\r\n\r\n--=_b\r\n\r\n',
    )
    part = b'--=_b\r\nContent-Disposition: attachment; filename="offer.pdf"\r\n\r\n'
    return head + part + octets + b"\r\n--=_b--\r\n"


async def test_a_mark_that_comes_later_counts(office: Office) -> None:
    path = replace(in_path(sent(), CAROL, outgoing=True), client=Client(login=ANNA))
    first = await office.takes(path, RELAYED)
    assert not first.outcome.on_timeline
    entry = await office.takes(copy_of(sent()))
    assert (entry.reason, entry.tracked) == (Reason.BCC_COPY, True)


@pytest.mark.parametrize("state", [RelayState.DEFERRED, RelayState.REFUSED])
async def test_a_first_sighting_that_was_not_taken_loses_nothing(
    office: Office, state: RelayState
) -> None:
    path = replace(in_path(sent(), CAROL, outgoing=True), client=Client(login=ANNA))
    await office.takes(path, Relayed(state))
    entry = await office.takes(copy_of(sent()))
    assert (entry.outcome, entry.reason) == (Outcome.LOGGED, Reason.BCC_COPY)


async def test_the_address_of_a_thread_ties_what_cites_nothing(office: Office) -> None:
    await office.takes(copy_of(sent()))
    address = "log+thread@gate.example"
    with Registry(office.folder / "replygate.db", clock=lambda: NOON) as company:
        company.add_thread_address(address, "any", "out@corp.example")
    alone = letter(message_id="alone@customer.example", subject="Something else")
    await office.takes(copy_of(forward_of(alone), address))
    with office.entries() as entries:
        threads = {entry.thread_id for entry in entries.search()}
    assert len(threads) == 1
