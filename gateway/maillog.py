"""One line per message, in one place: the gateway's mail log.

Never content, a subject, a file name or a credential; addresses stand in the envelope's part only.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import Any, Literal, TextIO, cast

import structlog

from gateway.interfaces import Passage

Format = Literal["logfmt", "json", "console"]


class _Stderr:
    """Writes to stderr, and gives up a line that nobody takes: mail goes on without a log."""

    def write(self, line: str) -> None:
        """Write a line, unless that is impossible now."""
        with suppress(OSError, ValueError):
            sys.stderr.write(line)

    def flush(self) -> None:
        """Send what is held on its way."""
        with suppress(OSError, ValueError):
            sys.stderr.flush()


def configure(form: Format, level: str) -> structlog.stdlib.BoundLogger:
    """Return the gateway's log, written to stderr in this form from this level up."""
    renderers: dict[str, Any] = {
        "logfmt": structlog.processors.LogfmtRenderer(
            key_order=["timestamp", "level", "event"], bool_as_flag=False
        ),
        "json": structlog.processors.JSONRenderer(),
        "console": structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
    }
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderers[form],
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _Stderr())),
        cache_logger_on_first_use=False,
    )
    log: structlog.stdlib.BoundLogger = structlog.get_logger()
    return log


def passed(log: structlog.stdlib.BoundLogger, passage: Passage) -> None:
    """Write the line of one message."""
    envelope, decision, relayed = passage.envelope, passage.decision, passage.relayed
    said = {
        "entry": passage.entry_id,
        "message_id": passage.message_id,
        "route": envelope.route,
        "queue_id": envelope.queue_id,
        "client": envelope.client.address,
        "mail_from": envelope.mail_from,
        "rcpts": len(envelope.recipients),
        "size": envelope.content.size,
        "outcome": str(decision.outcome) if decision else "",
        "reason": str(decision.reason) if decision else "",
        "relay": str(relayed.state),
        "reply": f"{relayed.reply.code} {relayed.reply.text[0]}" if relayed.reply else "",
    }
    filled = {name: value for name, value in said.items() if value not in {"", None}}
    if passage.trouble:
        log.warning("message", trouble=passage.trouble, **filled)
    else:
        log.info("message", **filled)
