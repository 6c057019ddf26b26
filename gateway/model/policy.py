"""The switches of the policy: each limit of a CRM's own logging is one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Retention:
    """How long content is kept, in days, by outcome; None is until erased."""

    logged_days: int | None = None
    held_days: int = 30
    fixable_days: int = 14
    """Not logged for a cause that can be fixed, with a tracked mailbox and an outside party."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One value per switch; the default is preset `hubspot-2020`."""

    preset: str = "hubspot-2020"
    log: Literal["replies", "all"] = "replies"
    unmarked_in_thread: Literal["skip", "log"] = "skip"
    reply_mailbox: Literal["starter", "any"] = "starter"
    unknown_replier: Literal["skip", "thread-contact"] = "skip"
    suggest_alias: bool = False
    subject_must_match: bool = False
    disconnected_mailbox: Literal["skip", "hold"] = "skip"
    provider_changed: Literal["skip", "follow"] = "skip"
    shared_thread_moved: Literal["skip", "follow"] = "skip"
    other_folder: Literal["skip", "log"] = "skip"
    other_folder_providers: frozenset[str] = frozenset({"imap"})
    """Providers whose folders count; empty is all."""
    spam: Literal["skip", "hold"] = "skip"
    """`hold`: held in a tracked thread, skipped elsewhere."""
    spam_providers: frozenset[str] = frozenset({"microsoft365"})
    """Providers whose spam verdict counts; empty is all."""
    never_log_original: Literal["thread", "participant"] = "thread"
    complete_attachments: bool = False
    find_true_original: bool = False
    stranger_original: Literal["leave", "adopt"] = "leave"
    create_contacts: Literal["on-mark", "never"] = "on-mark"
    create_role_contacts: bool = True
    """False: no contact is made for role, list and no-reply addresses."""
    spoofed: Literal["hold", "skip"] = "hold"
    attachments: bool = True
    """False: attachments are not stored at all."""
    attachment_limit_in: int = 50_000_000
    """Octets of decoded content, each incoming file; exactly the limit is within it."""
    attachment_limit_out: int = 50_000_000
    attachment_limit_out_total: int | None = None
    """Octets of all files of an outgoing message together; None is no such limit."""
    attachment_limit_by_user: tuple[tuple[str, int], ...] = ()
    attachment_limit_by_type: tuple[tuple[str, int], ...] = ()
    """Media type or `type/*`, octets."""
    body_limit: int = 2_000_000
    """Octets of text on the timeline."""
    inspection_limit: int = 150_000_000
    pending_minutes: int = 60
    """How long a file that is still being scanned is waited for; then it counts as stripped."""
    mark_field: str = "x-log-to-crm"
    """Lower-case name of the header field whose value `yes` is a mark."""
    folder_field: str = ""
    """Lower-case name of the field by which a trusted client tells the folder; empty is none."""
    trusted_filters: frozenset[str] = frozenset(
        {
            "x-spam-flag",
            "x-spam-status",
            "x-forefront-antispam-report",
            "x-ms-exchange-organization-scl",
            "x-rspamd-action",
            "x-amavis-alert",
            "x-virus-status",
        }
    )
    """Lower-case names of verdict fields that the admin's own filters set."""
    received_limit: int = 50
    copies_limit: int = 20
    retention: Retention = field(default_factory=Retention)
    logging_address: str = ""
    """The address that remedies name; the first configured logging address."""
