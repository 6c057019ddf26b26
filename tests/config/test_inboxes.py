"""`[[imap]]`: what is right, and what is said of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.load import parse_config
from tests.config.least import LEAST
from tests.config.test_sinks import fault

INBOX = '[[imap]]\nname = "anna"\naddress = "imap.example.com:993"\nlogin = "anna@example.com"\n'
SECRET = {"REPLYGATE_IMAP_ANNA": "hunter2"}


def test_an_inbox_alone_is_a_configuration() -> None:
    (inbox,) = parse_config(INBOX, Path("replygate.toml"), SECRET).inboxes
    assert (inbox.tls, inbox.auth, inbox.poll_s) == ("tls", "password", 60.0)


def test_its_password_does_not_show() -> None:
    config = parse_config(LEAST + INBOX, Path("replygate.toml"), SECRET)
    assert "hunter2" not in repr(config)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (INBOX.replace('"anna"', '"An na"'), "small letters"),
        (INBOX.replace('"anna"', '"inbound"'), "already; entries tell it"),
        (INBOX + INBOX, "already; entries tell it"),
        (INBOX.replace('"anna@example.com"', '"anna"'), "in whose mailbox"),
        (INBOX + 'tls = "none"\n', "in the clear"),
        (INBOX + 'token_url = "https://x.example"\n', "a client_id"),
        (
            INBOX + 'auth = "xoauth2"\nclient_id = "me"\ntoken_url = "http://x.example"\n',
            "https://",
        ),
    ],
)
def test_a_fault_says_what_is_wrong(text: str, said: str) -> None:
    assert said in fault(text, REPLYGATE_IMAP_INBOUND="x", **SECRET)


def test_an_inbox_without_its_password_is_told() -> None:
    assert '"anna" has no password or token: give it as the credential imap_anna' in fault(INBOX)


def test_a_list_is_expected() -> None:
    assert "in two brackets" in fault('[imap]\nname = "anna"\n')
