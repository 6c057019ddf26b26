"""Every fault of a configuration is named, with its file, its line and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.faults import ConfigError
from gateway.config.load import load_config
from tests.config.least import LEAST, faults

BAD = [
    (
        LEAST + "[polisy]",
        (
            'replygate.toml:7: The file has no key "polisy"; did you mean "policy"? '
            "Allowed: addresses, gateway, imap, listener, metrics, next_hop, notices, policy, "
            "sink, store, sync, trust, web."
        ),
    ),
    (
        LEAST + '[store]\npath = "x"\non_store_failur = "defer"',
        (
            'replygate.toml:9: [store] has no key "on_store_failur"; '
            'did you mean "on_store_failure"? Allowed: blobs, history_days, on_store_failure, '
            "outbox_days, path, url."
        ),
    ),
    (
        LEAST + '[store]\non_store_failure = "defend"',
        (
            'replygate.toml:8: [store] on_store_failure: "defend" is not allowed; '
            'did you mean "defer"? Allowed: "deliver", "defer".'
        ),
    ),
    (
        LEAST + '\n[policy]\nlog = "repliez"',
        (
            'replygate.toml:9: [policy] log: "repliez" is not allowed; did you mean "replies"? '
            'Allowed: "replies", "all".'
        ),
    ),
    (
        LEAST + "[policy]\nlog = true",
        'replygate.toml:8: [policy] log: true is not allowed. Allowed: "replies", "all".',
    ),
    (
        LEAST + '[policy]\npreset = "hubspot2020"',
        (
            'replygate.toml:8: [policy] preset: "hubspot2020" is no preset; '
            'did you mean "hubspot-2020"? Allowed: hubspot-2020, hubspot-2026, gateway.'
        ),
    ),
    (
        LEAST + '[policy]\nattachment_limit_in = "50 MB"',
        (
            'replygate.toml:8: [policy] attachment_limit_in: "50 MB" is wrong: '
            "a whole number is expected."
        ),
    ),
    (
        LEAST + "[policy]\nattachment_limit_out_total = true",
        (
            "replygate.toml:8: [policy] attachment_limit_out_total: true is wrong: "
            'a whole number or "none" is expected.'
        ),
    ),
    (
        LEAST + "[policy]\nbody_limit = -1",
        "replygate.toml:8: [policy] body_limit: a limit below 0 is wrong; 0 lets nothing in.",
    ),
    (
        LEAST + '[policy]\nspam_providers = ["gogle"]',
        (
            'replygate.toml:8: [policy] spam_providers: "gogle" is no provider; did you mean '
            '"google"? Allowed: google, microsoft365, exchange, imap, other.'
        ),
    ),
    (
        LEAST + "[policy]\nlogging_address = 'x@y.example'",
        'replygate.toml:8: [policy] has no key "logging_address". Allowed: ',
    ),
    (
        LEAST + '[policy.retention]\nheld_days = "soon"',
        (
            'replygate.toml:8: [policy.retention] held_days: "soon" is wrong: '
            "a whole number is expected."
        ),
    ),
    (
        LEAST + "[policy.retention]\nheld_days = -1",
        "replygate.toml:8: [policy.retention] held_days: days cannot be below 0.",
    ),
    (LEAST + "[policy]\nretention = 3", "replygate.toml:8: [policy.retention] must be a table"),
    (
        LEAST + "sessions_limit = 0",
        (
            "replygate.toml:7: [[listener]] sessions_limit: 0 is wrong: "
            "a whole number of at least 1 is expected."
        ),
    ),
    (
        LEAST + 'trusted_clients = ["10.0.0.1/8"]',
        (
            "replygate.toml:7: [[listener]] trusted_clients: ['10.0.0.1/8'] is wrong: "
            'an address or a network such as "192.0.2.0/24" or "2001:db8::/32" is expected.'
        ),
    ),
    (
        LEAST.replace("127.0.0.1:10025", "10025"),
        (
            'replygate.toml:5: [[listener]] address: "10025" is wrong: "host:port" such as '
            '"127.0.0.1:10025" or "[::1]:10025" is expected.'
        ),
    ),
    (
        LEAST.replace('address = "127.0.0.1:10025"', "address = 10025"),
        (
            "replygate.toml:5: [[listener]] address: 10025 is wrong: "
            '"host:port" such as "127.0.0.1:10025" is expected.'
        ),
    ),
    (
        LEAST.replace('direction = "inbound"', ""),
        (
            'replygate.toml:3: [[listener]] lacks the key "direction": '
            'one of "inbound", "submission" is expected.'
        ),
    ),
    (
        LEAST.replace('address = "127.0.0.1:10026"', ""),
        (
            'replygate.toml:1: [next_hop] lacks the key "address": '
            '"host:port" such as "127.0.0.1:10025" is expected.'
        ),
    ),
    (
        "[[" + LEAST.partition("[[")[2],
        "replygate.toml:1: [[listener]] has no next hop: write [next_hop] with an address.",
    ),
    (
        LEAST.partition("[[")[0],
        "replygate.toml:1: There is no [[listener]] and no [[imap]]: without one no mail comes in.",
    ),
    (
        LEAST.replace("[[listener]]", "[listener]"),
        "replygate.toml:3: A listener is written as [[listener]], in two brackets.",
    ),
    (
        LEAST + 'next_hop = "127.0.0.1:25"',
        "replygate.toml:7: [listener.next_hop] must be a table: write it on a line of its own.",
    ),
    (
        LEAST + "[[" + LEAST.partition("[[")[2].replace("10025", "10027"),
        (
            'replygate.toml:8: [[listener]] name: two listeners have the name "inbound"; '
            "each needs its own."
        ),
    ),
    (
        LEAST + 'logins = ["crm"]',
        (
            'replygate.toml:7: [[listener]] logins: "crm" has no password: '
            "give it as the credential password_crm (LoadCredential)."
        ),
    ),
    (
        LEAST + 'tls_certificate = "/nowhere.pem"',
        'replygate.toml:7: [[listener]] tls_certificate: there is no file "/nowhere.pem".',
    ),
    (
        LEAST + 'next_hop = { tls = "starttls", tls_ca = "/nowhere.pem" }',
        'replygate.toml:7: [listener.next_hop] tls_ca: there is no file "/nowhere.pem".',
    ),
    (
        LEAST + '[addresses]\nlogging = ["log"]',
        (
            "replygate.toml:8: [addresses] logging: ['log'] is wrong: "
            'an address such as "log@example.com" is expected.'
        ),
    ),
    (
        LEAST + '[addresses]\nlogging = ["log@a.example"]\nbcc = ["LOG@A.example"]',
        'replygate.toml:9: [addresses] bcc: "log@a.example" is named twice.',
    ),
    (
        LEAST + "[store\n",
        "replygate.toml:7: This is no TOML: Expected ']' at the end of a table declaration.",
    ),
    (
        LEAST + '[gateway]\ndomains = ["example.com"',
        "replygate.toml:8: This is no TOML: Unclosed array.",
    ),
    ("store = 1\n" + LEAST, "replygate.toml:1: [store] must be a table"),
]


@pytest.mark.parametrize(("text", "fault"), BAD, ids=[fault[15:60] for _, fault in BAD])
def test_a_fault_names_file_line_and_what_is_allowed(text: str, fault: str) -> None:
    assert faults(text)[0].startswith(fault)
    assert faults(text)[0].endswith(".")


def test_every_fault_is_found_in_one_reading() -> None:
    text = LEAST + '[store]\npath = 1\n[gateway]\nstate = 2\n[policy]\nlog = "x"\nspam = "y"'
    assert [fault.partition(": ")[0] for fault in faults(text)] == [
        f"replygate.toml:{line}" for line in (8, 10, 12, 13)
    ]


def test_a_certificate_without_its_key_is_a_fault(tmp_path: Path) -> None:
    certificate = tmp_path / "cert.pem"
    certificate.touch()
    (fault,) = faults(f'{LEAST}tls_certificate = "{certificate}"')
    assert "tls_certificate needs tls_key beside it" in fault


def test_a_secret_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "password_crm").write_bytes(b"\xff")
    found = faults(f'{LEAST}logins = ["crm"]', CREDENTIALS_DIRECTORY=str(tmp_path))
    assert "The secret password_crm cannot be read" in found[0]


def test_a_file_that_is_absent_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file or directory"):
        load_config(tmp_path / "absent.toml")


def test_a_file_that_is_no_utf_8_is_a_fault_on_its_line(tmp_path: Path) -> None:
    file = tmp_path / "replygate.toml"
    file.write_bytes(b"# fine\n# \xfc\n")
    with pytest.raises(ConfigError, match=r"replygate.toml:2: This is not UTF-8"):
        load_config(file)
