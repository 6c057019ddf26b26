"""Each proof is found, the strongest first, and nothing less is one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from gateway.mail.addresses import key_of
from gateway.mail.heading import read_heading
from gateway.model.arrival import Arrival
from gateway.model.case import NOTHING_SAID, Authenticity, Proof
from gateway.model.directory import Directory, LoggingAddress, Mailbox, User
from gateway.model.envelope import Client, Direction
from gateway.model.policy import Policy
from gateway.model.trust import Trust, TrustedServer
from gateway.trust.keys import Keys, make_resolver
from gateway.trust.verifier import KeysUnavailableError, Verifier
from tests.letters import NOON, envelope_of, letter
from tests.trust.name_server import BROKEN, NameServer, name_server
from tests.trust.signing import FIELDS, RSA_RECORD, key_name, sealed_by, signed_by

DIRECTORY = Directory(
    domains=frozenset({"corp.example"}),
    users=(User("anna@corp.example", further=("anna@private.example",)), User("bob@corp.example")),
    mailboxes=(Mailbox("sales@corp.example"),),
    logging_addresses=(
        LoggingAddress("log@gate.example"),
        LoggingAddress("log+secret@gate.example", user="anna@corp.example"),
        LoggingAddress("journal@gate.example", use="journal"),
    ),
)
RECORDS = {
    key_name("corp.example"): RSA_RECORD,
    key_name("mail.corp.example"): RSA_RECORD,
    key_name("evil.example"): RSA_RECORD,
    key_name("sealer.example"): RSA_RECORD,
}
LETTER = letter(author="anna@corp.example", to="carol@customer.example")
OWN = b"Received: from client (host [192.0.2.1]) by mx.corp.example; now\r\n"
PASSED = b"Authentication-Results: mx.corp.example; dmarc=pass header.from=corp.example\r\n"
FAILED = b"Authentication-Results: mx.corp.example; dmarc=fail header.from=customer.example\r\n"
TRUST = Trust(
    networks=("192.0.2.0/24", "2001:db8::/32"),
    servers=(TrustedServer("mx.corp.example"),),
    arc_sealers=frozenset({"sealer.example"}),
)
STRANGER = Client(address="198.51.100.1")


def arrival(
    octets: bytes,
    *,
    client: Client = STRANGER,
    rcpt_to: str = "log@gate.example",
    direction: Direction = Direction.INCOMING,
) -> Arrival:
    """Return a copy at the gate, by default from nobody that we know."""
    envelope = replace(envelope_of(octets, rcpt_to=rcpt_to, direction=direction), client=client)
    return Arrival(
        envelope=envelope,
        heading=read_heading(octets),
        recipient_keys=tuple(key_of(one) for one in rcpt_to.split()),
        login_key=key_of(client.login),
        directory=DIRECTORY,
        policy=Policy(),
        asked_at=NOON,
    )


@asynccontextmanager
async def verifying(
    records: Mapping[str, str] = RECORDS, trust: Trust = TRUST, inline_octets: int = 65_536
) -> AsyncIterator[tuple[Verifier, NameServer]]:
    """Start a verifier with a name server of its own."""
    async with name_server(records) as server:
        keys = Keys(make_resolver([server.address]))
        yield Verifier(trust, keys, inline_octets=inline_octets), server


async def prove(copy: Arrival, trust: Trust = TRUST) -> Proof | None:
    """Return the proof of a copy."""
    async with verifying(trust=trust) as (verifier, _):
        return await verifier.verify(copy)


async def test_login_is_a_proof() -> None:
    copy = arrival(LETTER, client=Client("198.51.100.1", login="anna@corp.example"))
    assert await prove(copy) == Proof("login", "anna@corp.example")


async def test_login_that_is_no_address_is_a_proof() -> None:
    copy = arrival(LETTER, client=Client("198.51.100.1", login="anna"))
    assert await prove(copy) == Proof("login", "anna")


async def test_login_of_another_user_is_no_proof() -> None:
    copy = arrival(LETTER, client=Client("198.51.100.1", login="bob@corp.example"))
    assert await prove(copy) is None


async def test_login_of_a_user_proves_mail_of_his_team() -> None:
    octets = letter(author="sales@corp.example")
    copy = arrival(octets, client=Client("198.51.100.1", login="bob@corp.example"))
    assert await prove(copy) == Proof("login", "bob@corp.example")


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7"])
async def test_client_in_a_trusted_network_is_a_proof(address: str) -> None:
    copy = arrival(LETTER, client=Client(address))
    assert await prove(copy) == Proof("trusted-client", address)


async def test_trusted_client_of_a_submission_listener_is_a_proof() -> None:
    client = Client("10.0.0.1", trusted=True)
    copy = arrival(LETTER, client=client, direction=Direction.OUTGOING)
    assert await prove(copy) == Proof("trusted-client", "10.0.0.1")


async def test_trusted_client_of_an_inbound_listener_is_no_proof() -> None:
    # The MTA hands on what strangers wrote; that the author is a colleague is his own word.
    assert await prove(arrival(LETTER, client=Client("10.0.0.1", trusted=True))) is None


@pytest.mark.parametrize("address", ["", "unix", "192.0.3.1"])
async def test_client_elsewhere_is_no_proof(address: str) -> None:
    assert await prove(arrival(LETTER, client=Client(address))) is None


async def test_aligned_signature_is_a_proof() -> None:
    assert await prove(arrival(signed_by(LETTER))) == Proof("dkim", "corp.example (s1)")


async def test_signature_of_a_subdomain_is_a_proof() -> None:
    copy = arrival(signed_by(LETTER, "mail.corp.example"))
    assert await prove(copy) == Proof("dkim", "mail.corp.example (s1)")


async def test_signature_behind_others_is_a_proof() -> None:
    octets = signed_by(signed_by(LETTER), "evil.example")
    assert await prove(arrival(octets)) == Proof("dkim", "corp.example (s1)")


async def test_signature_of_a_large_message_is_a_proof() -> None:
    octets = signed_by(LETTER + b"line of words\r\n" * 50_000)
    assert await prove(arrival(octets)) == Proof("dkim", "corp.example (s1)")


async def test_signature_of_a_stranger_is_no_proof() -> None:
    assert await prove(arrival(signed_by(LETTER, "evil.example"))) is None


async def test_key_of_a_stranger_is_not_asked_for() -> None:
    async with verifying() as (verifier, server):
        await verifier.verify(arrival(signed_by(LETTER, "evil.example")))
        assert server.asked == []


async def test_nothing_is_asked_for_an_author_outside() -> None:
    async with verifying() as (verifier, server):
        copy = arrival(signed_by(letter(author="eve@evil.example"), "evil.example"))
        assert (await verifier.verify(copy), server.asked) == (None, [])


async def test_broken_signature_is_no_proof() -> None:
    octets = signed_by(LETTER).replace(b"Looks good.", b"Looks bad.")
    assert await prove(arrival(octets)) is None


async def test_second_author_field_is_no_proof() -> None:
    octets = b"From: bob@corp.example\r\n" + signed_by(LETTER)
    assert await prove(arrival(octets)) is None


async def test_several_authors_are_no_proof() -> None:
    octets = signed_by(letter(author="anna@corp.example, bob@corp.example"))
    assert await prove(arrival(octets)) is None


@pytest.mark.parametrize("left_out", ["Subject", "Date", "Message-ID"])
async def test_signature_that_leaves_out_what_is_shown_is_no_proof(left_out: str) -> None:
    fields = tuple(name for name in FIELDS if name != left_out)
    assert await prove(arrival(signed_by(LETTER, fields=fields))) is None


async def test_signature_without_recipients_is_a_proof() -> None:
    fields = tuple(name for name in FIELDS if name != "To")
    assert await prove(arrival(signed_by(LETTER, fields=fields))) is not None


async def test_redirected_message_is_proved_by_who_redirected_it() -> None:
    octets = letter(Resent_From="anna@corp.example")
    octets = signed_by(octets, fields=(*FIELDS, "Resent-From"))
    assert await prove(arrival(octets)) == Proof("dkim", "corp.example (s1)")


async def test_redirected_message_is_not_proved_by_a_signature_that_does_not_say_so() -> None:
    octets = signed_by(letter(Resent_From="anna@corp.example"))
    assert await prove(arrival(octets)) is None


async def test_unanswered_key_is_told() -> None:
    async with verifying({key_name(): BROKEN}) as (verifier, _):
        with pytest.raises(KeysUnavailableError, match=key_name()):
            await verifier.verify(arrival(signed_by(LETTER)))


async def test_unanswered_key_does_not_matter_when_something_else_is_a_proof() -> None:
    async with verifying({key_name(): BROKEN}) as (verifier, _):
        proof = await verifier.verify(arrival(PASSED + OWN + signed_by(LETTER)))
        assert proof == Proof("authentication-results", "mx.corp.example dmarc")


async def test_key_is_not_asked_for_when_a_login_is_a_proof() -> None:
    async with verifying() as (verifier, server):
        await verifier.verify(arrival(signed_by(LETTER), client=Client(login="anna@corp.example")))
        assert server.asked == []


async def test_chain_of_a_trusted_sealer_is_a_proof() -> None:
    copy = arrival(sealed_by(LETTER, "dmarc=pass header.from=corp.example"))
    assert await prove(copy) == Proof("arc", "sealer.example")


async def test_chain_of_another_sealer_is_no_proof() -> None:
    copy = arrival(sealed_by(LETTER, "dmarc=pass header.from=corp.example"))
    assert await prove(copy, replace(TRUST, arc_sealers=frozenset({"other.example"}))) is None


@pytest.mark.parametrize(
    "results", ["spf=pass smtp.mailfrom=corp.example", "dkim=pass header.d=evil.example", "none"]
)
async def test_chain_that_vouches_for_nobody_is_no_proof(results: str) -> None:
    assert await prove(arrival(sealed_by(LETTER, results))) is None


async def test_chain_that_leaves_out_what_is_shown_is_no_proof() -> None:
    octets = b"Sujet: Our offer\r\n" + LETTER.replace(b"Subject: Our offer\r\n", b"")
    sealed = sealed_by(octets, "dmarc=pass header.from=corp.example")
    assert await prove(arrival(sealed.replace(b"Sujet:", b"Subject:"))) is None


async def test_unanswered_key_of_a_chain_is_told() -> None:
    async with verifying({key_name("sealer.example"): BROKEN}) as (verifier, _):
        with pytest.raises(KeysUnavailableError):
            await verifier.verify(arrival(sealed_by(LETTER, "dmarc=pass header.from=corp.example")))


async def test_results_of_a_trusted_server_are_a_proof() -> None:
    proof = await prove(arrival(PASSED + OWN + LETTER))
    assert proof == Proof("authentication-results", "mx.corp.example dmarc")


async def test_results_about_another_domain_are_no_proof() -> None:
    results = PASSED.replace(b"from=corp", b"from=evil")
    assert await prove(arrival(results + OWN + LETTER)) is None


async def test_results_that_anybody_wrote_are_no_proof() -> None:
    assert await prove(arrival(OWN + PASSED + LETTER)) is None


async def test_secret_address_is_a_proof_of_its_user() -> None:
    copy = arrival(LETTER, rcpt_to="log+secret@gate.example")
    assert await prove(copy) == Proof("secret-address", "anna@corp.example")


async def test_secret_address_holds_for_a_further_address_of_its_user() -> None:
    copy = arrival(letter(author="anna@private.example"), rcpt_to="log+secret@gate.example")
    assert await prove(copy) == Proof("secret-address", "anna@corp.example")


async def test_secret_address_is_no_proof_of_another_user() -> None:
    octets = letter(author="bob@corp.example")
    assert await prove(arrival(octets, rcpt_to="log+secret@gate.example")) is None


async def test_secret_address_that_all_recipients_see_is_no_proof() -> None:
    shown = "carol@customer.example, log+secret@gate.example"
    octets = letter(author="anna@corp.example", to=shown)
    assert await prove(arrival(octets, rcpt_to="log+secret@gate.example")) is None


async def test_secret_address_that_nobody_else_was_written_beside_is_a_proof() -> None:
    octets = letter(author="anna@corp.example", to="log+secret@gate.example")
    assert await prove(arrival(octets, rcpt_to="log+secret@gate.example")) is not None


async def test_signature_goes_before_the_secret_address() -> None:
    proof = await prove(arrival(signed_by(LETTER), rcpt_to="log+secret@gate.example"))
    assert proof == Proof("dkim", "corp.example (s1)")


async def test_plain_address_is_no_proof() -> None:
    assert await prove(arrival(LETTER)) is None


async def test_secret_address_is_a_proof_of_an_unclear_message_too() -> None:
    octets = b"Subject: two\r\n" + LETTER
    assert await prove(arrival(octets, rcpt_to="log+secret@gate.example")) is not None


async def test_secret_address_is_no_proof_of_a_team() -> None:
    octets = letter(author="sales@corp.example")
    assert await prove(arrival(octets, rcpt_to="log+secret@gate.example")) is None


async def test_journal_report_is_not_proved_by_a_signature() -> None:
    assert await prove(arrival(signed_by(LETTER), rcpt_to="journal@gate.example")) is None


async def test_journal_report_is_proved_by_who_brought_it() -> None:
    copy = arrival(LETTER, client=Client("192.0.2.7"), rcpt_to="journal@gate.example")
    assert await prove(copy) == Proof("trusted-client", "192.0.2.7")


async def test_nobody_is_trusted_by_default() -> None:
    copy = arrival(PASSED + OWN + sealed_by(LETTER, "dmarc=pass header.from=corp.example"))
    assert await prove(copy, Trust()) is None


async def authenticity(octets: bytes, records: Mapping[str, str] = RECORDS) -> Authenticity:
    """Return what trusted servers say of a message in path."""
    async with verifying(records) as (verifier, _):
        return await verifier.authenticate(arrival(octets, rcpt_to="anna@corp.example"))


async def test_failed_dmarc_is_told() -> None:
    said = await authenticity(FAILED + OWN + letter())
    assert said == Authenticity("fail", "customer.example", "mx.corp.example")


async def test_forged_results_say_nothing() -> None:
    assert await authenticity(OWN + FAILED + letter()) == NOTHING_SAID


async def test_trusted_sealer_vouches_for_a_failed_author() -> None:
    sealed = sealed_by(letter(), "dmarc=pass header.from=customer.example")
    said = await authenticity(FAILED + OWN + sealed)
    assert (said.arc_sealer, said.spoofed) == ("sealer.example", False)


async def test_sealer_that_cannot_be_checked_is_told() -> None:
    sealed = sealed_by(letter(), "dmarc=pass header.from=customer.example")
    said = await authenticity(FAILED + OWN + sealed, {key_name("sealer.example"): BROKEN})
    assert (said.unanswered, said.spoofed) == ((key_name("sealer.example"),), True)


async def test_failed_dmarc_of_an_unclear_message_is_told() -> None:
    said = await authenticity(FAILED + OWN + b"Subject: two\r\n" + letter())
    assert said.spoofed


async def test_loop_goes_on_while_a_large_body_is_hashed() -> None:
    octets = signed_by(LETTER + b"some words  and \t more\r\n" * 400_000)
    async with verifying() as (verifier, _):
        verifying_it = asyncio.create_task(verifier.verify(arrival(octets)))
        turns = 0
        while not verifying_it.done():
            await asyncio.sleep(0)
            turns += 1
        assert (await verifying_it, turns > 20) == (Proof("dkim", "corp.example (s1)"), True)
