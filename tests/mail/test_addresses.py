from __future__ import annotations

import time

import pytest

from gateway.mail import limits
from gateway.mail.addresses import key_of, parse_addresses


def pairs(written: bytes | str) -> list[tuple[str, str]]:
    octets = written.encode() if isinstance(written, str) else written
    return [(a.name, a.addr_spec) for a in parse_addresses(octets)[0]]


def codes(written: str) -> list[str]:
    return [defect.code for defect in parse_addresses(written.encode())[1]]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("a@x.example", [("", "a@x.example")]),
        ("<a@x.example>", [("", "a@x.example")]),
        ("Ann Lee <a@x.example>", [("Ann Lee", "a@x.example")]),
        ('"Lee, Ann" <a@x.example>, b@y', [("Lee, Ann", "a@x.example"), ("", "b@y")]),
        ("a@x.example (Ann)", [("Ann", "a@x.example")]),
        ("a@x.example (Ann (the one))", [("Ann (the one)", "a@x.example")]),
        ('"Ann \\"A\\" Lee" <a@x.example>', [('Ann "A" Lee', "a@x.example")]),
        ("=?utf-8?B?55Sw5Lit?= <a@x.example>", [("田中", "a@x.example")]),
        ('"=?utf-8?Q?J=C3=B6rg?=" <a@x.example>', [("Jörg", "a@x.example")]),
        ("田中 <a@x.example>", [("田中", "a@x.example")]),
        ("Team: a@x, Ann <b@x>;, c@x", [("", "a@x"), ("Ann", "b@x"), ("", "c@x")]),
        ("undisclosed-recipients:;", []),
        ("<@hop1,@hop2:a@x.example>", [("", "a@x.example")]),
        ("a@x.example; b@x.example", [("", "a@x.example"), ("", "b@x.example")]),
        ("Ann a@x.example", [("Ann", "a@x.example")]),
        ("a @ x.example", [("", "a@x.example")]),
        ("<a @x.example>", [("", "a@x.example")]),
        ("<mailto:a@x.example>", [("", "a@x.example")]),
        ("..a..b.@docomo.example", [("", "..a..b.@docomo.example")]),
        ('"a..b."@docomo.example', [("", '"a..b."@docomo.example')]),
        ("a@[192.0.2.1]", [("", "a@[192.0.2.1]")]),
        ("root", [("", "root")]),
        ('Ann "the <a@x.example>', [("Ann the", "a@x.example")]),
        ("a@x, , b@x", [("", "a@x"), ("", "b@x")]),
        ("Re: x@y <a@x>", [("x@y", "a@x")]),
        ("x@y: z <a@x>", [("x@y: z", "a@x")]),
        ("a@x,\r\n b@x", [("", "a@x"), ("", "b@x")]),
        (") a@x", [("", "a@x")]),
        ("a\\b <a@x>", [("ab", "a@x")]),
        ("   ", []),
        ("", []),
    ],
)
def test_mailboxes_as_clients_write_them(written: str, found: list[tuple[str, str]]) -> None:
    assert pairs(written) == found


def test_a_name_that_looks_like_an_address_is_not_the_identity() -> None:
    assert pairs("alice@good.example <eve@bad.example>") == [
        ("alice@good.example", "eve@bad.example")
    ]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("a@good.example b@bad.example", "ambiguous-address"),
        ("x <a@good.example> <b@bad.example>", "ambiguous-address"),
        ("Ann Lee", "name-without-address"),
        ("<a@b@c>", "malformed-address"),
        ("a@", "malformed-address"),
    ],
)
def test_what_is_ambiguous_gives_no_address(written: str, code: str) -> None:
    assert (pairs(written), codes(written)) == ([], [code])


def test_a_quote_without_its_end_is_a_character() -> None:
    assert codes('Ann "the <a@x.example>') == ["quote-without-end"]


def test_raw_shift_jis_in_a_name_is_read() -> None:
    assert pairs("テスト".encode("cp932") + b" <a@x.example>") == [("テスト", "a@x.example")]


def test_a_name_in_iso_2022_jp_may_hold_octets_that_look_like_specials() -> None:
    written = "田中、織田".encode("iso2022_jp") + b" <a@x.example>"
    assert pairs(written) == [("田中、織田", "a@x.example")]


@pytest.mark.parametrize("joiner", [", ", ";"])
def test_too_many_mailboxes_are_cut_and_noted(joiner: str) -> None:
    written = joiner.join(f"a{n}@x" for n in range(2500))
    found, defects = parse_addresses(written.encode())
    assert len(found) == limits.ADDRESSES
    assert defects[0].code == "too-many-addresses"


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Ann@X.Example", "ann@x.example"),
        ("ann@x.example.", "ann@x.example"),
        ('"ann"@x.example', "ann@x.example"),
        ('"an n"@x.example', '"an n"@x.example'),
        ("ann@xn--bcher-kva.example", "ann@bücher.example"),
        ("ann@BÜCHER.example", "ann@bücher.example"),
        ("ann@xn--999999999999999999.example", "ann@xn--999999999999999999.example"),
        ("ann@日本。example", "ann@日本.example"),
        ("e\u0301@x.example", "é@x.example"),
        ("ann", ""),
        ("@x.example", ""),
        ("ann@", ""),
        ("ann@.", ""),
    ],
)
def test_keys_of_one_mailbox_are_equal(written: str, key: str) -> None:
    assert key_of(written) == key


def test_a_hostile_list_is_read_in_linear_time() -> None:
    began = time.process_time()
    parse_addresses(b'"\\"' * 20_000)
    parse_addresses(b"<(" * 30_000)
    assert time.process_time() - began < 1
