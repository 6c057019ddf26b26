"""Signatures that others made verify as their makers say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.mail.heading import read_heading
from gateway.trust.keys import Found
from gateway.trust.results import parse_results, receiving_host
from gateway.trust.sections import read_signed
from gateway.trust.signatures import State, check_signatures, list_signatures
from tests.trust.signing import RSA_RECORD, signed_of

STATES = {"SUCCESS": State.VALID, "PERMFAIL": State.INVALID, "TEMPFAIL": State.UNANSWERED}
FOOTBALL = "chasquid/internal/dkim/testdata/01-rfc8463.dns"


def read_mail(file: Path) -> bytes:
    """Return a message with the line ends that it has on the wire."""
    return b"\r\n".join(file.read_bytes().replace(b"\r\n", b"\n").split(b"\n"))


def read_keys(text: str) -> dict[str, Found]:
    """Return keys of `name: record` or `name record` lines, a backslash joins the next."""
    keys: dict[str, Found] = {}
    for line in text.replace("\\\n", "").splitlines():
        name, _, record = line.replace(": ", " ", 1).partition(" ")
        if record.strip():
            answered = "TEMPERROR" not in record
            keys[name] = Found(record.strip().encode() if answered else b"", answered=answered)
    return keys


def states_of(octets: bytes, keys: dict[str, Found]) -> list[State]:
    signed = signed_of(octets)
    listed = list_signatures(signed)
    return [signature.state for signature in check_signatures(signed, listed, keys)]


@pytest.mark.parametrize(
    "case", ["01-rfc8463", "02-too_many_headers", "04-bad_dkim", "05-dns_temp_error"]
)
def test_labelled_message_verifies_as_labelled(real_mail: Path, case: str) -> None:
    labels = map(json.loads, (real_mail / "labels.jsonl").read_text("utf-8").splitlines())
    label = next(one for one in labels if one["task"] == "dkim_verify" and case in one["path"])
    keys = read_keys((real_mail / (label["dns_path"] or FOOTBALL)).read_text("utf-8"))
    expected = [STATES[state] for _, _, state in label["expected"]["states"]]
    assert states_of(read_mail(real_mail / label["path"]), keys) == expected


@pytest.mark.parametrize(("number", "valid"), [(1, 2), (2, 1), (3, 2)])
def test_message_with_its_keys_verifies(real_mail: Path, number: int, valid: int) -> None:
    octets = read_mail(real_mail / f"mailauth/resources/dkim/00{number}.txt")
    keys, _, message = octets.partition(b"\r\n\r\n")
    assert states_of(message, read_keys(keys.decode())) == [State.VALID] * valid


def test_message_of_the_standards_verifies_under_simple(real_mail: Path) -> None:
    octets = read_mail(real_mail / "dkimpy/dkim/tests/data/rfc6376.signed.msg")
    keys = read_keys((real_mail / FOOTBALL).read_text("utf-8"))
    assert states_of(octets, keys) == [State.VALID, State.VALID]


def test_message_of_exim_verifies_with_ed25519(real_mail: Path) -> None:
    folder = real_mail / "dkimpy/dkim/tests/data"
    keys = {"sed._domainkey.test.ex": Found((folder / "eximtest.dns").read_bytes().strip())}
    assert states_of(read_mail(folder / "ed25519test2.msg"), keys) == [State.VALID]


def test_every_real_message_is_answered(real_mail: Path) -> None:
    mail = [file for file in real_mail.rglob("*") if file.suffix in {".eml", ".txt", ".msg"}]
    for file in mail:
        octets = read_mail(file)
        heading = read_heading(octets)
        for field in heading.fields:
            if field.name == "received":
                receiving_host(field.value)
            elif field.name == "authentication-results":
                parse_results(field.value)
        if (signed := read_signed(octets, heading)) is not None:
            listed = list_signatures(signed)
            keys = {signature.key_name: Found(RSA_RECORD.encode()) for signature in listed}
            states = {one.state for one in check_signatures(signed, listed, keys)}
            assert State.VALID not in states, "nobody signed with the key of our tests"
    assert mail
