from __future__ import annotations

import pytest

from gateway.mail.heading import read_heading


def verdicts(field: str) -> list[tuple[str, str]]:
    return [(v.kind, v.filter) for v in read_heading(f"{field}\r\n\r\n".encode()).verdicts]


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("X-Spam-Flag: YES", "spam"),
        ("X-Spam-Status: Yes, score=9.1 required=5.0", "spam"),
        ("X-Forefront-Antispam-Report: CIP:192.0.2.1;SFV:SPM;SCL:6", "spam"),
        ("X-Forefront-Antispam-Report: SFV:NSPM;CAT:MALW", "malware"),
        ("X-Forefront-Antispam-Report: SFV:NSPM;CAT:HPHISH", "spam"),
        ("X-MS-Exchange-Organization-SCL: 5", "spam"),
        ("X-Rspamd-Action: add header", "spam"),
        ("X-Rspamd-Action: reject", "spam"),
        ("X-Amavis-Alert: INFECTED, message contains virus: x", "malware"),
        ("X-Virus-Status: Infected", "malware"),
        ("X-Virus-Flag: yes", "malware"),
        ("X-IronPort-AV: E=Sophos;v=infected", "malware"),
    ],
)
def test_filters_that_say_yes(field: str, kind: str) -> None:
    assert verdicts(field) == [(kind, field.partition(":")[0])]


@pytest.mark.parametrize(
    "field",
    [
        "X-Spam-Flag: NO",
        "X-Spam-Status: No, score=0",
        "X-Forefront-Antispam-Report: SFV:NSPM;SCL:1",
        "X-MS-Exchange-Organization-SCL: -1",
        "X-MS-Exchange-Organization-SCL: 4",
        "X-Rspamd-Action: no action",
        "X-Amavis-Alert: BANNED, message contains .exe",
        "X-Virus-Status: Clean",
    ],
)
def test_filters_that_say_no(field: str) -> None:
    assert verdicts(field) == []
