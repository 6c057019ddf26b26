"""Secrets: from files of `$CREDENTIALS_DIRECTORY` (systemd's LoadCredential), or the environment.

A secret never stands in the configuration file and is never printed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path


class UnreadableSecretError(OSError):
    """The file of a secret is there, and cannot be read."""


class Secret:
    """A text that does not show itself."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text; whoever calls this keeps it out of logs."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere")


def read_secret(name: str, environ: Mapping[str, str]) -> Secret | None:
    """Return the secret of this name, or None when nobody gave it.

    The file `name` of `$CREDENTIALS_DIRECTORY` goes before `$REPLYGATE_NAME` (in
    capitals, what no variable may hold as an underscore); the line end
    after it is no part of it, and an empty one is none. Raises UnreadableSecretError.
    """
    folder = environ.get("CREDENTIALS_DIRECTORY", "")
    file = Path(folder) / name
    try:
        found = file.read_text(encoding="utf-8").rstrip("\r\n") if folder and file.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        why = type(error).__name__
        raise UnreadableSecretError(f"The secret {name} cannot be read ({why}).") from error
    found = found or environ.get(_variable(name), "")
    return Secret(found) if found else None


def _variable(name: str) -> str:
    return "REPLYGATE_" + re.sub(r"[^A-Z0-9]", "_", name.upper())
