"""Reads what spam and virus filters in front of us wrote into the header section.

Whether the filter is trusted is policy's question, not ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gateway.model.message import Verdict

_YES: Final = re.compile(r"\s*(?:yes|true)\b", re.IGNORECASE)
_INFECTED: Final = re.compile(
    r"\s*(?:infected|yes|virus)\b|.*\bfound to be infected\b", re.IGNORECASE | re.DOTALL
)
_SCL: Final = re.compile(r"\s*(\d+)\s*\Z")
_SFV: Final = re.compile(r"\bSFV:\s*(SPM|SKS|SKB)\b", re.IGNORECASE)
_CAT: Final = re.compile(r"\bCAT:\s*(MALW|HSPM|HPHISH|HPHSH|PHSH|SPM)\b", re.IGNORECASE)
_REJECT: Final = re.compile(r"\s*(?:reject|add header|rewrite subject)\b", re.IGNORECASE)

_TESTS: Final[Mapping[str, tuple[str, str, re.Pattern[str]]]] = {
    "x-spam-flag": ("spam", "X-Spam-Flag", _YES),
    "x-spam-status": ("spam", "X-Spam-Status", _YES),
    "x-forefront-antispam-report": ("spam", "X-Forefront-Antispam-Report", _SFV),
    "x-rspamd-action": ("spam", "X-Rspamd-Action", _REJECT),
    "x-spam": ("spam", "X-Spam", _YES),
    "x-amavis-alert": ("malware", "X-Amavis-Alert", re.compile(r"\s*INFECTED\b", re.IGNORECASE)),
    "x-virus-status": ("malware", "X-Virus-Status", _INFECTED),
    "x-virus-flag": ("malware", "X-Virus-Flag", _YES),
    "x-virus": ("malware", "X-Virus", _INFECTED),
    "x-ironport-av": (
        "malware",
        "X-IronPort-AV",
        re.compile(r".*\bv=\"?[^;]*infected", re.IGNORECASE),
    ),
    "x-amp-result": ("malware", "X-Amp-Result", re.compile(r"\s*malicious\b", re.IGNORECASE)),
}
_SCL_FIELDS: Final = {
    "x-ms-exchange-organization-scl": "X-MS-Exchange-Organization-SCL",
    "x-ms-exchange-antispam-scl": "X-MS-Exchange-AntiSpam-SCL",
}
_SPAM_SCL: Final = 5
VERDICT_FIELDS: Final = frozenset(_TESTS) | frozenset(_SCL_FIELDS)


def read_verdict(name: str, value: bytes) -> Verdict | None:
    """Return the verdict of one field out of VERDICT_FIELDS, or None when it is harmless."""
    text = value.decode("latin-1").strip()
    if name in _SCL_FIELDS:
        level = _SCL.match(text)
        is_spam = level is not None and int(level.group(1)[:4]) >= _SPAM_SCL
        return Verdict("spam", _SCL_FIELDS[name], f"SCL {text}") if is_spam else None
    kind, title, pattern = _TESTS[name]
    if name == "x-forefront-antispam-report" and (category := _CAT.search(text)):
        is_malware = category.group(1).upper() == "MALW"
        return Verdict("malware" if is_malware else "spam", title, category.group())
    found = pattern.search(text)
    return Verdict(kind, title, " ".join(text.split())[:200]) if found else None
