"""Which options a next hop gets."""

from __future__ import annotations

import pytest

from gateway.relay.options import UnsupportedError, fit_mail, fit_rcpt, xforward

ALL = {"SIZE": "1000", "DSN": "", "8BITMIME": "", "SMTPUTF8": "", "AUTH": "PLAIN"}


def test_options_pass_verbatim_with_their_case() -> None:
    options = ("SIZE=10", "ret=HDRS", "ENVID=QQ+2B/aB", "X-Odd=Yes", "MT-PRIORITY=3")
    assert tuple(fit_mail(options, ALL, loopback=False)) == options


@pytest.mark.parametrize(
    ("option", "keyword"),
    [("SIZE=1", "SIZE"), ("RET=FULL", "DSN"), ("ENVID=x", "DSN"), ("AUTH=<>", "AUTH")],
)
def test_option_is_dropped_where_the_next_hop_lacks_it(option: str, keyword: str) -> None:
    lacking = {key: value for key, value in ALL.items() if key != keyword}
    assert list(fit_mail((option, "X=1"), lacking, loopback=False)) == ["X=1"]


def test_smtputf8_is_refused_where_the_next_hop_lacks_it() -> None:
    with pytest.raises(UnsupportedError) as refused:
        fit_mail(("SMTPUTF8",), {}, loopback=True)
    assert refused.value.reply.text[0].startswith("5.6.7")


def test_8bitmime_is_refused_by_a_next_hop_elsewhere_that_lacks_it() -> None:
    with pytest.raises(UnsupportedError) as refused:
        fit_mail(("BODY=8BITMIME",), {}, loopback=False)
    assert refused.value.reply.text[0].startswith("5.6.3")


def test_8bitmime_is_sent_anyway_to_a_next_hop_on_this_machine() -> None:
    assert list(fit_mail(("BODY=8BITMIME",), {}, loopback=True)) == []


def test_dsn_options_of_a_recipient_are_dropped_without_dsn() -> None:
    assert list(fit_rcpt(("NOTIFY=NEVER", "ORCPT=rfc822;a@b", "RRVS=x"), {})) == ["RRVS=x"]


def test_xforward_names_only_what_the_next_hop_offers() -> None:
    told = {"NAME": "host", "ADDR": "192.0.2.1", "IDENT": "4X"}
    assert xforward(told, {"XFORWARD": "NAME IDENT"}) == [b"XFORWARD NAME=host IDENT=4X\r\n"]


def test_xforward_values_are_xtext() -> None:
    assert xforward({"HELO": "a b+=é"}, {"XFORWARD": "HELO"}) == [
        b"XFORWARD HELO=a+20b+2B+3D+C3+A9\r\n"
    ]


def test_long_xforward_is_said_in_several_commands() -> None:
    told = {"NAME": "n" * 250, "HELO": "h" * 250, "IDENT": "i" * 250}
    lines = xforward(told, {"XFORWARD": "NAME HELO IDENT"})
    assert len(lines) == 3
    assert all(len(line) <= 512 for line in lines)


def test_nothing_is_said_where_xforward_is_not_offered() -> None:
    assert xforward({"NAME": "host"}, {}) == []
