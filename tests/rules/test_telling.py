"""What the command line and the pages say of a decision."""

from __future__ import annotations

from gateway.model.decision import Reason
from gateway.rules.telling import when_told


def test_a_reason_of_both_directions_is_told_for_the_one_asked() -> None:
    assert list(when_told(Reason.SHARED_THREAD_MOVED, "incoming")) != list(
        when_told(Reason.SHARED_THREAD_MOVED, "outgoing")
    )


def test_a_reason_of_the_other_direction_has_nothing_to_tell() -> None:
    assert list(when_told(Reason.MAILBOX_DISCONNECTED, "sideways")) == []
