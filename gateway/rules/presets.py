"""The presets: named sets of switches, each written out in full."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.model.policy import Policy

MB: Final = 10**6
EVERY_PROVIDER: Final[frozenset[str]] = frozenset()

HUBSPOT_2020: Final = Policy(
    preset="hubspot-2020",
    log="replies",
    unmarked_in_thread="skip",
    reply_mailbox="starter",
    unknown_replier="skip",
    suggest_alias=False,
    subject_must_match=False,
    disconnected_mailbox="skip",
    provider_changed="skip",
    shared_thread_moved="skip",
    other_folder="skip",
    other_folder_providers=frozenset({"imap"}),
    spam="skip",
    spam_providers=frozenset({"microsoft365"}),
    never_log_original="thread",
    complete_attachments=False,
    find_true_original=False,
    stranger_original="leave",
    create_contacts="on-mark",
    create_role_contacts=True,
    spoofed="hold",
    attachment_limit_in=50 * MB,
    attachment_limit_out=50 * MB,
    attachment_limit_out_total=None,
    body_limit=2 * MB,
)

HUBSPOT_2026: Final = Policy(
    preset="hubspot-2026",
    log="all",
    unmarked_in_thread="log",
    reply_mailbox="any",
    unknown_replier="thread-contact",
    suggest_alias=False,
    subject_must_match=True,
    disconnected_mailbox="skip",
    provider_changed="skip",
    shared_thread_moved="skip",
    other_folder="skip",
    other_folder_providers=frozenset({"imap"}),
    spam="skip",
    spam_providers=EVERY_PROVIDER,
    never_log_original="thread",
    complete_attachments=False,
    find_true_original=False,
    stranger_original="leave",
    create_contacts="on-mark",
    create_role_contacts=True,
    spoofed="hold",
    attachment_limit_in=50 * MB,
    attachment_limit_out=20 * MB,
    attachment_limit_out_total=20 * MB,
    body_limit=2 * MB,
)

GATEWAY: Final = Policy(
    preset="gateway",
    log="all",
    unmarked_in_thread="log",
    reply_mailbox="any",
    unknown_replier="thread-contact",
    suggest_alias=True,
    subject_must_match=False,
    disconnected_mailbox="hold",
    provider_changed="follow",
    shared_thread_moved="follow",
    other_folder="log",
    other_folder_providers=EVERY_PROVIDER,
    spam="hold",
    spam_providers=EVERY_PROVIDER,
    never_log_original="participant",
    complete_attachments=True,
    find_true_original=True,
    stranger_original="adopt",
    create_contacts="on-mark",
    create_role_contacts=False,
    spoofed="hold",
    attachment_limit_in=50 * MB,
    attachment_limit_out=50 * MB,
    attachment_limit_out_total=None,
    body_limit=2 * MB,
)

PRESETS: Final[Mapping[str, Policy]] = MappingProxyType(
    {policy.preset: policy for policy in (HUBSPOT_2020, HUBSPOT_2026, GATEWAY)}
)


def preset(name: str) -> Policy:
    """Return the switches of a preset; raises ValueError for a name that is none."""
    if name not in PRESETS:
        raise ValueError(f'"{name}" is no preset; allowed are {", ".join(PRESETS)}.')
    return PRESETS[name]
