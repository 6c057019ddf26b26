"""The units, held against the analyser of systemd and the configuration."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from gateway.config.settings import Web
from tests.conftest import need

ROOT = Path(__file__).parent.parent
SERVICE = ROOT / "systemd" / "replygate.service"
PAGES = ROOT / "systemd" / "replygate-web.service"
SYNC = ROOT / "systemd" / "replygate-sync@.service"
SOCKET = ROOT / "systemd" / "replygate.socket"


def settings(unit: Path, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", unit.read_text(), re.MULTILINE)


@pytest.mark.parametrize("unit", [SERVICE, PAGES, SYNC])
def test_the_service_is_hardened(unit: Path) -> None:
    checked = subprocess.run(
        [need("systemd-analyze"), "security", "--offline=true", "--threshold=15", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
    # A line that it does not understand is told, and ignored.
    assert "ignoring" not in checked.stderr


def test_the_socket_unit_opens_the_listeners_of_the_shipped_configuration() -> None:
    shipped = tomllib.loads((ROOT / "conf" / "replygate.toml").read_text())
    addresses = [listener["address"] for listener in shipped["listener"]]
    assert settings(SOCKET, "ListenStream") == addresses


def test_the_service_may_write_the_state_folder_of_the_shipped_configuration() -> None:
    shipped = tomllib.loads((ROOT / "conf" / "replygate.toml").read_text())
    assert shipped["gateway"]["state"] == f"/var/lib/{settings(SERVICE, 'StateDirectory')[0]}"


def test_the_service_waits_longer_for_its_stop_than_for_the_final_dot() -> None:
    shipped = tomllib.loads((ROOT / "conf" / "replygate.toml").read_text())
    patience = float(settings(SERVICE, "TimeoutStopSec")[0].removesuffix("s"))
    assert patience > shipped["next_hop"]["final_timeout_s"]


def test_the_service_has_no_capability() -> None:
    assert settings(SERVICE, "CapabilityBoundingSet") == [""]


def test_the_pages_may_listen_where_they_do_by_default() -> None:
    port = Web().address.port
    assert settings(PAGES, "SocketBindAllow") == [f"ipv4:tcp:{port}", f"ipv6:tcp:{port}"]


def test_the_pages_may_let_mail_go_first() -> None:
    allowed = " ".join(settings(PAGES, "SystemCallFilter")).split()
    assert {"setpriority", "sched_setscheduler", "sched_setattr"} <= set(allowed)


def test_following_a_source_shares_the_state_folder_and_user_of_the_service() -> None:
    for key in ("StateDirectory", "User", "DynamicUser"):
        assert settings(SYNC, key) == settings(SERVICE, key)


def test_the_timer_is_of_the_unit_that_follows_a_source() -> None:
    timer = SYNC.with_suffix(".timer")
    assert settings(timer, "OnCalendar") == ["*:0/15"]
    assert "sync %i" in settings(SYNC, "ExecStart")[0]


def test_the_pages_share_the_state_folder_and_user_of_the_service() -> None:
    for key in ("StateDirectory", "User", "Group"):
        assert settings(PAGES, key) == settings(SERVICE, key)
