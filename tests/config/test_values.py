"""Values that text stands for."""

from __future__ import annotations

import pytest

from gateway.config.values import Domain, Endpoint, FieldName, MailAddress, Network


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:25", "127.0.0.1", 25),
        ("[::1]:10025", "::1", 10025),
        ("mx.example.com:0", "mx.example.com", 0),
    ],
)
def test_an_endpoint_is_a_host_and_a_port(text: str, host: str, port: int) -> None:
    assert Endpoint.parse(text) == Endpoint(host, port)


@pytest.mark.parametrize("text", ["127.0.0.1:25", "[::1]:10025"])
def test_an_endpoint_is_shown_as_it_was_written(text: str) -> None:
    assert str(Endpoint.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "25", ":25", "host", "host:", "host:smtp", "::1:25", "[host]:25", "h:70000", "h:²"]
)
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        Endpoint.parse(text)


@pytest.mark.parametrize(
    ("text", "network"),
    [("127.0.0.1", "127.0.0.1/32"), (" 10.0.0.0/8 ", "10.0.0.0/8"), ("::1", "::1/128")],
)
def test_a_network_is_in_its_usual_spelling(text: str, network: str) -> None:
    assert Network(text) == network


@pytest.mark.parametrize("text", ["", "10.0.0.1/8", "mx.example.com", "10.0.0.0/33"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a network such as"):
        Network(text)


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        ("xn--mnchen-3ya.example", "münchen.example"),
    ],
)
def test_a_domain_is_compared_as_addresses_are(text: str, domain: str) -> None:
    assert Domain(text) == domain


@pytest.mark.parametrize("text", ["", "localhost", "@example.com", "exa mple.com", "a..b", "-a.b"])
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a domain such as"):
        Domain(text)


def test_a_mail_address_becomes_its_key() -> None:
    assert MailAddress(" Log@Example.com ") == "log@example.com"


@pytest.mark.parametrize("text", ["log", "@example.com", "a b@example.com", "<a@example.com>"])
def test_what_is_no_mail_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"an address such as|a domain such as"):
        MailAddress(text)


def test_a_field_name_is_lower_case() -> None:
    assert FieldName("X-Folder") == "x-folder"


@pytest.mark.parametrize("text", ["X Folder", "X-Folder:", "Ordner-ü"])
def test_what_is_no_field_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="header field"):
        FieldName(text)
