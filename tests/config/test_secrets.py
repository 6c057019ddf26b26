"""Secrets: where they come from, and that they do not show."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from gateway.config.secrets import Secret, read_secret


def test_a_credential_file_goes_before_the_environment(tmp_path: Path) -> None:
    (tmp_path / "digest_key").write_text("from file\n")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "REPLYGATE_DIGEST_KEY": "from environment"}
    found = read_secret("digest_key", environ)
    assert found is not None
    assert found.reveal() == "from file"


def test_the_environment_gives_what_no_file_does(tmp_path: Path) -> None:
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "REPLYGATE_DIGEST_KEY": "from environment"}
    found = read_secret("digest_key", environ)
    assert found is not None
    assert found.reveal() == "from environment"


def test_an_empty_credential_is_none(tmp_path: Path) -> None:
    (tmp_path / "digest_key").touch()
    assert read_secret("digest_key", {"CREDENTIALS_DIRECTORY": str(tmp_path)}) is None


def test_a_secret_that_nobody_gave_is_none() -> None:
    assert read_secret("digest_key", {}) is None


@pytest.mark.parametrize("shown", [repr, str, "{}".format])
def test_a_secret_does_not_show(shown: type[str]) -> None:
    assert "hidden" not in shown(Secret("hidden"))


def test_a_secret_is_not_written_anywhere() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret("hidden"))
