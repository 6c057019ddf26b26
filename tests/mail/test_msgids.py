from __future__ import annotations

import pytest

from gateway.mail import limits
from gateway.mail.msgids import parse_msg_id, parse_msg_ids, synthetic_id


@pytest.mark.parametrize(
    ("written", "ids"),
    [
        (b"<a@x> <b@x>", ("a@x", "b@x")),
        (b"<a@x>\r\n <b@x>", ("a@x", "b@x")),
        (b"<a@x><b@x>", ("a@x", "b@x")),
        (b"<a@x> <b@x> <a@x>", ("b@x", "a@x")),
        (b"a@x, b@x", ("a@x", "b@x")),
        (b"Your message of Monday <a@x>", ("a@x",)),
        (b'Message from Joe <joe@y> of "Mon, 1 Jan" <a@x>', ("a@x",)),
        (b"Joe <joe@y>'s message of Monday <a@x>", ("a@x",)),
        (b"<[hex@microsoft.example]>", ("[hex@microsoft.example]",)),
        (b"<long\r\n id@x>", ("longid@x",)),
        (b"<\xe3\x81\x82@x>", ("あ@x",)),
        (b"<\xff@x>", ("\\xff@x",)),
        (b"<Case@X>", ("Case@X",)),
        (b"message from joe@example.com", ()),
        (b"< >", ()),
        (b"", ()),
    ],
)
def test_ids_as_clients_write_them(written: bytes, ids: tuple[str, ...]) -> None:
    assert parse_msg_ids(written) == ids


def test_of_many_ids_the_first_and_the_newest_stay() -> None:
    ids = parse_msg_ids(b" ".join(b"<%d@x>" % n for n in range(100)))
    assert len(ids) == limits.REFERENCES
    assert (ids[0], ids[1], ids[-1]) == ("0@x", "68@x", "99@x")


@pytest.mark.parametrize(
    ("written", "found"),
    [(b"<a@x>", "a@x"), (b"a@x", "a@x"), (b"<a@x", "a@x"), (b"<>", ""), (b"two words", "")],
)
def test_a_message_id_with_or_without_brackets(written: bytes, found: str) -> None:
    assert parse_msg_id(written) == found


def test_a_synthetic_id_tells_its_digest() -> None:
    assert synthetic_id(b"\x01" * 32) == f"{'01' * 20}@synthetic.invalid"
