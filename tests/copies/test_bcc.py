"""BCC copies: who is believed, and what they become."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gateway.duties import unanswered
from gateway.model.arrival import Arrival
from gateway.model.case import Proof
from gateway.model.decision import Outcome, Reason
from gateway.model.envelope import Client, Direction
from gateway.model.trust import Trust
from gateway.replay import Replayer
from gateway.trust.keys import Keys
from gateway.trust.verifier import KeysUnavailableError, Verifier
from tests.copies.office import (
    ANNA,
    BOB,
    CAROL,
    RELAYED,
    SECRET,
    STRANGE,
    Office,
    copy_of,
    in_path,
    sent,
)
from tests.letters import NOON, letter


async def test_a_proven_bcc_copy_is_logged_as_outgoing(office: Office) -> None:
    entry = await office.takes(copy_of(sent()))
    assert (entry.reason, entry.direction) == (Reason.BCC_COPY, Direction.OUTGOING)
    assert entry.contacts == (CAROL,)


async def test_a_bcc_copy_that_nothing_proves_is_held(office: Office) -> None:
    entry = await office.takes(copy_of(sent(), client=STRANGE))
    assert (entry.outcome, entry.reason) == (Outcome.HELD, Reason.COPY_SENDER_UNVERIFIED)


async def test_a_copy_from_a_stranger_is_forgotten(office: Office) -> None:
    entry = await office.takes(copy_of(letter(author="eve@evil.example"), client=STRANGE))
    assert entry.reason is Reason.COPY_SENDER_UNKNOWN
    assert (entry.kept, entry.subject) == (False, "")


async def test_the_secret_address_proves_its_user(office: Office) -> None:
    entry = await office.takes(copy_of(sent(), SECRET, STRANGE))
    assert entry.reason is Reason.BCC_COPY
    assert entry.sightings[0].proof == "secret-address"


async def test_the_secret_address_proves_nobody_else(office: Office) -> None:
    entry = await office.takes(copy_of(sent(author=BOB), SECRET, STRANGE))
    assert entry.reason is Reason.COPY_SENDER_UNVERIFIED


async def test_a_secret_address_that_all_can_read_proves_nothing(office: Office) -> None:
    entry = await office.takes(copy_of(sent(cc=SECRET), SECRET, STRANGE))
    assert entry.reason is Reason.COPY_SENDER_UNVERIFIED


async def test_the_secret_address_proves_though_the_only_one_named_is_ours(office: Office) -> None:
    entry = await office.takes(copy_of(sent(to=SECRET), SECRET, STRANGE))
    assert entry.sightings[0].proof == "secret-address"


async def test_a_sighting_by_login_proves_a_later_copy(office: Office) -> None:
    path = in_path(sent(), CAROL, outgoing=True)
    await office.takes(replace(path, client=Client(login=ANNA)), RELAYED)
    entry = await office.takes(copy_of(sent(), client=STRANGE))
    assert (entry.reason, len(entry.sightings)) == (Reason.BCC_COPY, 2)


async def test_a_held_copy_is_logged_when_the_message_comes_by_login(office: Office) -> None:
    await office.takes(copy_of(sent(), client=STRANGE))
    path = in_path(sent(), CAROL, outgoing=True)
    entry = await office.takes(replace(path, client=Client(login=ANNA)), RELAYED)
    assert (entry.reason, len(entry.sightings)) == (Reason.BCC_COPY, 2)


class SilentKeys(Verifier):
    """A verifier for whose keys no server answers, until it does."""

    silent = True

    async def verify(self, arrival: Arrival) -> Proof | None:
        if self.silent:
            raise KeysUnavailableError(("s1._domainkey.corp.example",))
        return Proof("dkim", "corp.example (s1)")


async def test_a_copy_without_an_answer_of_key_servers_is_held_and_tried_again(
    office: Office,
) -> None:
    verifier = SilentKeys(Trust(), Keys(None))
    office.flow.verifier = verifier
    held = await office.takes(copy_of(sent(), client=STRANGE))
    assert held.reason is Reason.COPY_SENDER_UNVERIFIED
    path = office.folder / "replygate.db"
    assert unanswered(path, NOON) == [held.entry_id]
    verifier.silent = False
    replayer = Replayer(office.store, verifier, office.flow.settings.policy)
    await replayer.replay(held.entry_id, NOON + timedelta(minutes=5))
    with office.entries() as entries:
        entry = entries.find(held.entry_id)
    assert entry is not None
    assert entry.reason is Reason.BCC_COPY
    assert unanswered(path, NOON) == []


async def test_a_copy_that_is_simply_unsigned_is_not_tried_again(office: Office) -> None:
    await office.takes(copy_of(sent(), client=STRANGE))
    assert unanswered(office.folder / "replygate.db", NOON) == []


async def test_a_replay_still_tells_domain_and_selector_of_the_signature(office: Office) -> None:
    verifier = SilentKeys(Trust(), Keys(None))
    verifier.silent = False
    office.flow.verifier = verifier
    entry = await office.takes(copy_of(sent(), client=STRANGE))
    policy = office.flow.settings.policy
    replayer = Replayer(office.store, Verifier(Trust(), Keys(None)), policy)
    change = await replayer.preview(entry.entry_id, NOON + timedelta(days=1))
    assert change is not None
    (said,) = (a for a in change.after.trace if a.rule == Reason.BCC_COPY)
    assert said.evidence["proof"] == "dkim corp.example (s1)"
