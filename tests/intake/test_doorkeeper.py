"""Whom a door turns away for a while."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from gateway.intake.doorkeeper import Door, Doorkeeper, Receive
from gateway.interfaces import Delivery, Handled
from gateway.model.directory import Directory, LoggingAddress, User
from gateway.model.envelope import Client, Envelope, Reply
from gateway.relay.consumed import ConsumedDelivery
from tests.letters import envelope_of, letter

ANNA, EVE = "anna@corp.example", "eve@evil.example"
LOG, SECRET, JOURNAL = "log@gate.example", "log+s3@gate.example", "journal@gate.example"
DIRECTORY = Directory(
    users=(User(ANNA),),
    logging_addresses=(
        LoggingAddress(LOG),
        LoggingAddress(SECRET, user=ANNA),
        LoggingAddress(JOURNAL, "journal"),
    ),
    approved_routes=frozenset({("198.51.100.0/24", ANNA)}),
)
OUTSIDE = Client(address="203.0.113.9")


def doorkeeper(**told: bool) -> Doorkeeper:
    """Return one who takes one copy of a stranger, and two of who says that he is a user."""
    proving = (ip_network("192.0.2.0/24"),)
    return Doorkeeper(
        Door(lambda: DIRECTORY, lambda: 0.0, 1, 2, proving=proving, copies_only=True, **told)
    )


def taken(keeper: Doorkeeper, client: Client, sender: str, rcpt: str = LOG) -> int:
    """Return how many of five copies are taken."""
    return sum(not keeper.turns_away(client, sender, rcpt) for _ in range(5))


@pytest.mark.parametrize(("sender", "times"), [(EVE, 1), (ANNA, 2), ("", 1)])
def test_strangers_and_who_says_he_is_a_user_have_limits_of_their_own(
    sender: str, times: int
) -> None:
    assert taken(doorkeeper(), OUTSIDE, sender) == times


def test_others_cannot_use_up_the_address_of_a_user() -> None:
    keeper = doorkeeper()
    for number in range(9):
        taken(keeper, Client(address=f"203.0.113.{number}"), ANNA)
    assert not keeper.turns_away(Client(address="203.0.113.77"), ANNA, LOG)


@pytest.mark.parametrize(
    "client",
    [
        Client(address="192.0.2.7"),
        Client(address="198.51.100.7"),
        Client(address="203.0.113.9", login="anna"),
    ],
    ids=["trusted network", "approved route", "login"],
)
def test_a_session_that_proves_a_user_has_no_limit(client: Client) -> None:
    assert taken(doorkeeper(), client, ANNA) == 5


def test_an_approved_route_is_one_users() -> None:
    assert taken(doorkeeper(), Client(address="198.51.100.7"), EVE) == 1


@pytest.mark.parametrize(("rcpt", "times"), [(SECRET, 5), (JOURNAL, 5), (LOG, 2)])
def test_a_secret_address_and_a_journal_have_no_limit(rcpt: str, times: int) -> None:
    assert taken(doorkeeper(), OUTSIDE, ANNA, rcpt) == times


def test_the_secret_address_of_another_is_no_proof() -> None:
    assert taken(doorkeeper(), OUTSIDE, EVE, SECRET) == 1


@pytest.mark.parametrize(("trusted", "times"), [(True, 5), (False, 2)])
def test_behind_submission_the_trusted_client_has_checked_them(
    *, trusted: bool, times: int
) -> None:
    client = Client(address="127.0.0.1", trusted=trusted)
    assert taken(doorkeeper(submission=True), client, ANNA) == times


def test_an_mta_that_does_not_tell_its_clients_brings_strangers_without_a_limit() -> None:
    keeper, mta = doorkeeper(), Client(address="127.0.0.1", trusted=True)
    assert not any(keeper.turns_away(mta, f"{n}@evil.example", LOG) for n in range(5))


def test_an_mta_that_does_not_tell_its_clients_counts_itself_for_what_nothing_proves() -> None:
    assert taken(doorkeeper(), Client(address="127.0.0.1", trusted=True), ANNA) == 2


def test_whoever_has_one_address_of_a_v6_network_has_them_all() -> None:
    keeper = doorkeeper()
    said = [keeper.turns_away(Client(address=f"2001:db8::{n}"), ANNA, LOG) for n in range(1, 4)]
    assert said == [False, False, True]
    assert not keeper.turns_away(Client(address="2001:db8:0:1::1"), ANNA, LOG)


@pytest.mark.parametrize("address", ["", "no address"])
def test_an_address_that_is_none_proves_nothing(address: str) -> None:
    assert taken(doorkeeper(), Client(address=address), ANNA) == 2


def saying(words: str) -> Receive:
    """Return a way in that decides so."""

    async def receive(envelope: Envelope, delivery: Delivery) -> Handled:
        del envelope, delivery
        return Handled(Reply(250, ("2.0.0 Ok",)), words)

    return receive


@pytest.mark.parametrize(
    ("words", "taken_in"),
    [
        ("logged bcc-copy e=1", 5),
        ("partial bcc-copy e=1", 5),
        ("duplicate seen-again e=1", 5),
        ("held copy-sender-unverified e=1", 2),
        ("not_logged never-log-account e=1", 2),
        ("duplicate redelivered e=1", 2),
        ("", 2),
    ],
)
async def test_what_proves_to_be_a_users_own_is_given_back(words: str, taken_in: int) -> None:
    keeper = doorkeeper()
    receive = keeper.watching(saying(words))
    envelope = envelope_of(letter(author=ANNA), mail_from=ANNA, rcpt_to=LOG, trusted=False)
    count = 0
    for _ in range(5):
        if not keeper.turns_away(envelope.client, ANNA, LOG):
            count += 1
            await receive(envelope, ConsumedDelivery())
    assert count == taken_in


async def test_a_copy_that_somebody_else_sent_on_is_given_back_when_it_proves_to_be_a_users() -> (
    None
):
    keeper = doorkeeper()
    receive = keeper.watching(saying("logged bcc-copy e=1"))
    bounces = "bounces@esp.example"
    envelope = envelope_of(letter(author=ANNA), mail_from=bounces, rcpt_to=LOG, trusted=False)
    for _ in range(5):
        assert not keeper.turns_away(envelope.client, bounces, LOG)
        await receive(envelope, ConsumedDelivery())


async def test_mail_in_path_gives_nothing_back() -> None:
    keeper = doorkeeper()
    receive = keeper.watching(saying("logged sent e=1"))
    envelope = envelope_of(letter(author=ANNA), mail_from=ANNA, trusted=False)
    for _ in range(2):
        assert not keeper.turns_away(envelope.client, ANNA, LOG)
        await receive(envelope, ConsumedDelivery())
    assert keeper.turns_away(envelope.client, ANNA, LOG)
