"""The admin's page of what `doctor` finds."""

from __future__ import annotations

import pytest

from gateway.config.settings import Config
from gateway.web.doctor import examine
from gateway.words.catalogue import tongue
from gateway.words.findings import FINDINGS, finding_in
from tests.letters import letter
from tests.web.conftest import Browser, Mail
from tests.words.test_catalogue import names

JA = {"accept-language": "ja"}


def test_what_is_ill_comes_first_with_what_to_do(mail: Mail, bea: Browser) -> None:
    mail(letter())
    page = bea.get("/admin/doctor").text
    assert page.index("✗ look at it") < page.index("✓ well")
    assert "Start it, or name another in [next_hop] address." in page


def test_findings_are_told_in_japanese(mail: Mail, bea: Browser, config: Config) -> None:
    mail(letter())
    page = bea.get("/admin/doctor", **JA).text
    assert "次の配送先 127.0.0.1:1" in page
    assert "起動するか、[next_hop] の address に" in page
    told = tongue("ja")
    versions = {"SQLite", "aiosmtpd"}
    for found in examine(config):
        assert found.check in versions or finding_in(told, found.check) != found.check
        assert not found.remedy or finding_in(told, found.remedy) != found.remedy


@pytest.mark.parametrize("template", FINDINGS)
def test_finding_is_told_with_what_filled_it(template: str) -> None:
    values = [f"v{place}" for place in range(len(names(template)))]
    told = finding_in(tongue("ja"), template.format(*values))
    assert told == tongue("ja").template(template).format(*values)


def test_member_does_not_see_it(mail: Mail, anna: Browser) -> None:
    mail(letter())
    assert anna.get("/admin/doctor").status_code == 403
