"""Trouble, told as one sentence that says what happened, to what, and what to do."""

from __future__ import annotations

from typing import IO, Any

import click

from gateway.config.faults import ConfigError
from gateway.interfaces import StoreBusyError


class CommandError(click.ClickException):
    """A command could not do what it was asked; exit code 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it to stderr."""
        click.echo(f"replygate: {self.message}", file=file, err=True)

    @classmethod
    def of(cls, error: Exception) -> CommandError:
        """Return what to say of an error."""
        if isinstance(error, ConfigError):
            return cls(str(error))
        if isinstance(error, StoreBusyError):
            return cls(f"The store is busy or away ({error}). Try again in a moment.")
        if isinstance(error, OSError) and error.filename is not None:
            return cls(f"{error.filename}: {error.strerror}.")
        if isinstance(error, ValueError | LookupError) and type(error).__module__.startswith(
            "gateway."
        ):
            return cls(str(error))
        said = f"{type(error).__name__}: {error}"
        return cls(f"This should not happen ({said}). Run it again with REPLYGATE_DEBUG=1.")
