"""`make install`: what it puts into place works, from there alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root folder into which it was installed."""
    folder = tmp_path_factory.mktemp("root")
    made = subprocess.run(
        ["make", "install", f"DESTDIR={folder}", f"PYTHON={sys.executable}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return folder


def installed(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command, which must not see this folder."""
    return subprocess.run(
        [root / "opt/replygate/bin/replygate", *words],
        cwd=root,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(600)
def test_the_shipped_configuration_is_in_place_and_sound(root: Path) -> None:
    checked = installed(root, "check-config", str(root / "etc/replygate/replygate.toml"))
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.timeout(600)
def test_the_story_plays_from_what_was_installed(root: Path) -> None:
    played = installed(root, "demo")
    assert played.returncode == 0, played.stdout[-2000:] + played.stderr


@pytest.mark.timeout(600)
def test_the_command_and_the_units_lie_where_systemd_looks(root: Path) -> None:
    assert (root / "usr/bin/replygate").readlink() == Path("/opt/replygate/bin/replygate")
    units = {path.name for path in (root / "etc/systemd/system").iterdir()}
    assert units == {path.name for path in (ROOT / "systemd").iterdir()}


@pytest.mark.timeout(600)
def test_the_folder_of_secrets_is_root_s_alone(root: Path) -> None:
    assert (root / "etc/replygate/credentials").stat().st_mode & 0o777 == 0o700


@pytest.mark.timeout(600)
def test_a_configuration_that_is_there_is_left_alone(root: Path) -> None:
    ours = root / "etc/replygate/replygate.toml"
    ours.write_text(ours.read_text() + "# ours\n")
    subprocess.run(
        ["make", "install", f"DESTDIR={root}", f"PYTHON={sys.executable}"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    assert ours.read_text().endswith("# ours\n")
