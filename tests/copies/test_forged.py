"""Forged answers put no words on a timeline."""

from __future__ import annotations

from gateway.model.decision import Outcome, Reason
from gateway.model.trust import Trust, TrustedServer
from gateway.trust.keys import Keys
from gateway.trust.verifier import Verifier
from tests.copies.office import ANNA, RELAYED, SECRET, Office, copy_of, in_path, sent
from tests.letters import letter


async def test_a_forged_citation_puts_no_words_on_a_customers_timeline(office: Office) -> None:
    await office.takes(copy_of(sent()))
    forged = letter(
        author="eve@evil.example", message_id="eve@evil.example", In_Reply_To="<out@corp.example>"
    )
    entry = await office.takes(in_path(forged, ANNA, outgoing=False), RELAYED)
    assert (entry.outcome, entry.reason) == (Outcome.HELD, Reason.STRANGER_IN_THREAD)


async def test_a_spoofed_answer_is_held_by_what_a_trusted_server_found(office: Office) -> None:
    servers = (TrustedServer("mx.corp.example"),)
    office.flow.verifier = Verifier(Trust(servers=servers), Keys(None))
    await office.takes(copy_of(sent(), SECRET))
    results = "mx.corp.example; dmarc=fail header.from=customer.example"
    forged = letter(
        message_id="forged@customer.example",
        In_Reply_To="<out@corp.example>",
        Authentication_Results=results,
        Received="from evil.example by mx.corp.example; Mon, 23 Nov 2026 12:00:00 +0000",
    )
    # What a trusted server says stands above the Received field that it added.
    entry = await office.takes(in_path(forged, ANNA, outgoing=False), RELAYED)
    assert (entry.outcome, entry.reason) == (Outcome.HELD, Reason.SENDER_SPOOFED)
