"""The page of the outbox is for everybody, light and dark, desk and phone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.config.settings import Config
from gateway.store.registry import Registry
from tests.web.chrome import Opened
from tests.web.conftest import BEA, LATER, Mail
from tests.web.test_access import LOOKS, findings
from tests.web.test_outbox import refused


@pytest.fixture
def box(config: Config, mail: Mail, company: Registry) -> None:
    made = refused(config, mail, company)
    made.pause("crm", LATER + timedelta(hours=1), "401: not you")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.usefixtures("box")
def test_the_outbox_is_for_everybody(address: str, opened: Opened, look: str) -> None:
    page = opened(BEA, **LOOKS[look])
    page.goto(f"{address}/outbox")
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= LOOKS[look]["width"]
