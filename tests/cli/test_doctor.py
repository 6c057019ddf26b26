"""doctor: what is ill, and what to do about it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pysqlite3
import pytest

from gateway.service.clock import FILE, Watched
from tests.cli.conftest import Run, rows
from tests.letters import letter

CONF = Path(__file__).parents[2] / "conf" / "postfix"
OFFERS = ["8BITMIME", "SMTPUTF8", "DSN", "XFORWARD NAME", "SIZE 200000000"]


class Answering:
    """A mail server that greets, says what it offers, and takes its leave."""

    def __init__(self) -> None:
        self.offers = OFFERS
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                channel, _ = self.server.accept()
                with channel:
                    channel.sendall(b"220 mx.example ready\r\n")
                    if channel.recv(512).startswith(b"EHLO"):
                        lines = ["mx.example", *self.offers]
                        said = [f"250-{line}" for line in lines[:-1]] + [f"250 {lines[-1]}"]
                        channel.sendall("\r\n".join([*said, ""]).encode())
                        channel.recv(512)

    def close(self) -> None:
        self.server.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.server.close()


@pytest.fixture
def next_hop() -> Iterator[Answering]:
    """A next hop in good health."""
    made = Answering()
    yield made
    made.close()


@pytest.fixture
def well(
    config: Path, config_text: str, next_hop: Answering, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A configuration with which nothing is ill; no Postfix is found."""
    config.write_text(config_text.replace("10026", str(next_hop.port)))
    monkeypatch.setenv("MAIL_CONFIG", str(config.parent / "absent"))
    return config


def ill(run: Run, config: Path, *, fails: int = 1) -> dict[str, dict[str, Any]]:
    """Return what is ill, by its name."""
    listed = rows(run("doctor", "--json", "--config", str(config), fails=fails))
    return {row["check"]: row for row in listed if not row["well"]}


def test_a_healthy_gateway_passes_every_check(run: Run, well: Path) -> None:
    assert ill(run, well, fails=0) == {}


def test_people_read_a_table_with_what_to_do(run: Run, well: Path) -> None:
    (well.parent / "state").chmod(0o755)
    assert "chmod 0700" in run("doctor", "--config", str(well), fails=1).output


def test_a_next_hop_that_is_away_is_ill(run: Run, well: Path, config_text: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        well.write_text(config_text.replace("10026", str(unused.getsockname()[1])))
        (name,) = ill(run, well)
    assert name.startswith("next hop")


def test_a_next_hop_without_eight_bits_is_ill(run: Run, well: Path, next_hop: Answering) -> None:
    next_hop.offers = ["PIPELINING"]
    (found,) = ill(run, well).values()
    assert found["found"] == "no 8-bit mail"


def test_a_state_folder_that_is_absent_is_ill(run: Run, well: Path) -> None:
    (well.parent / "state").rmdir()
    assert ill(run, well).keys() == {"state folder"}


def test_a_state_folder_that_others_may_read_is_ill(run: Run, well: Path) -> None:
    (well.parent / "state").chmod(0o755)
    assert ill(run, well).keys() == {"rights"}


def test_a_damaged_store_is_ill(run: Run, well: Path) -> None:
    run("user", "add", "anna@corp.example", "--config", str(well))
    database = well.parent / "state" / "replygate.db"
    octets = bytearray(database.read_bytes())
    octets[4096:] = b"\xff" * (len(octets) - 4096)
    database.write_bytes(octets)
    assert "damaged" in ill(run, well)["store"]["found"]


def test_mail_that_waits_undecided_for_long_is_ill(run: Run, well: Path) -> None:
    spool = well.parent / "state" / "spool"
    spool.mkdir()
    (spool / "0000000000000001-aaaaaaaa.json").write_text("{}")
    assert "1 messages wait" in ill(run, well)["spool"]["found"]


def test_mail_that_was_damaged_while_it_waited_is_ill(run: Run, well: Path) -> None:
    aside = well.parent / "state" / "spool" / "unreadable"
    aside.mkdir(parents=True)
    for suffix in ("eml", "json"):
        (aside / f"0000000000000001-aaaaaaaa.{suffix}").write_text("{}")
    told = ill(run, well)["spool, unreadable"]
    assert told["found"] == f"1 messages were damaged there and lie in {aside}"
    assert "replygate import" in told["remedy"]


def test_a_foreign_file_in_the_spool_does_not_end_the_examination(run: Run, well: Path) -> None:
    spool = well.parent / "state" / "spool"
    spool.mkdir()
    (spool / "notes.json").write_text("{}")
    assert "1 messages wait" in ill(run, well)["spool"]["found"]


def test_a_clock_that_went_back_is_ill(run: Run, well: Path, tmp_path: Path) -> None:
    run("user", "add", "anna@corp.example", "--config", str(well))
    (tmp_path / "one.eml").write_bytes(letter())
    run("import", str(tmp_path / "one.eml"), "--config", str(well))
    connection = pysqlite3.connect(well.parent / "state" / "replygate.db")
    connection.execute("UPDATE entries SET received_at = received_at + 1000000000000000")
    connection.commit()
    connection.close()
    assert "went back" in ill(run, well)["clock"]["remedy"]


def test_a_clock_that_jumped_ahead_is_ill(run: Run, well: Path) -> None:
    began = datetime(2026, 11, 23, tzinfo=UTC)
    for now in (began, began + timedelta(days=365)):
        Watched(
            well.parent / "state" / FILE, partial(datetime.fromtimestamp, now.timestamp(), UTC)
        ).look()
    told = ill(run, well)["clock, jumped"]
    assert told["found"] == "the clock jumped ahead by 365 days, 0:00:00, and nothing is freed"
    assert "replygate purge" in told["remedy"]


@pytest.fixture
def etc(postfix: str, well: Path, next_hop: Answering, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration of a Postfix, as ours is shipped, with its way on to the next hop."""
    folder = well.parent / "postfix"
    folder.mkdir()
    master = (CONF / "after-queue.master.cf").read_text().replace("10026", str(next_hop.port))
    services = "smtp inet n - n - - smtpd\n  -o content_filter=replygate-in:[127.0.0.1]:10025\n"
    (folder / "master.cf").write_text(services + master)
    (folder / "main.cf").write_text("compatibility_level = 3.6\n")
    monkeypatch.setenv("MAIL_CONFIG", str(folder))
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{Path(postfix).parent}")
    return folder


def changed(etc: Path, before: str, after: str) -> None:
    text = (etc / "master.cf").read_text()
    assert before in text
    (etc / "master.cf").write_text(text.replace(before, after))


def test_the_shipped_way_through_postfix_is_well(run: Run, well: Path, etc: Path) -> None:
    listed = rows(run("doctor", "--json", "--config", str(well)))
    told = [row["check"] for row in listed if row["check"].startswith("postfix")]
    assert told == [
        f"postfix replygate-in {what}"
        for what in ("lines", "8 bits", "client", "patience", "fail-open")
    ]


@pytest.mark.parametrize(
    ("setting", "check"),
    [
        ("-o smtp_line_length_limit=0", "lines"),
        ("-o disable_mime_output_conversion=yes", "8 bits"),
        ("-o smtp_send_xforward_command=yes", "client"),
        ("-o smtp_data_done_timeout=1200s", "patience"),
    ],
)
def test_what_postfix_does_to_mail_without_a_setting_is_ill(
    run: Run, well: Path, etc: Path, setting: str, check: str
) -> None:
    changed(etc, setting, "-o smtp_bind_address6=")
    (found,) = ill(run, well).values()
    assert found["check"] == f"postfix replygate-in {check}"
    assert setting.removeprefix("-o ") in found["remedy"]


def test_a_way_round_the_gateway_that_nobody_listens_at_is_ill(
    run: Run, well: Path, etc: Path, next_hop: Answering
) -> None:
    relay = f"smtp_fallback_relay=[127.0.0.1]:{next_hop.port}"
    changed(etc, relay, "smtp_fallback_relay=[127.0.0.1]:1")
    assert "mail waits" in ill(run, well)["postfix replygate-in fail-open"]["remedy"]


def test_a_milter_that_stops_mail_when_it_is_away_is_ill(run: Run, well: Path, etc: Path) -> None:
    (etc / "main.cf").write_text(
        "compatibility_level = 3.6\nsmtpd_milters = inet:127.0.0.1:10025\n"
        "milter_default_action = tempfail\n"
    )
    assert ill(run, well).keys() == {"postfix main.cf fail-open"}
