"""A configuration file becomes a Config."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.config.values import Endpoint
from gateway.model.directory import LoggingAddress
from gateway.model.envelope import Direction
from gateway.model.policy import Policy
from gateway.model.trust import Trust, TrustedServer
from gateway.rules.presets import PRESETS, preset
from tests.config.least import LEAST, faults, parsed


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
