"""All that `doctor` looks at: the same for the command, the API and the admin's page."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.config.settings import Config
from gateway.web.findings import Finding, look_at_ourselves
from gateway.web.postfix import look_at_postfix


def examine(config: Config) -> Iterator[Finding]:
    """Look at the gateway's own side, and at what the Postfix of this machine does to the mail."""
    yield from look_at_ourselves(config)
    yield from look_at_postfix(config)
