"""Copies of users: what the trace tells of the proof, and what lists and paths change."""

from __future__ import annotations

import pytest

from gateway.model.case import Case, Proof
from gateway.model.decision import Reason
from gateway.model.directory import NeverLog
from gateway.rules.judge import judge
from tests.rules.cases import CAROL, IVY, bcc, forward, the_directory

DKIM = Proof("dkim", "corp.example (s1)")


@pytest.mark.parametrize("copy", [bcc(proof=DKIM), forward(proof=DKIM)])
def test_the_proof_is_part_of_the_trace(copy: Case) -> None:
    decision = judge(copy)
    (answer,) = (one for one in decision.trace if one.rule == decision.reason.value)
    assert answer.evidence["proof"] == "dkim corp.example (s1)"


def test_a_listed_recipient_of_a_bcc_copy_is_left_out() -> None:
    listed = the_directory(never_log=(NeverLog(IVY),))
    decision = judge(bcc(to=(CAROL, IVY), directory=listed))
    assert (decision.reason, decision.contacts) == (Reason.BCC_COPY, (CAROL,))
    assert IVY not in str(decision.effects)
