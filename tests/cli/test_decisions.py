"""`replygate decisions`: what was decided, by filters."""

from __future__ import annotations

import re

import pytest

from tests.cli.conftest import DAVE, Run, entry, rows

KEYS = {
    "entry",
    "message_id",
    "received_at",
    "direction",
    "route",
    "outcome",
    "reason",
    "remedy",
    "thread",
    "contacts",
    "mailboxes",
    "attachments",
    "trace",
    "relayed",
    "sha256_in",
    "sha256_out",
}


@pytest.mark.usefixtures("imported")
def test_a_decision_is_one_object_with_every_key(run: Run) -> None:
    assert all(row.keys() >= KEYS for row in rows(run("decisions", "--json")))


@pytest.mark.usefixtures("imported")
def test_every_answer_of_the_trace_is_told(run: Run) -> None:
    trace = entry(run, "c")["trace"]
    assert all(answer.keys() == {"stage", "rule", "matched", "evidence"} for answer in trace)
    assert [answer["evidence"] for answer in trace if answer["rule"] == "sender-not-contact"] == [
        {"address": DAVE}
    ]


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize(
    ("options", "names"),
    [
        ([], "cba"),
        (["--outcome", "not_logged"], "cba"),
        (["--outcome", "logged"], ""),
        (["--reason", "original-not-logged"], "b"),
        (["--address", "Carol@Customer.example"], "ba"),
        (["--since", "2026-11-03"], "cb"),
        (["--until", "2026-11-03"], "a"),
        (["--since", "2026-11-03", "--address", DAVE], "c"),
        (["--limit", "1"], "c"),
        (["--since", "30m"], ""),
    ],
)
def test_decisions_pass_all_filters_newest_first(run: Run, options: list[str], names: str) -> None:
    listed = rows(run("decisions", "--json", *options))
    assert [row["message_id"][0] for row in listed] == list(names)


@pytest.mark.usefixtures("imported")
def test_people_read_a_table_of_decisions(run: Run) -> None:
    assert re.search(rf"{DAVE} +Offer c +not_logged +sender", run("decisions").stdout)


@pytest.mark.usefixtures("imported")
def test_a_table_says_when_there_may_be_more(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.cli.decisions.PAGE", 2)
    said = run("decisions").stdout
    assert "These are the newest 2" in said
    assert DAVE in said
    assert len(rows(run("decisions", "--json"))) == 3


def test_a_time_that_is_none_is_a_usage_error(run: Run) -> None:
    assert "is no time" in run("decisions", "--since", "yesterday-ish", fails=2).stderr
