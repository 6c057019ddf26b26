"""`[[sink]]`: what is right, and what is said of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.faults import ConfigError
from gateway.config.load import parse_config
from gateway.config.settings import Config
from tests.config.least import LEAST, parsed

HOOK = '[[sink]]\nname = "hook"\nkind = "webhook"\nurl = "https://crm.example.com/in"\n'
SECRET = "whsec_" + "k" * 32


def config(text: str, **environ: str) -> Config:
    return parsed(LEAST + text, **environ)


def fault(text: str, **environ: str) -> str:
    with pytest.raises(ConfigError) as raised:
        config(text, **environ)
    return str(raised.value)


def test_without_a_table_there_is_none() -> None:
    assert config("").sinks == ()


def test_a_file_needs_no_secret() -> None:
    (sink,) = config('[[sink]]\nname = "file"\nkind = "jsonl"\npath = "told"\n').sinks
    assert (sink.path, sink.secret) == (Path("told"), None)


def test_a_secret_comes_from_the_environment_and_does_not_show() -> None:
    (sink,) = config(HOOK, REPLYGATE_SINK_HOOK=SECRET).sinks
    assert sink.secret is not None
    assert sink.secret.reveal() == SECRET
    assert SECRET not in repr(sink)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[sink]]\nname = "file"\nkind = "jsonl"\n', "jsonl needs a path"),
        ('[[sink]]\nname = "A b"\nkind = "jsonl"\npath = "x"\n', "small letters"),
        ('[[sink]]\nname = "x"\nkind = "pipedrive"\n', "is not allowed"),
        ('[[sink]]\nname = "x"\nkind = "webhook"\n', "a URL such as"),
        (HOOK.replace("https", "http"), "in the clear"),
        (HOOK.replace("//", "//me:pw@"), "a password does not belong"),
        (
            '[[sink]]\nname = "crm"\nkind = "hubspot"\n',
            '"crm" has no secret: give it as the credential sink_crm',
        ),
        ('[[sink]]\nname = "crm"\nkind = "odoo"\n', "a URL such as"),
        (HOOK + HOOK, "each needs its own queue"),
        ('sink = "x"\n', "The file has no key"),
    ],
)
def test_a_fault_says_what_is_wrong(text: str, said: str) -> None:
    given = {"REPLYGATE_SINK_HOOK": SECRET}
    if text.startswith("sink"):
        with pytest.raises(ConfigError, match="in two brackets"):
            parse_config(text + LEAST, Path("replygate.toml"), given)
    else:
        assert said in fault(text, **given)


def test_a_secret_of_the_wrong_form_is_told_without_showing_it() -> None:
    said = fault(HOOK, REPLYGATE_SINK_HOOK="hunter2")
    assert "whsec_" in said
    assert "hunter2" not in said


def test_a_client_of_salesforce_has_an_id_and_a_secret() -> None:
    text = '[[sink]]\nname = "crm"\nkind = "salesforce"\nurl = "https://a.my.salesforce.com"\n'
    assert "client-id:client-secret" in fault(text, REPLYGATE_SINK_CRM="token")


def test_an_odoo_that_is_asked_by_login_names_its_database() -> None:
    text = '[[sink]]\nname = "crm"\nkind = "odoo"\nurl = "https://odoo.example.com"\n'
    assert "has to be named" in fault(text, REPLYGATE_SINK_CRM="bot:key")
    config(text + 'database = "acme"\n', REPLYGATE_SINK_CRM="bot:key")


def test_loopback_may_go_without_tls() -> None:
    text = HOOK.replace("https://crm.example.com", "http://127.0.0.1:9000")
    assert config(text, REPLYGATE_SINK_HOOK=SECRET).sinks[0].url.startswith("http://127")


SALESFORCE = '[[sink]]\nname = "crm"\nkind = "salesforce"\nurl = "https://acme.my.salesforce.com"\n'
KEY = "3MVG9:-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"


def test_a_key_for_salesforce_needs_a_user() -> None:
    assert "the user has to be named" in fault(SALESFORCE, REPLYGATE_SINK_CRM=KEY)


def test_a_key_for_salesforce_with_its_user_is_taken() -> None:
    text = f'{SALESFORCE}login = "replygate@acme.example"\n'
    (sink,) = config(text, REPLYGATE_SINK_CRM=KEY).sinks
    assert sink.login == "replygate@acme.example"
