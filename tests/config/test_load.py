"""A configuration file becomes a Config, or every fault in it is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.config.faults import ConfigError
from gateway.config.load import load_config, parse_config
from gateway.config.settings import Config
from gateway.config.values import Endpoint
from gateway.model.directory import LoggingAddress
from gateway.model.envelope import Direction
from gateway.model.policy import Policy
from gateway.model.trust import Trust, TrustedServer
from gateway.rules.presets import PRESETS, preset

FILE = Path("replygate.toml")
LEAST = """\
[next_hop]
address = "127.0.0.1:10026"
[[listener]]
name = "inbound"
address = "127.0.0.1:10025"
direction = "inbound"
"""


def parsed(text: str, **environ: str) -> Config:
    return parse_config(text, FILE, environ)


def faults(text: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        parsed(text, **environ)
    return [str(fault) for fault in raised.value.faults]


def test_the_least_configuration_has_the_defaults_of_the_code() -> None:
    config = parsed(LEAST)
    assert config.policy == Policy()
    assert config.store_path == Path("/var/lib/replygate/replygate.db")
    assert [listener.way for listener in config.listeners] == [Direction.INCOMING]


def test_a_submission_listener_carries_outgoing_mail() -> None:
    config = parsed(LEAST.replace('"inbound"\n', '"submission"\n'))
    assert config.listeners[0].way is Direction.OUTGOING


def test_a_listener_without_its_own_next_hop_has_the_common_one() -> None:
    assert parsed(LEAST).listeners[0].next_hop.address == Endpoint("127.0.0.1", 10026)


def test_what_a_listeners_next_hop_leaves_out_is_the_common_ones() -> None:
    text = LEAST.replace("[[listener]]", "connections = 7\n[[listener]]")
    hop = parsed(text + 'next_hop = { address = "[::1]:25" }').listeners[0].next_hop
    assert (hop.address, hop.connections) == (Endpoint("::1", 25), 7)


def test_a_next_hop_of_each_listener_needs_no_common_one() -> None:
    text = LEAST.partition("[[")[2]
    config = parsed(f'[[{text}next_hop = {{ address = "mx.example:25" }}')
    assert str(config.listeners[0].next_hop.address) == "mx.example:25"


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_sets_all_switches(name: str) -> None:
    assert parsed(f'{LEAST}[policy]\npreset = "{name}"').policy == preset(name)


def test_a_switch_is_set_on_top_of_the_preset() -> None:
    policy = parsed(f'{LEAST}[policy]\npreset = "gateway"\nspam = "skip"').policy
    assert policy == replace(preset("gateway"), spam="skip")


def test_a_table_of_limits_keeps_its_order() -> None:
    text = f'{LEAST}[policy.attachment_limit_by_type]\n"video/*" = 0\n"text/plain" = 9'
    assert parsed(text).policy.attachment_limit_by_type == (("video/*", 0), ("text/plain", 9))


def test_none_takes_a_limit_of_the_preset_away() -> None:
    text = f'{LEAST}[policy]\npreset = "hubspot-2026"\nattachment_limit_out_total = "none"'
    assert parsed(text).policy.attachment_limit_out_total is None


def test_what_retention_leaves_out_is_the_presets() -> None:
    retention = parsed(f"{LEAST}[policy.retention]\nlogged_days = 365").policy.retention
    assert (retention.logged_days, retention.held_days) == (365, Policy().retention.held_days)


def test_names_of_fields_are_compared_in_lower_case() -> None:
    text = f'{LEAST}[policy]\nfolder_field = "X-Folder"\ntrusted_filters = ["X-Our-Spam"]'
    policy = parsed(text).policy
    assert (policy.folder_field, policy.trusted_filters) == ("x-folder", {"x-our-spam"})


def test_limits_of_reading_stand_beside_the_switches() -> None:
    text = f'{LEAST}[policy]\nambiguous_end_of_data = "pass"\ninspection_budget_s = 1'
    reading = parsed(text).reading
    assert (reading.ambiguous_end_of_data, reading.inspection_budget_s) == ("pass", 1.0)


ADDRESSES = """
[addresses]
bcc = ["bcc@example.com"]
logging = ["Log@Example.com"]
journal = ["journal@example.com"]
"""


def test_addresses_of_ours_say_what_they_take() -> None:
    assert set(parsed(LEAST + ADDRESSES).addresses) == {
        LoggingAddress("log@example.com", "any"),
        LoggingAddress("bcc@example.com", "bcc"),
        LoggingAddress("journal@example.com", "journal"),
    }


def test_remedies_name_an_address_that_takes_copies_and_forwards() -> None:
    assert parsed(LEAST + ADDRESSES).policy.logging_address == "log@example.com"


def test_remedies_name_no_journal_address() -> None:
    text = LEAST + '[addresses]\njournal = ["journal@example.com"]'
    assert parsed(text).policy.logging_address == ""


def test_the_password_of_a_login_is_a_secret() -> None:
    config = parsed(f'{LEAST}logins = ["crm"]', REPLYGATE_PASSWORD_CRM="pssst")
    assert config.listeners[0].passwords["crm"].reveal() == "pssst"
    assert "pssst" not in repr(config)


def test_crm_logins_of_all_listeners_are_known() -> None:
    text = f'{LEAST}crm_logins = ["crm"]'
    assert parsed(text).crm_logins == {"crm"}


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
        'replygate.toml:8: [policy] log: true is not allowed; Allowed: "replies", "all".',
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
            "a whole number is expected"
        ),
    ),
    (
        LEAST + "[policy]\nattachment_limit_out_total = true",
        (
            "replygate.toml:8: [policy] attachment_limit_out_total: true is wrong: "
            'a whole number or "none" is expected'
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
        'replygate.toml:8: [policy] has no key "logging_address"; ',
    ),
    (
        LEAST + '[policy.retention]\nheld_days = "soon"',
        (
            'replygate.toml:8: [policy.retention] held_days: "soon" is wrong: '
            "a whole number is expected"
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
            "a whole number of at least 1 is expected"
        ),
    ),
    (
        LEAST + 'trusted_clients = ["10.0.0.1/8"]',
        (
            "replygate.toml:7: [[listener]] trusted_clients: ['10.0.0.1/8'] is wrong: "
            'an address or a network such as "192.0.2.0/24" or "2001:db8::/32" is expected'
        ),
    ),
    (
        LEAST.replace("127.0.0.1:10025", "10025"),
        (
            'replygate.toml:5: [[listener]] address: "10025" is wrong: "host:port" such as '
            '"127.0.0.1:10025" or "[::1]:10025" is expected'
        ),
    ),
    (
        LEAST.replace('address = "127.0.0.1:10025"', "address = 10025"),
        (
            "replygate.toml:5: [[listener]] address: 10025 is wrong: "
            '"host:port" such as "127.0.0.1:10025" is expected'
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
            'an address such as "log@example.com" is expected'
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


def copies(*lines: str) -> str:
    """Return a configuration with one listener for copies and no next hop."""
    listener = LEAST.partition("[[")[2]
    return "\n".join([f"[[{listener}copies_only = true", *lines])


def test_a_listener_for_copies_needs_no_next_hop() -> None:
    assert parsed(copies()).listeners[0].next_hop is None


def test_a_listener_for_copies_takes_no_next_hop() -> None:
    (fault,) = faults(copies('next_hop = { address = "127.0.0.1:25" }'))
    assert "next_hop: nothing that comes by this listener goes onward" in fault


def test_lmtp_is_for_copies_only() -> None:
    (fault,) = faults(LEAST + 'protocol = "lmtp"')
    assert fault.endswith("nothing that comes by LMTP goes onward: write copies_only = true.")


def test_a_milter_takes_no_copies_for_itself() -> None:
    (fault,) = faults(copies('protocol = "milter"'))
    assert "copies_only: the MTA delivers what a milter sees" in fault


def test_a_socket_is_for_a_milter() -> None:
    (fault,) = faults(LEAST + 'socket = "/run/replygate/milter"')
    assert fault.endswith('[[listener]] socket: it is for protocol "milter".')


def test_nobody_is_trusted_by_default() -> None:
    assert parsed(LEAST).trust == Trust()


def test_whom_the_admin_trusts_is_read() -> None:
    server = '{ authserv_id = "MX.example.com", hosts = ["Mail.Example.com."] }'
    text = f'networks = ["10.1.2.3"]\nservers = [{server}]\narc_sealers = ["Microsoft.com"]'
    assert parsed(f"{LEAST}[trust]\n{text}").trust == Trust(
        networks=("10.1.2.3/32",),
        servers=(TrustedServer("mx.example.com", ("mail.example.com",)),),
        arc_sealers=frozenset({"microsoft.com"}),
    )


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('networks = ["everybody"]', '"192.0.2.0/24"'),
        ('servers = ["mx.example.com"]', "a list of tables such as"),
        ("servers = [{}]", "a server needs an authserv_id, or its hosts."),
        ('servers = [{ id = "x" }]', 'A server of [trust] has no key "id"'),
        ('arc_sealers = ["x"]', 'a domain such as "example.com" is expected'),
        ("sealers = []", '[trust] has no key "sealers"'),
    ],
)
def test_what_is_wrong_with_trust_is_said(line: str, problem: str) -> None:
    assert problem in faults(f"{LEAST}[trust]\n{line}")[0]


def test_notices_leave_by_the_next_hop_of_incoming_mail() -> None:
    config = parsed(LEAST + '[notices]\naddress = "gate@example.com"')
    assert config.notices.way_out(config.listeners) == config.listeners[0].next_hop


def test_notices_have_a_next_hop_of_their_own() -> None:
    text = copies('[notices]\naddress = "gate@example.com"\nnext_hop = "mx.example:25"')
    hop = parsed(text).notices.way_out(())
    assert hop is not None
    assert str(hop.address) == "mx.example:25"


def test_notices_without_a_way_out_are_a_fault() -> None:
    (fault,) = faults(copies('[notices]\naddress = "gate@example.com"'))
    assert "there is no next hop to send by" in fault
