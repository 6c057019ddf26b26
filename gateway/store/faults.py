"""What an administrator asked of the store that cannot be: named, and with what to do."""

from __future__ import annotations


class UnknownUserError(LookupError):
    """No user has this address."""

    def __init__(self, key: str) -> None:
        super().__init__(f"There is no user {key}. Add it with: replygate user add {key}")


class UnknownMailboxError(LookupError):
    """No mailbox has this address."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"There is no mailbox {address}. Add it with: replygate mailbox add {address}"
        )


class UnknownContactError(LookupError):
    """No contact has this address or number."""

    def __init__(self, asked: str | int) -> None:
        super().__init__(f"There is no contact {asked}. Add it with: replygate contact add {asked}")


class UnknownEntryError(LookupError):
    """No entry has this id or Message-ID."""

    def __init__(self, asked: str) -> None:
        super().__init__(f"There is no entry {asked}. List what is there with: replygate decisions")


class NotListedError(LookupError):
    """What was to be removed is not on the list."""


class AlreadyKnownError(ValueError):
    """What was to be added is there already."""


class ContactAmbiguousError(ValueError):
    """Several contacts have this address."""

    def __init__(self, address: str, numbers: tuple[int, ...]) -> None:
        named = ", ".join(map(str, numbers))
        super().__init__(
            f"{address} is an address of {len(numbers)} contacts ({named}). Name one by its number,"
            " or merge them with: replygate contact merge"
        )


class BadAddressError(ValueError):
    """What was given is no address."""

    def __init__(self, asked: str) -> None:
        super().__init__(f"{asked!r} is no email address. Write it as name@example.com.")
