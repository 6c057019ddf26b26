"""One message from left to right, with a real store and a next hop that remembers."""

from __future__ import annotations

from gateway.model.decision import Outcome, Reason
from gateway.model.envelope import Relayed, RelayState, Reply
from tests.letters import NOON, forward_of, letter
from tests.pipeline.conftest import QUEUED, Gate, Hop, outgoing, sent


async def test_the_reply_is_that_of_the_next_hop(gate: Gate) -> None:
    handled = await gate.flow.receive(outgoing(sent()), Hop())
    assert handled.reply == QUEUED


async def test_the_words_tell_outcome_reason_and_entry(gate: Gate) -> None:
    handled = await gate.flow.receive(outgoing(sent()), Hop())
    outcome, reason, entry = handled.words.split()
    assert (outcome, reason) == ("logged", "opted-in")
    with gate.entries() as entries:
        found = entries.find(entry.removeprefix("e="))
    assert found is not None
    assert found.reason is Reason.OPTED_IN


async def test_the_entry_is_durable_before_the_final_dot(gate: Gate) -> None:
    there: list[bool] = []

    class Asking(Hop):
        async def finish(self) -> Relayed:
            with gate.entries() as entries:
                there.append(entries.find("one@customer.example") is not None)
            return await super().finish()

    await gate.flow.receive(outgoing(sent()), Asking())
    assert there == [True]


async def test_the_dot_is_not_sent_when_the_next_hop_refuses_data(gate: Gate) -> None:
    refusal = Reply(552, ("5.3.4 too big",))
    hop = Hop(refuses_data=refusal)
    handled = await gate.flow.receive(outgoing(sent()), hop)
    assert (handled.reply, "dot" in hop.done) == (refusal, False)


async def test_a_deferred_message_is_not_said_to_be_delivered(gate: Gate) -> None:
    hop = Hop(ends_with=Reply(451, ("4.3.0 later",)))
    await gate.flow.receive(outgoing(sent()), hop)
    assert gate.seen[0].relayed.state is RelayState.DEFERRED


async def test_a_mail_loop_is_turned_away_without_an_entry(gate: Gate) -> None:
    octets = b"Received: from a by b; x\r\n" * 51 + sent()
    hop = Hop()
    handled = await gate.flow.receive(outgoing(octets), hop)
    assert handled.reply.code == 554
    assert "dot" not in hop.done
    with gate.entries() as entries:
        assert not list(entries.search())


async def test_each_message_of_a_forward_gets_an_entry(gate: Gate) -> None:
    both = forward_of(letter(), letter(message_id="two@customer.example"))
    await gate.flow.receive(outgoing(both, "log@gate.example"), Hop())
    with gate.entries() as entries:
        found = [entries.find(f"{name}@customer.example") for name in ("one", "two")]
    assert [entry.reason for entry in found if entry] == [Reason.LOGGED_BY_FORWARD] * 2


async def test_the_gate_is_asked_of_what_a_forward_holds(gate: Gate) -> None:
    secret = letter(author="x@secret.example")
    handled = await gate.flow.receive(outgoing(forward_of(secret), "log@gate.example"), Hop())
    assert handled.words.startswith("not_logged never-log-account")


async def test_a_sent_folder_counts_as_logged(gate: Gate) -> None:
    (entry_id,) = await gate.flow.take_as_logged(
        outgoing(letter(author="anna@corp.example", to="carol@customer.example")), NOON
    )
    with gate.entries() as entries:
        found = entries.find(entry_id)
    assert found is not None
    assert (found.outcome, found.reason) == (Outcome.LOGGED, Reason.IMPORTED)


async def test_what_the_gate_stops_stays_out_of_history(gate: Gate) -> None:
    secret = letter(author="anna@corp.example", to="x@secret.example")
    (entry_id,) = await gate.flow.take_as_logged(outgoing(secret, "x@secret.example"), NOON)
    with gate.entries() as entries:
        found = entries.find(entry_id)
    assert found is not None
    assert found.reason is Reason.NEVER_LOG_ACCOUNT
