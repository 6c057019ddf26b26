from __future__ import annotations

import pytest

from gateway.mail.diagnoses import find_status, is_hard


@pytest.mark.parametrize(
    ("status", "said", "hard"),
    [
        ("5.1.1", "550 5.1.1 User unknown", True),
        ("5.1.1", "", True),
        ("5.0.0", "550 no such user here", True),
        ("", "Invalid recipient", True),
        ("5.1.2", "Host not found", True),
        ("5.4.4", "host or domain name not found", True),
        ("5.0.0", "couldn't find any host named x", True),
        ("5.1.6", "The user has moved", True),
        ("5.7.27", "Host does not accept mail", True),
        ("5.2.1", "Recipient address rejected: User unknown", True),
        ("4.1.1", "User unknown in virtual alias table", True),
        ("5.2.2", "Mailbox full", False),
        ("5.1.1", "mailbox is full", False),
        ("4.4.1", "Connection timed out", False),
        ("4.4.3", "host not found, try again", False),
        ("5.7.1", "Access denied", False),
        ("5.7.1", "blocked using a blacklist", False),
        ("5.1.1", "blocked by policy", False),
        ("5.3.4", "Message too large", False),
        ("5.0.0", "Service unavailable", False),
        ("5.1.1", 'user unknown. Command output: procmail: no "x"', False),
        ("5.0.0", "550 user unknown (in reply to end of DATA command)", False),
        ("5.0.0", ">>> DATA\n<<< 550 user unknown\n<<< 503 need RCPT", True),
        ("5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable", True),
        ("4.2.0", "450 Requested action not taken: mailbox unavailable", False),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied. [x]", True),
        ("5.1.10", "550 5.1.10 RecipientNotFound (in reply to end of DATA command)", True),
        ("5.0.0", "554 dd This user doesn't have an x.example account (in reply to DATA)", True),
        ("", "all relevant MX records point to non-existent hosts", True),
        ("5.1.8", "550 5.1.8 Sender address rejected: Domain not found", False),
        ("4.0.0", "DNS type 'mx' lookup of x.example responded with code NXDOMAIN", False),
        ("", "", None),
    ],
)
def test_hard_is_what_concerns_the_address(status: str, said: str, hard: bool | None) -> None:
    assert is_hard(status, said) is hard


@pytest.mark.parametrize(
    "said",
    [
        "550 Unbekannter Empfaenger",
        "550 Das Postfach ist nicht vorhanden",
        "550 Adresse inconnue",
        "550 La cuenta de correo no existe",
        "550 Casella inesistente",
        "550 A conta não existe",
        "550 Dit postvak bestaat niet",
        "550 Skrzynka nie istnieje",
        "550 Пользователь не найден",
    ],
)
def test_servers_say_in_their_own_language_that_nobody_is_there(said: str) -> None:
    assert is_hard("5.0.0", said) is True


def test_the_words_for_people_tell_what_a_vague_code_leaves_open() -> None:
    assert is_hard("5.0.0", "550 Rejected", "No such user here") is True


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("550 5.1.1 unknown", "5.1.1"),
        ("#5.5.0, then 5.1.1", "5.1.1"),
        ("550 5.5.0", "5.5.0"),
        ("250 2.6.0 ok", "2.6.0"),
        ("host 192.0.2.5.1.1", ""),
        ("version 15.1.1", ""),
        ("", ""),
    ],
)
def test_the_most_telling_status_is_found(text: str, status: str) -> None:
    assert find_status(text) == status
