"""The newest DMARC result of a trusted server counts."""

from __future__ import annotations

from gateway.model.case import NOTHING_SAID, Authenticity
from gateway.trust.dmarc import read_dmarc
from gateway.trust.results import Result, Results


def results(name: str, verdict: str) -> Results:
    return Results(name, (Result("dkim", "pass", "b"), Result("dmarc", verdict, "a.example")))


def test_newest_result_counts() -> None:
    said = read_dmarc([results("new", "fail"), results("old", "pass")])
    assert said == Authenticity("fail", "a.example", "new")


def test_without_result_nothing_is_said() -> None:
    assert read_dmarc([Results("mx", (Result("spf", "fail", ""),))]) == NOTHING_SAID


def test_failed_dmarc_is_spoofed() -> None:
    assert read_dmarc([results("mx", "fail")]).spoofed


def test_sealed_message_is_not_spoofed() -> None:
    assert not Authenticity("fail", arc_sealer="sealer.example").spoofed


def test_passed_dmarc_is_not_spoofed() -> None:
    assert not read_dmarc([results("mx", "pass")]).spoofed
