"""`[[sync]]`: what is right, and what is said of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.load import parse_config
from tests.config.least import LEAST
from tests.config.test_sinks import fault

CRM = '[[sink]]\nname = "crm"\nkind = "hubspot"\n'
LDAP = '[[sync]]\nname = "ad"\nkind = "ldap"\nurl = "ldaps://dc"\nbase = "dc=x"\n'


def test_a_crm_is_named_by_its_sink() -> None:
    text = LEAST + CRM + '[[sync]]\nname = "people"\nkind = "crm"\nsink = "crm"\n'
    config = parse_config(text, Path("replygate.toml"), {"REPLYGATE_SINK_CRM": "token"})
    assert [(one.name, one.sink) for one in config.syncs] == [("people", "crm")]


def test_a_password_does_not_show() -> None:
    text = LEAST + LDAP + 'bind = "cn=reader"\n'
    config = parse_config(text, Path("replygate.toml"), {"REPLYGATE_SYNC_AD": "hunter2"})
    assert "hunter2" not in repr(config.syncs)
    assert config.syncs[0].secret is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[sync]]\nname = "x"\nkind = "csv"\n', "csv needs a path"),
        ('[[sync]]\nname = "A b"\nkind = "csv"\npath = "x"\n', "small letters"),
        ('[[sync]]\nname = "x"\nkind = "crm"\nsink = "no"\n', "there is none"),
        (CRM + '[[sync]]\nname = "x"\nkind = "crm"\nsink = "no"\n', "(crm)"),
        (LDAP.replace("ldaps:", "https:"), "ldaps://dc.example.com"),
        (LDAP.replace("dc=x", ""), "needs a base"),
        (LDAP + 'bind = "cn=reader"\n', '"ad" has no password: give it as the credential sync_ad'),
        (LDAP + LDAP, "two have the name"),
    ],
)
def test_a_fault_says_what_is_wrong(text: str, said: str) -> None:
    assert said in fault(text, REPLYGATE_SINK_CRM="token")
