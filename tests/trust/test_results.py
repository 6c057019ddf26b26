"""Results are believed where only a trusted server can have written them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.heading import read_heading
from gateway.model.trust import TrustedServer
from gateway.trust.results import (
    Result,
    Results,
    parse_results,
    parse_sealed_results,
    receiving_host,
    trusted_results,
)

MX = TrustedServer("mx.corp.example")
PASS = "Authentication-Results: mx.corp.example; dkim=pass header.d=corp.example\r\n"
OWN = "Received: from client (host [192.0.2.1])\r\n by mx.corp.example (Postfix); now\r\n"
OTHER = "Received: from mx.corp.example ([192.0.2.2]) by inner.corp.example; now\r\n"
BELIEVED = (Results("mx.corp.example", (Result("dkim", "pass", "corp.example"),)),)


def believed(fields: str, *servers: TrustedServer) -> tuple[Results, ...]:
    heading = read_heading(f"{fields}From: a@corp.example\r\n\r\n".encode())
    return trusted_results(heading.fields, servers)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            "mx.example; dmarc=fail (p=none; dis=none) header.from=a.example",
            Results("mx.example", (Result("dmarc", "fail", "a.example"),)),
        ),
        (
            "MX.Example 1;\r\n dkim=PASS (2048-bit key) header.i=@b.A.example header.s=s1",
            Results("mx.example", (Result("dkim", "pass", "b.a.example"),)),
        ),
        (
            "spf=pass (by IP);dmarc=pass action=none header.from=a.example;compauth=pass reason=9",
            Results(
                "",
                (
                    Result("spf", "pass", ""),
                    Result("dmarc", "pass", "a.example"),
                    Result("compauth", "pass", ""),
                ),
            ),
        ),
        ("mx.example; none", Results("mx.example", ())),
        (
            "spf=pass\r\n smtp.helo=x; corp.example; dmarc=none action=none header.from=a.example;",
            Results(
                "",
                (Result("spf", "pass", ""), Result("dmarc", "none", "a.example")),
            ),
        ),
        (
            "mx.example; odd=; dkim/1=pass header.d=a.example",
            Results("mx.example", (Result("dkim", "pass", "a.example"),)),
        ),
        (
            'mx.example; dkim=fail (a; dkim=pass) reason="b; dkim=pass" header.d=a.example',
            Results("mx.example", (Result("dkim", "fail", "a.example"),)),
        ),
    ],
)
def test_results_are_read(value: str, expected: Results) -> None:
    assert parse_results(value.encode()) == expected


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"; dkim=pass",
        b'"quoted id"; dkim=pass',
        b"a; dkim=" + b"(" * 5000,
        b"a; " * 5000,
        b"a; spf=pass (helo=( ; dkim=pass header.d=a.example)",
        b'a; spf=pass smtp.helo="; dkim=pass header.d=a.example',
        b"a; spf=pass ) ; dkim=pass header.d=a.example",
    ],
)
def test_unreadable_results_are_none(value: bytes) -> None:
    assert parse_results(value) is None


@given(value=st.binary(max_size=200))
def test_any_octets_are_answered(value: bytes) -> None:
    for octets in (value, b"mx; " + value, b"i=1; mx; dkim=" + value):
        parse_results(octets)
        parse_sealed_results(octets)


def test_sealed_results_stand_behind_the_instance() -> None:
    expected = Results("mx.example", (Result("dkim", "pass", "a.example"),))
    assert parse_sealed_results(b" i=2; mx.example; dkim=pass header.d=a.example") == expected


def test_sealed_results_without_instance_are_none() -> None:
    assert parse_sealed_results(b"mx.example; dkim=pass header.d=a.example") is None


def test_results_above_the_servers_received_field_are_believed() -> None:
    assert believed(PASS + OWN, MX) == BELIEVED


def test_results_above_are_believed_after_further_hops() -> None:
    assert believed(OTHER + PASS + OWN, MX) == BELIEVED


def test_results_below_the_servers_received_field_are_ignored() -> None:
    assert believed(OWN + PASS, MX) == ()


def test_results_below_are_ignored_though_another_such_field_follows() -> None:
    assert believed(OWN + PASS + OWN, MX) == ()


def test_results_without_a_received_field_of_the_server_are_ignored() -> None:
    assert believed(PASS + OTHER, MX) == ()


def test_results_of_another_server_are_ignored() -> None:
    assert believed(PASS.replace("mx.corp", "mx.evil") + OWN, MX) == ()


def test_results_are_ignored_without_trusted_servers() -> None:
    assert believed(PASS + OWN) == ()


def test_unclear_received_field_ends_the_trust() -> None:
    assert believed("Received: from somewhere\r\n" + PASS + OWN, MX) == ()


def test_remark_of_a_program_does_not_end_the_trust() -> None:
    remark = "Received: (qmail 1 invoked by uid 2); now\r\n"
    assert believed(remark + PASS + OWN, MX) == BELIEVED


@pytest.mark.parametrize("helo", ["by", "by mx", "(", ")", "((", "a(b", "x (by) y"])
def test_name_that_a_stranger_gives_hides_no_received_field(helo: str) -> None:
    real = f"Received: from {helo} (host [192.0.2.1]) by mx.corp.example; now\r\n"
    assert believed(real + PASS + OWN, MX) == ()


def test_server_without_id_is_known_by_its_hosts() -> None:
    server = TrustedServer("", ("mail.protection.example",))
    fields = (
        "Received: from edge.mail.protection.example by box.prod.example; now\r\n"
        "Authentication-Results: dkim=pass header.d=corp.example\r\n"
        "Received: from stranger by edge.mail.protection.example; now\r\n"
    )
    assert believed(fields, server) == (Results("", BELIEVED[0].results),)


def test_host_whose_name_ends_alike_is_not_the_servers() -> None:
    assert not MX.is_host("evilmx.corp.example")


@pytest.mark.parametrize(
    ("received", "host"),
    [
        (
            b"from a (b [192.0.2.1])\r\n\tby MX.Example. (Postfix) with ESMTP id 1; now",
            "mx.example",
        ),
        (b"by mx.example with SMTP id 1; now", "mx.example"),
        (b"from a (b (c (d) e)) by mx.example; now", "mx.example"),
        (b"from by by mx.example; now", "mx.example"),
        (b"from a [192.0.2.1] by mx.example with IMAP (fetchmail)", "mx.example"),
        (b"from a [by mx.evil.example] by mx.example", ""),
        (b"from a; by mx.example", ""),
        (b"from a via b by mx.example", ""),
        (b"from a (((((((b))))))) by mx.example", ""),
        (b"(nothing)", ""),
        (b"by", ""),
        (b"", ""),
    ],
)
def test_receiving_host_is_read_without_guessing(received: bytes, host: str) -> None:
    assert receiving_host(received) == host


@pytest.mark.parametrize(
    ("results", "method"),
    [
        ((Result("dmarc", "pass", "corp.example"),), "dmarc"),
        ((Result("dkim", "pass", "mail.corp.example"),), "dkim"),
        ((Result("dkim", "fail", "corp.example"), Result("dkim", "pass", "corp.example")), "dkim"),
        ((Result("dkim", "pass", "list.example"),), ""),
        ((Result("dmarc", "pass", ""),), ""),
        ((Result("spf", "pass", "corp.example"),), ""),
        ((Result("dmarc", "fail", "corp.example"), Result("dkim", "pass", "corp.example")), ""),
    ],
)
def test_results_vouch_for_an_aligned_author(results: tuple[Result, ...], method: str) -> None:
    assert Results("mx.example", results).vouch_for("corp.example") == method
