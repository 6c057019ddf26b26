"""What notices say around a remedy: English here, other languages by the catalogue: pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

HEADLINES: Final[Mapping[str, str]] = {
    "held": "Waiting for a decision",
    "not_logged": "Not logged",
    "partial": "Logged with something left out",
}
"""By what became of the copy."""
ABOUT: Final = "Your message"
REASON: Final = "Reason code"
ADVICE: Final = "What to do"
FOOTER: Final = "Sent by the mail gateway of your company. Answers to it are not read."
DIGEST_SUBJECT: Final = "Not logged in the last {days} days: {count}"
DIGEST_HEADLINE: Final = "Of your mail, {count} messages were not logged in the last {days} days."
DIGEST_LINE: Final = "{count}: {remedy} (still kept: {kept})"
CODE_SUBJECT: Final = "Your address at the mail gateway"
CODE_HEADLINE: Final = (
    "Somebody says that this address is his. If that was you, type this code on the page where you"
    " asked for it, within half an hour. If not, do nothing."
)
CODE: Final = "Code"
ALL: Final = (
    *HEADLINES.values(),
    *(ABOUT, REASON, ADVICE, FOOTER),
    *(CODE_SUBJECT, CODE_HEADLINE, CODE),
    *(DIGEST_SUBJECT, DIGEST_HEADLINE, DIGEST_LINE),
)
