"""The tables hold together: every reason, every remedy, every statement, every preset."""

from __future__ import annotations

import dataclasses
import string
from collections import Counter

import pytest

from gateway import rules
from gateway.model.arrival import Arrival
from gateway.model.case import Case
from gateway.model.decision import Decision, Evidence, Outcome, Reason, Stage
from gateway.model.policy import Policy
from gateway.rules.edge import EDGE
from gateway.rules.judge import judge
from gateway.rules.pages import PAGES, markdown_table, outcome_words
from gateway.rules.presets import GATEWAY, HUBSPOT_2020, HUBSPOT_2026, PRESETS, preset
from gateway.rules.rule import note, rule
from tests.rules import (
    test_completion,
    test_content,
    test_gate,
    test_identity,
    test_incoming,
    test_intake,
    test_kind,
    test_mailboxes,
    test_outgoing,
    test_people,
)
from tests.rules.cases import GATE, IVY, Pair, case, offer, reply

NOTES = (*rules.GATE_NOTES, *rules.IDENTITY_NOTES, *rules.CONTENT)
IN_BOTH_DIRECTIONS = {
    Reason.MAILBOX_DISCONNECTED,
    Reason.SHARED_THREAD_MOVED,
    Reason.LOGGED_BY_FORWARD,
}
PAIRS: list[Pair] = [
    *test_gate.PAIRS,
    *test_intake.PAIRS,
    *test_identity.PAIRS,
    *test_completion.PAIRS,
    *test_kind.PAIRS,
    *test_incoming.PAIRS,
    *test_mailboxes.PAIRS,
    *test_people.PAIRS,
    *test_outgoing.PAIRS,
]
OF_CONTENT = [facts for _, *both in test_content.HITS_AND_MISSES for facts in both[:1]]
ALWAYS_LAST = {Reason.SENDER_NOT_CONTACT, Reason.RECIPIENT_NOT_CONTACT}
STATEMENTS = {f"S{number}" for number in range(1, 17)}


def reasons_of_rules() -> list[Reason]:
    decide = (rules.GATE, rules.INTAKE, rules.UNWRAP, rules.IDENTITY, rules.KIND)
    found = [one.reason for table in decide for one in table]
    found += [one.reason for one in (*rules.INCOMING, *rules.OUTGOING)]
    return [*found, *(one.reason for one in NOTES), *(edge.reason for edge in EDGE)]


def test_every_reason_has_exactly_one_rule_or_page_of_the_edge() -> None:
    expected = {reason: 2 if reason in IN_BOTH_DIRECTIONS else 1 for reason in Reason}
    assert Counter(reasons_of_rules()) == expected


def test_every_rule_has_a_case_that_hits_and_one_that_misses() -> None:
    told = {pair.reason for pair in PAIRS} | {reason for reason, *_ in test_content.HITS_AND_MISSES}
    decide = set(reasons_of_rules()) - {edge.reason for edge in EDGE}
    noted = {Reason.NEVER_LOG_PARTICIPANT, Reason.MESSAGE_ID_REUSED, Reason.MESSAGE_ID_MISSING}
    assert decide - told == noted | {Reason.SENDER_NOT_CONTACT}


@pytest.mark.parametrize("reason", sorted(IN_BOTH_DIRECTIONS - {Reason.LOGGED_BY_FORWARD}))
def test_rules_of_both_directions_have_a_pair_in_each(reason: Reason) -> None:
    assert {pair.hit.direction.value for pair in PAIRS if pair.reason is reason} == {
        "incoming",
        "outgoing",
    }


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_every_remedy_and_command_is_filled_in(pair: Pair) -> None:
    decision = judge(pair.hit)
    for words in (decision.remedy, decision.command):
        assert "{" not in words
    assert all("{" not in words for one in decision.notes for words in (one.remedy, one.command))


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_the_first_match_of_the_first_stage_decides(pair: Pair) -> None:
    decision = judge(pair.hit)
    asked = [answer for answer in decision.trace if answer.matched]
    noted = {one.reason.value for one in NOTES}
    deciding = [answer for answer in asked if answer.rule not in noted]
    if decision.joins or pair.given.get("wrapping") is not None:
        assert decision.reason.value in {answer.rule for answer in deciding}
    else:
        assert deciding[0].rule == decision.reason.value


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_every_rule_of_its_direction_is_asked(pair: Pair) -> None:
    asked = pair.hit
    answered = [answer.rule for answer in judge(asked).trace]
    table = rules.INCOMING if asked.incoming else rules.OUTGOING
    expected = (*rules.INTAKE, *rules.UNWRAP, *rules.IDENTITY, *rules.KIND, *table)
    assert set(answered) >= {one.name for one in expected}


@pytest.mark.parametrize("table", [rules.INCOMING, rules.OUTGOING], ids=["incoming", "outgoing"])
def test_table_ends_with_a_rule_that_always_matches(table: tuple[object, ...]) -> None:
    last = rules.INCOMING[-1] if table is rules.INCOMING else rules.OUTGOING[-1]
    assert last.reason in ALWAYS_LAST
    assert all(last.check(asked) is not None for pair in PAIRS for asked in (pair.hit, pair.miss))


def test_last_rule_does_not_speak_when_another_decided() -> None:
    rule_names = {answer.rule for answer in judge(reply()).trace if answer.matched}
    assert "sender-not-contact" not in rule_names


def test_every_statement_of_the_source_is_decided_by_a_rule() -> None:
    named = {number for page in PAGES.values() for number in page.source}
    assert named == STATEMENTS


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_page(reason: Reason) -> None:
    text = PAGES[reason].text()
    assert text.startswith(reason.value)
    assert "  When:     " in text


def test_page_tells_both_directions_apart() -> None:
    text = PAGES[Reason.SHARED_THREAD_MOVED].text()
    assert "Asked of: incoming mail" in text
    assert "Asked of: outgoing mail" in text


def test_page_of_one_rule_in_both_tables_tells_it_once() -> None:
    assert len(PAGES[Reason.LOGGED_BY_FORWARD].lines) == 1


def test_page_tells_the_switch_of_an_outcome() -> None:
    text = PAGES[Reason.SENDER_SPOOFED].text()
    assert "Outcome:  not_logged or held, as `spoofed` says" in text


def test_page_of_a_note_tells_whether_it_is_partial() -> None:
    assert "a note; logged becomes partial" in PAGES[Reason.ENCRYPTED].text()
    assert outcome_words(rules.GATE_NOTES[0]) == "a note"


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        (Reason.TRACKED_REPLY, "until erased"),
        (Reason.THREAD_CONFLICT, "until decided"),
        (Reason.NOT_A_REPLY, "for replay"),
        (Reason.BULK, "no content"),
    ],
)
def test_page_tells_what_is_kept(reason: Reason, kept: str) -> None:
    assert kept in PAGES[reason].text()


def test_page_of_a_duplicate_says_nothing_of_keeping() -> None:
    assert "Kept:" not in PAGES[Reason.REDELIVERED].text()


def test_table_of_the_readme_has_a_row_for_every_rule() -> None:
    rows = markdown_table().splitlines()[2:]
    assert len(rows) == len(reasons_of_rules()) - 1
    assert all(row.count(" | ") == 4 for row in rows)


def test_remedies_have_two_sentences_at_most() -> None:
    lines = [line for page in PAGES.values() for _, line in page.lines]
    for line in lines:
        ends = line.remedy.replace("example.com", "").rstrip('."?').count(". ")
        assert ends + line.remedy.count("? ") <= 1, line.remedy


def test_placeholders_are_names() -> None:
    for page in PAGES.values():
        for _, line in page.lines:
            for words in (line.remedy, line.command):
                names = [name for _, name, _, _ in string.Formatter().parse(words) if name]
                assert all(name.isidentifier() for name in names)


def test_rule_must_be_named_like_its_reason() -> None:
    def other(arrival: Arrival) -> Evidence | None:
        return None if arrival.author else {}

    with pytest.raises(ValueError, match="name it so"):
        rule(Reason.ERASED, Outcome.NOT_LOGGED)(other)


def test_note_must_be_named_like_its_reason() -> None:
    def other(asked: Case) -> list[tuple[str, Evidence]]:
        return [("", {"kind": asked.message.kind.value})]

    with pytest.raises(ValueError, match="name it so"):
        note(Reason.ENCRYPTED)(other)


def test_stages_are_those_of_the_tables() -> None:
    tables = {
        Stage.GATE: rules.GATE,
        Stage.INTAKE: rules.INTAKE,
        Stage.UNWRAP: rules.UNWRAP,
        Stage.IDENTITY: rules.IDENTITY,
        Stage.KIND: rules.KIND,
        Stage.POLICY: (*rules.INCOMING, *rules.OUTGOING),
    }
    for stage, table in tables.items():
        assert {one.stage for one in table} == {stage}


SWITCHES: dict[str, tuple[object, object, object]] = {
    "log": ("replies", "all", "all"),
    "unmarked_in_thread": ("skip", "log", "log"),
    "reply_mailbox": ("starter", "any", "any"),
    "unknown_replier": ("skip", "thread-contact", "thread-contact"),
    "suggest_alias": (False, False, True),
    "subject_must_match": (False, True, False),
    "disconnected_mailbox": ("skip", "skip", "hold"),
    "provider_changed": ("skip", "skip", "follow"),
    "shared_thread_moved": ("skip", "skip", "follow"),
    "other_folder": ("skip", "skip", "log"),
    "spam": ("skip", "skip", "hold"),
    "spam_providers": ({"microsoft365"}, set(), set()),
    "never_log_original": ("thread", "thread", "participant"),
    "complete_attachments": (False, False, True),
    "find_true_original": (False, False, True),
    "stranger_original": ("leave", "leave", "adopt"),
    "create_contacts": ("on-mark", "on-mark", "on-mark"),
    "create_role_contacts": (True, True, False),
    "spoofed": ("hold", "hold", "hold"),
    "attachment_limit_in": (50_000_000, 50_000_000, 50_000_000),
    "attachment_limit_out": (50_000_000, 20_000_000, 50_000_000),
    "attachment_limit_out_total": (None, 20_000_000, None),
    "body_limit": (2_000_000, 2_000_000, 2_000_000),
}
SAME_IN_ALL = {"preset", "retention", "other_folder_providers"}


@pytest.mark.parametrize("switch", sorted(SWITCHES))
def test_presets_are_those_of_the_table(switch: str) -> None:
    asked = (HUBSPOT_2020, HUBSPOT_2026, GATEWAY)
    assert tuple(getattr(policy, switch) for policy in asked) == SWITCHES[switch]


def test_folders_count_for_imap_in_both_presets_that_ask_for_them() -> None:
    asked = (HUBSPOT_2020, HUBSPOT_2026)
    assert {policy.other_folder_providers for policy in asked} == {frozenset({"imap"})}


def test_presets_differ_in_no_switch_that_the_table_does_not_name() -> None:
    names = {one.name for one in dataclasses.fields(Policy)} - SWITCHES.keys() - SAME_IN_ALL
    for name in names:
        assert len({repr(getattr(policy, name)) for policy in PRESETS.values()}) == 1


def test_default_is_the_first_preset() -> None:
    assert Policy() == preset("hubspot-2020")


def test_unknown_preset_is_told_with_what_is_allowed() -> None:
    with pytest.raises(ValueError, match="hubspot-2020, hubspot-2026, gateway"):
        preset("hubspot")


def test_same_case_gives_the_same_decision() -> None:
    first, second = judge(reply(author=IVY, policy=GATE)), judge(reply(author=IVY, policy=GATE))
    assert first == second


def test_every_case_gets_a_decision() -> None:
    for asked in (case(author=None, to=()), offer(author=None, to=()), case(rcpt=())):
        assert isinstance(judge(asked), Decision)


@pytest.mark.parametrize("facts", OF_CONTENT)
def test_notes_are_filled_in(facts: dict[str, object]) -> None:
    assert all("{" not in one.remedy for one in judge(reply(**facts)).notes)
