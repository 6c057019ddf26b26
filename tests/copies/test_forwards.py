"""Forwards: whose message they are of, and that they find the true one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.model.decision import Reason
from gateway.model.policy import Policy
from tests.copies.office import ANNA, CAROL, CONSUMED, LOG, RELAYED, Office, copy_of, in_path
from tests.letters import forward_of, letter


async def test_a_forward_finds_the_true_message(office: Office) -> None:
    await office.takes(in_path(letter(), ANNA, outgoing=False), RELAYED)
    await office.takes(copy_of(forward_of(letter())))
    with office.entries() as entries:
        (entry,) = entries.search()
    assert (entry.reason, entry.route) == (Reason.LOGGED_BY_FORWARD, "inbound")
    assert (entry.user, entry.contacts) == (ANNA, (CAROL,))


async def test_the_true_message_joins_a_forward_that_came_first(office: Office) -> None:
    await office.takes(copy_of(forward_of(letter())))
    await office.takes(in_path(letter(), ANNA, outgoing=False), RELAYED)
    with office.entries() as entries:
        (entry,) = entries.search()
    assert (entry.reason, len(entry.sightings)) == (Reason.LOGGED_BY_FORWARD, 2)


INLINE = letter(
    author=ANNA,
    to=LOG,
    message_id="fwd@corp.example",
    subject="Fwd: Our offer",
    text="---------- Forwarded message ---------\r\nFrom: Carol Cruz <carol@customer.example>"
    "\r\nDate: Mon, 23 Nov 2026 at 12:59\r\nSubject: Our offer\r\nTo: Anna <anna@corp.example>"
    "\r\n\r\nLooks good.",
    In_Reply_To="<one@customer.example>",
    References="<one@customer.example>",
)


@pytest.mark.parametrize("forward_first", [True, False])
async def test_an_inline_forward_and_the_true_message_are_one(
    office: Office, *, forward_first: bool
) -> None:
    true = (in_path(letter(), ANNA, outgoing=False), RELAYED)
    both = [(copy_of(INLINE), CONSUMED), true]
    for envelope, relayed in both if forward_first else both[::-1]:
        await office.takes(envelope, relayed)
    with office.entries() as entries:
        (entry,) = entries.search()
    assert entry.reason is Reason.LOGGED_BY_FORWARD


async def test_a_redirected_message_is_logged_by_forward(office: Office) -> None:
    octets = letter(Resent_From=ANNA, Resent_To=LOG)
    entry = await office.takes(copy_of(octets))
    assert (entry.reason, entry.author, entry.user) == (Reason.LOGGED_BY_FORWARD, CAROL, ANNA)


async def test_a_forward_of_seen_mail_is_one_entry_under_the_older_preset(office: Office) -> None:
    office.flow.settings = replace(office.flow.settings, policy=Policy())
    await office.takes(in_path(letter(), ANNA, outgoing=False), RELAYED)
    await office.takes(copy_of(forward_of(letter())))
    with office.entries() as entries:
        (entry,) = entries.search()
    assert entry.reason is Reason.LOGGED_BY_FORWARD


async def test_an_attachment_of_several_messages_is_a_message_each(office: Office) -> None:
    nested = forward_of(
        letter(message_id="two@customer.example"),
        author=CAROL,
        to=ANNA,
    ).replace(b"=_b", b"=_i")
    await office.takes(copy_of(forward_of(letter(), nested.replace(b"<fwd@", b"<three@"))))
    with office.entries() as entries:
        found = {entry.message_id: str(entry.reason) for entry in entries.search()}
    assert set(found.values()) == {"logged-by-forward"}
    assert {"one@customer.example", "two@customer.example"} <= found.keys()
