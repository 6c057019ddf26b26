"""What notices say, in the languages that we speak: pure.

English remedies are the rules' own. A reason without words here is told in English.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from gateway.model.decision import Evidence, Reason

Language = Literal["en", "ja"]


@dataclass(frozen=True, slots=True)
class Phrases:
    """The words around a remedy."""

    headline: Mapping[str, str]
    """By what became of the copy: `held`, `not_logged`, `partial`."""
    about: str
    reason: str
    advice: str
    footer: str
    digest_subject: str
    digest_headline: str
    digest_nothing: str
    digest_line: str


PHRASES: Final[Mapping[Language, Phrases]] = {
    "en": Phrases(
        headline={
            "held": "Waiting for a decision",
            "not_logged": "Not logged",
            "partial": "Logged with something left out",
        },
        about="Your message",
        reason="Reason",
        advice="What to do",
        footer="Sent by the mail gateway of your company. Answers to it are not read.",
        digest_subject="Not logged in the last {days} days: {count}",
        digest_headline="Of your mail, {count} messages were not logged in the last {days} days.",
        digest_nothing="All of your mail that should be logged was logged.",
        digest_line="{count}: {remedy} (still kept: {kept})",
    ),
    "ja": Phrases(
        headline={
            "held": "確認待ちです",
            "not_logged": "記録されませんでした",
            "partial": "一部を除いて記録されました",
        },
        about="対象のメール",
        reason="理由コード",
        advice="対処方法",
        footer="これは社内のメールゲートウェイからの自動通知です。返信は読まれません。",
        digest_subject="過去{days}日間に記録されなかったメール: {count}件",
        digest_headline="過去{days}日間に、あなたのメール{count}件が記録されませんでした。",
        digest_nothing="記録すべきメールはすべて記録されました。",
        digest_line="{count}件 ― {remedy}(保管中: {kept}件)",
    ),
}
JAPANESE: Final[Mapping[Reason, str]] = {
    Reason.COPY_SENDER_UNVERIFIED: (
        "ご本人からのメールであることを確認できませんでした。一度承認してください。"
        "経路の信頼設定は管理者が行えます。"
    ),
    Reason.USER_NOT_PERMITTED: "このアカウントではメールを記録できません。管理者にご相談ください。",
    Reason.FORWARD_ORIGINAL_UNKNOWN: (
        "元の差出人がわかりません。添付ファイルとして転送するか、本文の先頭に"
        "「From: name@example.com」と書いてください。"
    ),
    Reason.FORWARD_INTERNAL: "転送されたメールには社内の人しか含まれていません。",
    Reason.NEVER_LOG_ACCOUNT: (
        "{address} は会社の記録対象外リスト({entry})にあります。"
        "今後のメールについては管理者が外せます。"
    ),
    Reason.NEVER_LOG_USER: (
        "{address} はあなたの記録対象外リストにあります。今後記録するには外してください。"
    ),
    Reason.MARKED_PRIVATE: "このメールは親展として送られました。",
    Reason.NO_TRACKED_MAILBOX: (
        "記録対象のユーザーのアドレスがありません。該当する場合は {address} を"
        "メールボックスに追加してください。"
    ),
    Reason.USER_OPTED_OUT: (
        "{user} の記録は無効になっています。有効にしてから {date} 以降を再判定してください。"
    ),
    Reason.INTERNAL_ONLY: "社内だけのメールは記録されません。",
    Reason.ERASED: "本人の求めにより削除済みのため、記録されません。",
    Reason.UNPARSEABLE: (
        "メールの形式が壊れています({detail})。保管された写しを開いて手動で割り当ててください。"
    ),
    Reason.TOO_LARGE_TO_INSPECT: (
        "メール({size})が検査の上限({limit})を超えています。管理者に上限の引き上げをご相談ください。"
    ),
    Reason.ATTACHMENT_TOO_LARGE: "{name}({size})は上限 {limit} を超えるため保存されませんでした。",
    Reason.ATTACHMENT_PENDING: "{name} は {product} が検査中です。",
    Reason.ATTACHMENT_STRIPPED: "{name} は届く前に {product} によって取り除かれました。",
    Reason.ATTACHMENTS_OFF: "添付ファイルは保存されません({setting})。",
    Reason.ATTACHMENT_ENCODING: "{name} の一部を読み取れませんでした。",
    Reason.BODY_TOO_LARGE: "本文はタイムライン上で短縮されました。",
    Reason.ENCRYPTED: "暗号化されているため、差出人・日付・件名だけが記録されました。",
}
"""Remedies as a Japanese reader needs them; placeholders are those of the rule."""


class _Told(dict[str, str | int | bool]):
    """Evidence in which what is missing is a dash."""

    def __missing__(self, key: str) -> str:
        return "―"


def remedy_in(language: Language, reason: Reason, remedy: str, evidence: Evidence) -> str:
    """Return a remedy in this language; in English where there are no words for it."""
    if language == "ja" and reason in JAPANESE:
        return JAPANESE[reason].format_map(_Told(evidence))
    return remedy
