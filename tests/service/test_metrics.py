"""The figures, held against the alarms that are made of them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.interfaces import Passage, Took
from gateway.model.envelope import Client, Relayed, RelayState
from gateway.model.handover import Queue
from gateway.service.metrics import MOST_CLIENTS, Levels, Metrics
from tests.letters import envelope_of, letter

RULES = Path(__file__).parents[2] / "conf" / "prometheus" / "replygate.rules.yml"
NAMES = sorted(set(re.findall(r"\bgateway_[a-z_]+", RULES.read_text("utf-8"))))
LEVELS = Levels(
    {"inbound": 2}, {"hop": 1}, {"hop": 0}, {"hop": 0}, 3, 7.5, 4096, 1, {"crm": Queue()}
)


def text(metrics: Metrics, mta: str = "192.0.2.1") -> str:
    envelope = replace(envelope_of(letter()), client=Client(mta=mta, trusted=bool(mta)))
    passage = Passage(
        envelope, "", "", None, Relayed(RelayState.RELAYED), "trouble",
        took=Took(0.1, 0.2, 0.3, 0.6),
    )  # fmt: skip
    metrics.passed(passage)
    return metrics.text(LEVELS).decode()


@pytest.mark.parametrize("name", NAMES)
def test_each_figure_of_an_alarm_is_there(name: str) -> None:
    assert re.search(rf"^{name}[ {{]", text(Metrics()), re.MULTILINE)


def test_what_was_never_decided_is_counted_as_none() -> None:
    assert 'outcome="none",reason="none",relay="relayed",route="inbound"} 1.0' in text(Metrics())


def test_a_listener_that_went_is_told_no_more() -> None:
    metrics = Metrics()
    assert 'gateway_sessions{route="inbound"} 2.0' in text(metrics)
    other = Levels({"second": 1}, {}, {}, {}, 0, 0.0, 0, 0)
    assert 'gateway_sessions{route="inbound"}' not in metrics.text(other).decode()


def test_the_time_of_the_last_message_is_the_clocks() -> None:
    said = text(Metrics(clock=lambda: 12.5))
    assert 'gateway_last_message_timestamp_seconds{route="inbound"} 12.5' in said


def test_the_last_message_of_each_mta_is_told() -> None:
    now = [1.0]
    metrics = Metrics(clock=lambda: now[0])
    text(metrics, "192.0.2.1")
    now[0] = 2.0
    said = text(metrics, "mx2.example.com")
    family = "gateway_client_last_message_timestamp_seconds"
    assert f'{family}{{client="192.0.2.1",route="inbound"}} 1.0' in said
    assert f'{family}{{client="mx2.example.com",route="inbound"}} 2.0' in said


def test_a_client_that_is_not_trusted_is_not_named() -> None:
    assert "client=" not in text(Metrics(), "")


def test_a_large_network_of_clients_is_told_as_one_after_the_first() -> None:
    metrics = Metrics()
    for number in range(MOST_CLIENTS + 5):
        said = text(metrics, f"client{number}")
    assert said.count("{client=") == MOST_CLIENTS + 1
    assert 'client="others"' in said


def test_the_queue_of_each_sink_is_told() -> None:
    levels = Levels({}, {}, {}, {}, 0, 0.0, 0, 0, {"crm": Queue(3, 1, 90.0)})
    said = Metrics().text(levels).decode()
    assert 'gateway_outbox_waiting{sink="crm"} 3.0' in said
    assert 'gateway_outbox_dead{sink="crm"} 1.0' in said
    assert 'gateway_outbox_oldest_seconds{sink="crm"} 90.0' in said


def test_a_sink_that_went_is_told_no_more() -> None:
    metrics = Metrics()
    metrics.text(Levels({}, {}, {}, {}, 0, 0.0, 0, 0, {"crm": Queue(3)}))
    assert 'sink="crm"' not in metrics.text(Levels({}, {}, {}, {}, 0, 0.0, 0, 0)).decode()
