"""The policy: ordered tables of rules, to be read aloud.

Within a stage the first rule that matches decides; the last rule of a table of stage F always
matches. Each file is a stage, or a part of one; the mailbox is asked before the person.
"""

from __future__ import annotations

from gateway.model.arrival import Arrival
from gateway.model.case import Case
from gateway.rules import (
    answers,
    content,
    gate,
    identity,
    incoming,
    intake,
    kind,
    mailboxes,
    outgoing,
    unwrap,
)
from gateway.rules.rule import NoteRule, Rule

GATE: tuple[Rule[Arrival], ...] = (
    gate.never_log_account,
    gate.never_log_user,
    gate.marked_private,
    gate.no_tracked_mailbox,
    gate.user_opted_out,
    gate.internal_only,
    gate.erased,
)
GATE_OF_WRAPPING: tuple[Rule[Arrival], ...] = (gate.marked_private,)
INTAKE: tuple[Rule[Case], ...] = (
    intake.too_large_to_inspect,
    intake.mail_loop,
    intake.own_notice,
    intake.unparseable,
    intake.copy_sender_unknown,
    intake.copy_sender_unverified,
    intake.user_not_permitted,
)
UNWRAP: tuple[Rule[Case], ...] = (
    unwrap.journal_unreadable,
    unwrap.journal_report,
    unwrap.forward_original_unknown,
    unwrap.forward_internal,
)
IDENTITY: tuple[Rule[Case], ...] = (
    identity.completed,
    identity.redelivered,
    identity.forward_of_seen,
    identity.seen_again,
)
KIND: tuple[Rule[Case], ...] = (
    kind.malware,
    kind.spam,
    kind.spam_in_thread,
    kind.sender_spoofed,
    kind.bounce_unmatched,
    kind.receipt_unmatched,
    kind.abuse_report,
    kind.auto_reply_untracked,
    kind.calendar,
    kind.mailing_list,
    kind.bulk,
    kind.auto_generated,
)
INCOMING: tuple[Rule[Case], ...] = (
    outgoing.logged_by_forward,
    incoming.thread_conflict,
    mailboxes.provider_changed,
    mailboxes.mailbox_disconnected,
    mailboxes.other_folder,
    incoming.original_to_never_log,
    incoming.team_mail,
    incoming.original_not_logged,
    incoming.original_unknown,
    mailboxes.shared_thread_moved,
    mailboxes.not_starters_mailbox,
    answers.bounce,
    answers.read_receipt,
    answers.auto_reply,
    answers.calendar_in_thread,
    incoming.subject_changed,
    incoming.colleague_wrote,
    incoming.adopted_original,
    incoming.replier_not_contact,
    incoming.stranger_in_thread,
    incoming.reply_from_unknown,
    incoming.contact_ambiguous,
    incoming.tracked_reply,
    incoming.received,
    incoming.not_a_reply,
    incoming.sender_not_contact,
)
OUTGOING: tuple[Rule[Case], ...] = (
    outgoing.mailbox_disconnected,
    outgoing.bcc_copy,
    outgoing.logged_by_forward,
    outgoing.opted_in,
    outgoing.shared_thread_moved,
    outgoing.sent_in_thread,
    outgoing.sent,
    outgoing.sent_not_marked,
    outgoing.recipient_not_contact,
)
GATE_NOTES: tuple[NoteRule[Arrival], ...] = (gate.never_log_participant,)
IDENTITY_NOTES: tuple[NoteRule[Case], ...] = (
    identity.message_id_reused,
    identity.message_id_missing,
)
CONTENT: tuple[NoteRule[Case], ...] = (
    content.attachment_too_large,
    content.attachment_pending,
    content.attachment_stripped,
    content.attachment_type_mismatch,
    content.attachments_off,
    content.attachment_encoding,
    content.body_too_large,
    content.encrypted,
)
