"""`replygate user password` and `replygate web`: who may sign in to the pages."""

from __future__ import annotations

from pathlib import Path

from gateway.cli.opening import open_registry
from gateway.cli.serve import new_admin
from gateway.config.load import load_config
from gateway.web.vault import Vault
from tests.cli.conftest import Run

ANNA = "anna@corp.example"


def test_password_is_asked_for_twice_and_set(run: Run, config: Path, tmp_path: Path) -> None:
    run("user", "add", ANNA, "--config", str(config))
    asked = "correct-horse\ncorrect-horse\n"
    run("user", "password", ANNA, "--config", str(config), given=asked)
    with Vault(tmp_path / "state") as vault:
        assert vault.is_right(ANNA, "correct-horse")
        assert not vault.is_right(ANNA, "wrong-horse-1")


def test_short_password_is_refused_with_what_is_expected(run: Run, config: Path) -> None:
    run("user", "add", ANNA, "--config", str(config))
    words = ("user", "password", ANNA, "--password", "short", "--config", str(config))
    assert "10 characters or more" in run(*words, fails=1).stderr


def test_nobody_who_is_no_user_gets_a_password(run: Run, config: Path) -> None:
    words = ("user", "password", ANNA, "--password", "correct-horse", "--config", str(config))
    assert "no user" in run(*words, fails=1).stderr.lower()


def test_admin_of_a_demo_may_sign_in_each_time_it_is_shown(config: Path, tmp_path: Path) -> None:
    loaded = load_config(config, {})
    for _ in range(2):
        user, password = new_admin(loaded)
        with Vault(tmp_path / "state") as vault:
            assert vault.is_right(user, password)
    with open_registry(loaded) as registry:
        assert registry.user(user).role == "admin"
