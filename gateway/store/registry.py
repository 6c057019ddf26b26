"""The registry: what the command line changes of users, mailboxes, contacts, lists and threads.

Synchronous, on a connection of its own. Every change is one transaction and is seen by a running
gateway at once. What changes over time takes `at`, which is now by default.
"""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address, ip_network

from gateway.model.directory import LoggingAddress, NeverLog
from gateway.store.book import address_key, pattern_key
from gateway.store.database import Connection
from gateway.store.faults import AlreadyKnownError, NotListedError, UnknownEntryError
from gateway.store.people import PeopleBook
from gateway.store.rows import entry_number, moment, moment_or_none


class Registry(PeopleBook):
    """Users, mailboxes, contacts, enrolments; and here the lists, and what people decide."""

    def add_never_log(
        self, pattern: str, user: str = "", *, at: datetime | None = None
    ) -> NeverLog:
        """Put an address or a domain on the company's list, or on a user's.

        Raises AlreadyKnownError.
        """
        key, owner, added_at = pattern_key(pattern), self._user(user) if user else "", self._at(at)
        if any(e.pattern == key and e.user == owner for e in self.list_never_log()):
            raise AlreadyKnownError(f"{key} is on this never-log list already.")
        with self._change() as change:
            change.execute(
                "INSERT INTO never_log (pattern, user, added_at) VALUES (?, ?, ?)",
                (key, owner, added_at),
            )
        return NeverLog(key, owner, moment(added_at))

    def remove_never_log(self, pattern: str, user: str = "", *, at: datetime | None = None) -> None:
        """Take an address or a domain off a list, for future mail. Raises NotListedError."""
        key, owner = pattern_key(pattern), self._user(user) if user else ""
        with self._change() as change:
            removed = change.execute(
                "UPDATE never_log SET removed_at = max(?, added_at)"
                " WHERE pattern = ? AND user = ? AND removed_at IS NULL",
                (self._at(at), key, owner),
            ).rowcount
            if not removed:
                raise NotListedError(
                    f"{key} is not on this never-log list. See: replygate never-log list"
                )

    def list_never_log(self, *, also_removed: bool = False) -> tuple[NeverLog, ...]:
        """Return the entries of all never-log lists, oldest first."""
        rows = self._rows(
            "SELECT pattern, user, added_at, removed_at FROM never_log ORDER BY never_log"
        )
        return tuple(
            NeverLog(pattern, user, moment(added_at), moment_or_none(removed_at))
            for pattern, user, added_at, removed_at in rows
            if also_removed or removed_at is None
        )

    def allow_sender(self, pattern: str) -> None:
        """Let list and robot mail of an address or domain be logged. Raises AlreadyKnownError."""
        key = pattern_key(pattern)
        if key in self.list_allowed_senders():
            raise AlreadyKnownError(f"{key} is allowed already.")
        with self._change() as change:
            change.execute("INSERT INTO allowed_senders VALUES (?)", (key,))

    def disallow_sender(self, pattern: str) -> None:
        """Take an address or domain off that list. Raises NotListedError."""
        key = pattern_key(pattern)
        with self._change() as change:
            if not change.execute("DELETE FROM allowed_senders WHERE pattern = ?", (key,)).rowcount:
                raise NotListedError(f"{key} is not among the allowed senders.")

    def list_allowed_senders(self) -> tuple[str, ...]:
        """Return the addresses and domains whose list and robot mail may be logged."""
        return tuple(r[0] for r in self._rows("SELECT pattern FROM allowed_senders ORDER BY 1"))

    def add_logging_address(self, address: str, use: str = "any", user: str = "") -> LoggingAddress:
        """Add an address of ours beside those of the configuration. Raises AlreadyKnownError."""
        key, owner = address_key(address), self._user(user) if user else ""
        if use not in {"bcc", "forward", "any", "journal"}:
            raise ValueError(f"{use!r} is no use. Take one of bcc, forward, any, journal.")
        if self._one("SELECT 1 FROM logging_addresses WHERE key = ?", key):
            raise AlreadyKnownError(f"{key} is a logging address already.")
        with self._change() as change:
            change.execute("INSERT INTO logging_addresses VALUES (?, ?, ?)", (key, use, owner))
        return LoggingAddress(key, use, owner)

    def list_logging_addresses(self) -> tuple[LoggingAddress, ...]:
        """Return the logging addresses that the database knows."""
        rows = self._rows(
            "SELECT key, use, user, coalesce(cites, '') FROM logging_addresses"
            " LEFT JOIN thread_addresses USING (key) ORDER BY key"
        )
        return tuple(LoggingAddress(*row) for row in rows)

    def add_thread_address(self, address: str, use: str, message_id: str) -> LoggingAddress:
        """Add an address for the thread of a message; the thread's own one when it has one."""
        known = self._one("SELECT key FROM thread_addresses WHERE cites = ?", message_id)
        key = str(known[0]) if known else address_key(address)
        if known is None:
            with self._change() as change:
                change.execute("INSERT INTO logging_addresses VALUES (?, ?, '')", (key, use))
                change.execute("INSERT INTO thread_addresses VALUES (?, ?)", (key, message_id))
        return LoggingAddress(key, use, cites=message_id)

    def replace_logging_addresses(self, user: str, address: str, use: str) -> tuple[str, ...]:
        """Give a user one logging address in place of all that he had; return those."""
        key, owner = address_key(address), self._user(user)
        with self._change() as change:
            rows = change.execute(
                "DELETE FROM logging_addresses WHERE user = ? RETURNING key", (owner,)
            ).fetchall()
            change.execute("INSERT INTO logging_addresses VALUES (?, ?, ?)", (key, use, owner))
        return tuple(row[0] for row in rows)

    def approve_route(self, client: str, user: str, by: str) -> str:
        """Believe what this client brings to be this user's; return the network that it is of.

        Of IPv6 the network of a household or host is meant. Raises ValueError for no address.
        """
        address, owner = ip_address(client), self._user(user)
        address = getattr(address, "ipv4_mapped", None) or address
        network = ip_network((address, 32 if address.version == 4 else 64), strict=False)
        with self._change() as change:
            change.execute(
                "INSERT OR IGNORE INTO approved_routes VALUES (?, ?, ?, ?)",
                (str(network), owner, self._at(None), by),
            )
        return str(network)

    def withdraw_route(self, network: str, user: str) -> None:
        """Believe it no longer. Raises NotListedError."""
        owner = self._user(user)
        with self._change() as change:
            gone = change.execute(
                "DELETE FROM approved_routes WHERE network = ? AND user = ?", (network, owner)
            ).rowcount
            if not gone:
                raise NotListedError(f"The route of {owner} from {network} was not approved.")

    def list_routes(self) -> tuple[tuple[str, str], ...]:
        """Return the approved routes: network and user."""
        return tuple(
            (network, user)
            for network, user in self._rows(
                "SELECT network, user FROM approved_routes ORDER BY user, network"
            )
        )

    def choose_contact(self, entry_id: str, contact: int | str) -> None:
        """Say which contact an entry is to be logged under when it is judged again."""
        number, entry = self._contact(contact), self._entry(entry_id)
        with self._change() as change:
            change.execute("UPDATE entries SET chosen_contact = ? WHERE entry = ?", (number, entry))
            self._wait(change, entry, "entry = ?", entry)

    def log_thread(self, entry_id: str) -> int:
        """Have all of an entry's thread logged, afterwards; return how many entries wait for it."""
        entry = self._entry(entry_id)
        with self._change() as change:
            (thread,) = change.execute(
                "SELECT thread FROM entries WHERE entry = ?", (entry,)
            ).fetchone()
            change.execute("UPDATE threads SET by_hand = 1 WHERE thread = ?", (thread,))
            stopped = "thread = ? AND outcome IN ('held', 'not_logged')"
            return self._wait(change, entry, stopped, thread)

    def _entry(self, entry_id: str) -> int:
        number = entry_number(entry_id)
        if number is None or not self._one("SELECT 1 FROM entries WHERE entry = ?", number):
            raise UnknownEntryError(entry_id)
        return number

    def _wait(self, change: Connection, because_of: int, where: str, value: int) -> int:
        """Have entries judged anew that are still kept; return how many."""
        at = self._at(None)
        return int(
            change.execute(
                "INSERT OR REPLACE INTO waiting (entry, since, because_of)"
                f" SELECT entry, ?, ? FROM entries WHERE kept_until > ? AND {where}",
                (at, because_of, at, value),
            ).rowcount
        )
