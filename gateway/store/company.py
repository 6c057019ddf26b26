"""The registry's part about the company: users, mailboxes, their connections and providers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from gateway.model.directory import Mailbox, User
from gateway.store.book import Book, address_key
from gateway.store.database import Connection
from gateway.store.directory import read_mailboxes, read_users
from gateway.store.faults import AlreadyKnownError, NotListedError
from gateway.store.rows import moment

PROVIDERS = ("google", "microsoft365", "exchange", "imap", "other")


class CompanyBook(Book):
    """Users and mailboxes."""

    def add_user(
        self, address: str, name: str = "", role: str = "member", *, at: datetime | None = None
    ) -> User:
        """Add a user by the login address. Raises AlreadyKnownError."""
        key = address_key(address)
        if role not in {"member", "admin"}:
            raise ValueError(f"{role!r} is no role. Take member or admin.")
        self._refuse_taken(key)
        with self._change() as change:
            change.execute(
                "INSERT INTO users (key, name, role, added_at) VALUES (?, ?, ?, ?)",
                (key, name, role, self._at(at)),
            )
        return next(user for user in self.list_users() if user.key == key)

    def list_users(self) -> tuple[User, ...]:
        """Return all users, oldest first."""
        return read_users(self._connection)

    def user(self, address: str) -> User:
        """Return the user with this login or further address. Raises UnknownUserError."""
        key = self._user(address)
        return next(user for user in self.list_users() if user.key == key)

    def set_logging(self, user: str, *, on: bool) -> None:
        """Turn logging on or off for a user, as he wishes."""
        key = self._user(user)
        with self._change() as change:
            change.execute("UPDATE users SET logging = ? WHERE key = ?", (int(on), key))

    def set_permitted(self, user: str, *, on: bool) -> None:
        """Say whether a user may log mail at all."""
        key = self._user(user)
        with self._change() as change:
            change.execute("UPDATE users SET permitted = ? WHERE key = ?", (int(on), key))

    def choose_language(self, user: str, language: str) -> None:
        """Remember the language that a user wants to be written to in."""
        key = self._user(user)
        with self._change() as change:
            change.execute("UPDATE users SET language = ? WHERE key = ?", (language, key))

    def choose_time_zone(self, user: str, name: str) -> None:
        """Remember the time zone of a user; empty is that of the configuration."""
        key = self._user(user)
        with self._change() as change:
            change.execute("UPDATE users SET time_zone = ? WHERE key = ?", (name, key))

    def add_further_address(self, user: str, address: str, *, at: datetime | None = None) -> None:
        """Add a proven further address of a user. Raises AlreadyKnownError."""
        owner, key = self._user(user), address_key(address)
        self._refuse_taken(key)
        with self._change() as change:
            change.execute(
                "INSERT INTO user_addresses VALUES (?, ?, ?)", (key, owner, self._at(at))
            )

    def remove_further_address(self, user: str, address: str) -> None:
        """Take a further address from a user. Raises NotListedError when it is none of his."""
        owner, key = self._user(user), address_key(address)
        with self._change() as change:
            gone = change.execute(
                "DELETE FROM user_addresses WHERE address = ? AND user = ?", (key, owner)
            )
            if not gone.rowcount:
                raise NotListedError(
                    f"{key} is no further address of {owner}. See: replygate user list"
                )

    def add_mailbox(
        self,
        address: str,
        user: str | None = None,
        provider: str = "other",
        *,
        aliases: Iterable[str] = (),
        log_sent: str | None = None,
        at: datetime | None = None,
    ) -> Mailbox:
        """Add a mailbox of a user, or a shared one when no user is named; not yet connected.

        What is sent from a shared mailbox is logged without a mark, unless `log_sent` says
        `marked`. Raises AlreadyKnownError and UnknownUserError.
        """
        key, names = address_key(address), [address_key(alias) for alias in aliases]
        owner = self._user(user) if user else None
        log_sent = log_sent or ("marked" if owner else "always")
        if log_sent not in {"marked", "always"}:
            raise ValueError(f"log_sent cannot be {log_sent!r}. Take marked or always.")
        _check_provider(provider)
        for name in (key, *names):
            self._refuse_mailbox(name)
        with self._change() as change:
            since = self._at(at)
            change.execute(
                "INSERT INTO mailboxes VALUES (?, ?, ?, ?)", (key, owner, log_sent, since)
            )
            change.execute(
                "INSERT OR REPLACE INTO providers VALUES (?, ?, ?)", (key, since, provider)
            )
            for name in names:
                change.execute("INSERT INTO mailbox_aliases VALUES (?, ?)", (name, key))
        return self.mailbox(key)

    def add_alias(self, address: str, alias: str) -> Mailbox:
        """Give a mailbox a further or former address. Raises AlreadyKnownError."""
        box, key = self._mailbox(address), address_key(alias)
        self._refuse_mailbox(key)
        with self._change() as change:
            change.execute("INSERT INTO mailbox_aliases VALUES (?, ?)", (key, box))
        return self.mailbox(box)

    def connect(
        self, address: str, provider: str | None = None, *, at: datetime | None = None
    ) -> Mailbox:
        """Connect a mailbox with a provider, by default the one that it lives at now.

        A connection with another provider ends. Raises AlreadyKnownError when it is connected
        so already.
        """
        box, moment_at = self.mailbox(address), self._at(at)
        provider = provider or box.provider_at(moment(moment_at))
        _check_provider(provider)
        is_open = next((c for c in box.connections if c.disconnected_at is None), None)
        if is_open and is_open.provider == provider:
            raise AlreadyKnownError(
                f"{box.address} is connected with {provider} since"
                f" {is_open.connected_at:%Y-%m-%d %H:%M} UTC already. Nothing is to be done."
            )
        with self._change() as change:
            _disconnect(change, box.address, moment_at)
            change.execute(
                "INSERT OR REPLACE INTO connections (mailbox, connected_at, provider)"
                " VALUES (?, ?, ?)",
                (box.address, moment_at, provider),
            )
        return self.mailbox(box.address)

    def disconnect(self, address: str, *, at: datetime | None = None) -> Mailbox:
        """End the connection of a mailbox. Raises AlreadyKnownError when it has none."""
        box = self.mailbox(address)
        if all(c.disconnected_at is not None for c in box.connections):
            raise AlreadyKnownError(f"{box.address} is not connected. Nothing is to be done.")
        with self._change() as change:
            _disconnect(change, box.address, self._at(at))
        return self.mailbox(box.address)

    def change_provider(
        self, address: str, provider: str, *, at: datetime | None = None
    ) -> Mailbox:
        """Say that a mailbox lives at another provider from now on; its connection stays as it is.

        Raises AlreadyKnownError when it lives there already.
        """
        _check_provider(provider)
        box, since = self.mailbox(address), self._at(at)
        if box.provider_at(moment(since)) == provider:
            raise AlreadyKnownError(f"{box.address} lives at {provider} already.")
        with self._change() as change:
            change.execute(
                "INSERT OR REPLACE INTO providers VALUES (?, ?, ?)", (box.address, since, provider)
            )
        return self.mailbox(box.address)

    def set_log_sent(self, address: str, log_sent: str) -> Mailbox:
        """Say whether all that is sent from a mailbox is logged: `marked` or `always`."""
        if log_sent not in {"marked", "always"}:
            raise ValueError(f"log_sent cannot be {log_sent!r}. Take marked or always.")
        key = self._mailbox(address)
        with self._change() as change:
            change.execute("UPDATE mailboxes SET log_sent = ? WHERE address = ?", (log_sent, key))
        return self.mailbox(key)

    def list_mailboxes(self) -> tuple[Mailbox, ...]:
        """Return all mailboxes, oldest first."""
        return read_mailboxes(self._connection)

    def mailbox(self, address: str) -> Mailbox:
        """Return the mailbox with this address or alias. Raises UnknownMailboxError."""
        key = self._mailbox(address)
        return next(box for box in self.list_mailboxes() if box.address == key)

    def _refuse_taken(self, key: str) -> None:
        taken = self._one(
            "SELECT key FROM users WHERE key = ? UNION SELECT user FROM user_addresses"
            " WHERE address = ?",
            key,
            key,
        )
        if taken is not None:
            raise AlreadyKnownError(f"{key} is an address of user {taken[0]} already.")

    def _refuse_mailbox(self, key: str) -> None:
        taken = self._one(
            "SELECT address FROM mailboxes WHERE address = ? UNION SELECT mailbox FROM"
            " mailbox_aliases WHERE alias = ?",
            key,
            key,
        )
        if taken is not None:
            raise AlreadyKnownError(f"{key} is an address of mailbox {taken[0]} already.")


def _disconnect(change: Connection, address: str, at: int) -> None:
    change.execute(
        "UPDATE connections SET disconnected_at = max(?, connected_at)"
        " WHERE mailbox = ? AND disconnected_at IS NULL",
        (at, address),
    )


def _check_provider(provider: str) -> None:
    if provider not in PROVIDERS:
        raise ValueError(f"{provider!r} is no provider. Take one of {', '.join(PROVIDERS)}.")
