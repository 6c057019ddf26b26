"""Commands that change what the gateway knows: users, mailboxes, contacts, lists, sequences."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run, rows

ANNA, CAROL = "anna@corp.example", "carol@customer.example"


@pytest.fixture(autouse=True)
def configured(config: Path) -> None:
    """Every command here finds its configuration in the folder."""


@pytest.fixture
def anna(run: Run) -> str:
    run("user", "add", ANNA, "--name", "Anna Arai")
    run("mailbox", "add", ANNA, "--user", ANNA, "--provider", "google")
    return ANNA


@pytest.fixture
def carol(run: Run) -> str:
    run("contact", "add", CAROL, "--name", "Carol Cruz")
    return CAROL


def test_a_user_that_was_added_is_listed(run: Run, anna: str) -> None:
    (row,) = rows(run("user", "list", "--json"))
    assert (row["user"], row["name"], row["logging"]) == (anna, "Anna Arai", True)


def test_a_user_is_added_once(run: Run, anna: str) -> None:
    said = run("user", "add", anna, fails=1).stderr
    assert said.startswith("replygate: ")
    assert said.count("\n") == 1


def test_logging_is_turned_off_and_on(run: Run, anna: str) -> None:
    run("user", "logging-off", anna)
    assert rows(run("user", "list", "--json"))[0]["logging"] is False
    run("user", "logging-on", anna)
    assert rows(run("user", "list", "--json"))[0]["logging"] is True


def test_a_user_is_forbidden_and_permitted(run: Run, anna: str) -> None:
    run("user", "forbid", anna)
    assert rows(run("user", "list", "--json"))[0]["permitted"] is False
    run("user", "permit", anna)
    assert rows(run("user", "list", "--json"))[0]["permitted"] is True


def test_a_user_gets_further_addresses(run: Run, anna: str) -> None:
    run("user", "add-address", anna, "Anna@home.example")
    assert rows(run("user", "list", "--json"))[0]["further"] == ["anna@home.example"]


def test_a_further_address_is_taken_from_its_user(run: Run, anna: str) -> None:
    run("user", "add-address", anna, "anna@home.example")
    run("user", "remove-address", anna, "Anna@home.example")
    assert rows(run("user", "list", "--json"))[0]["further"] == []
    said = run("user", "remove-address", anna, "anna@home.example", fails=1).stderr
    assert "is no further address of" in said


def test_an_unknown_user_is_told_with_the_command_that_adds_one(run: Run) -> None:
    said = run("user", "logging-on", "who@corp.example", fails=1).stderr
    assert "replygate user add who@corp.example" in said


def test_a_mailbox_that_was_added_is_connected(run: Run, anna: str) -> None:
    (row,) = rows(run("mailbox", "list", "--json"))
    assert (row["mailbox"], row["of"], row["connected_with"]) == (anna, anna, "google")


def test_a_mailbox_may_be_added_without_a_connection(run: Run) -> None:
    run("mailbox", "add", "sales@corp.example", "--shared", "--disconnected")
    (row,) = rows(run("mailbox", "list", "--json"))
    assert (row["shared"], row["connected"]) == (True, False)


@pytest.mark.parametrize("whose", [[], ["--shared", "--user", ANNA]])
def test_whose_a_mailbox_is_must_be_said(run: Run, whose: list[str]) -> None:
    assert "Say whose it is" in run("mailbox", "add", ANNA, *whose, fails=2).stderr


def test_a_mailbox_is_disconnected_and_connected(run: Run, anna: str) -> None:
    run("mailbox", "disconnect", anna)
    assert rows(run("mailbox", "list", "--json"))[0]["connected"] is False
    run("mailbox", "connect", anna)
    assert len(rows(run("mailbox", "list", "--json"))[0]["connections"]) == 2


def test_a_change_of_provider_leaves_the_connection(run: Run, anna: str) -> None:
    said = run("mailbox", "change-provider", anna, "microsoft365").stdout
    assert f"replygate mailbox connect {anna} --provider microsoft365" in said
    (row,) = rows(run("mailbox", "list", "--json"))
    assert (row["provider"], row["connected_with"]) == ("microsoft365", "google")


def test_what_happened_before_is_told_with_its_time(run: Run, anna: str) -> None:
    run("mailbox", "add", "sales@corp.example", "--shared", "--at", "2026-01-02T03:04")
    box = next(r for r in rows(run("mailbox", "list", "--json")) if r["mailbox"] != anna)
    assert box["since"] == "2026-01-02T03:04:00Z"


def test_what_is_logged_of_a_mailbox_is_set(run: Run, anna: str) -> None:
    run("mailbox", "log-sent", anna, "always")
    assert rows(run("mailbox", "list", "--json"))[0]["log_sent"] == "always"


@pytest.mark.parametrize(
    "change", [["disconnect", ANNA], ["change-provider", ANNA, "microsoft365"]]
)
def test_enrolments_at_risk_are_listed_when_a_mailbox_goes(
    run: Run, anna: str, carol: str, change: list[str]
) -> None:
    run("sequence", "enroll", carol, "spring", "--mailbox", anna)
    assert f"{carol}  spring" in run("mailbox", *change).stdout


def test_an_enrolment_is_open_at_risk_and_ended(run: Run, anna: str, carol: str) -> None:
    def state() -> str:
        (row,) = rows(run("sequence", "list", "--json"))
        return str(row["state"])

    run("sequence", "enroll", carol, "spring", "--mailbox", anna)
    assert state() == "open"
    run("mailbox", "disconnect", anna)
    assert state() == "at risk"
    run("sequence", "end", carol, "spring")
    assert state() == "ended"
    assert rows(run("sequence", "list", "--open", "--json")) == []


def test_an_enrolment_into_a_silent_mailbox_is_warned_of(run: Run, anna: str, carol: str) -> None:
    run("mailbox", "disconnect", anna)
    assert "at risk" in run("sequence", "enroll", carol, "spring", "--mailbox", anna).stdout
    (row,) = rows(run("sequence", "at-risk", "--json"))
    assert row["at_risk"] == f"{anna} is not connected"


def test_a_contact_gets_further_addresses(run: Run, carol: str) -> None:
    run("contact", "add-address", carol, "carol@home.example")
    (row,) = rows(run("contact", "list", "--json"))
    assert row["addresses"] == [carol, "carol@home.example"]


def test_contacts_are_merged(run: Run, carol: str) -> None:
    run("contact", "add", "carol@home.example")
    run("contact", "merge", carol, "carol@home.example")
    (row,) = rows(run("contact", "list", "--json"))
    assert (row["primary"], row["addresses"]) == (carol, [carol, "carol@home.example"])


def test_a_contact_is_named_by_its_number(run: Run, carol: str) -> None:
    (row,) = rows(run("contact", "list", "--json"))
    run("contact", "add-address", str(row["contact"]), "carol@home.example")
    assert carol in run("contact", "list").stdout


def test_a_timeline_without_mail_says_so(run: Run, carol: str) -> None:
    assert f"Nothing is logged of {carol}" in run("contact", "timeline", carol).stdout


def test_without_suggestions_it_says_so(run: Run) -> None:
    assert "Nothing is suggested" in run("contact", "suggestions").stdout


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_contacts_are_imported_by_the_heading(run: Run, tmp_path: Path, delimiter: str) -> None:
    file = tmp_path / "contacts.csv"
    lines = ["Name,E-Mail,Further", "Jürgen,j@a.example,j@b.example", "Kim,k@a.example,"]
    file.write_text("\n".join(lines).replace(",", delimiter), encoding="utf-8-sig")
    assert "2 contacts added" in run("contact", "import", str(file)).stdout
    first, _ = rows(run("contact", "list", "--json"))
    assert (first["name"], first["addresses"]) == ("Jürgen", ["j@a.example", "j@b.example"])


def test_rows_that_are_wrong_are_told_and_stop_no_other(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "contacts.csv"
    file.write_text("address\nnobody\nk@a.example\nk@a.example\n")
    result = run("contact", "import", "--json", str(file), fails=1)
    (row,) = rows(result)
    assert (row["added"], row["known"], row["faults"][0]["row"]) == (1, 1, 1)
    assert "1 rows of" in result.stderr


def test_a_csv_file_without_a_heading_is_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "contacts.csv"
    file.write_text("k@a.example,Kim\n")
    assert 'must name "address"' in run("contact", "import", str(file), fails=1).stderr


def test_a_domain_is_never_logged_until_it_is_removed(run: Run) -> None:
    run("never-log", "add", "Legal.example")
    (row,) = rows(run("never-log", "list", "--json"))
    assert (row["pattern"], row["list"]) == ("legal.example", "company")
    run("never-log", "remove", "legal.example")
    assert rows(run("never-log", "list", "--json")) == []
    assert len(rows(run("never-log", "list", "--all", "--json"))) == 1


def test_a_user_has_a_never_log_list_of_her_own(run: Run, anna: str) -> None:
    run("never-log", "add", "doctor@clinic.example", "--user", anna)
    assert rows(run("never-log", "list", "--json"))[0]["list"] == anna


def test_what_is_on_no_list_cannot_be_removed(run: Run) -> None:
    said = run("never-log", "remove", "legal.example", fails=1).stderr
    assert "is not on this never-log list" in said


def test_senders_are_allowed_until_they_are_removed(run: Run) -> None:
    run("allow", "add", "news@shop.example")
    assert rows(run("allow", "list", "--json")) == [{"pattern": "news@shop.example"}]
    run("allow", "remove", "news@shop.example")
    assert "No sender is allowed" in run("allow", "list").stdout
