"""One connection to one account: its folders, what is new in them, and waiting for more.

Standards: RFC 3501 (EXAMINE and BODY.PEEK change nothing; UIDs hold while UIDVALIDITY does), RFC
2177 (IDLE), RFC 6154 (special-use folders), XOAUTH2 as Google and Microsoft describe it.

Design notes: imapclient 4.1 on a thread of its own; aioimaplib's `idle_start` never returns when
the server closes meanwhile (its issue 110). What imapclient is known for is met here: `idle_check`
takes the end of a connection for silence and returns at once, for ever (its issue 565), so an
early nothing counts as the end; it waits for the socket while news that came in one packet with
the answer to IDLE lie in its buffer, so that is looked into first; a connection may die without
a word (349, 403), so each command has a time limit, and IDLE is begun anew every minute.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from gateway.intake.folders import is_inbox, is_sent
from gateway.intake.imap.account import Account, Mark

IMAPClient: Any = import_module("imapclient").IMAPClient
"""It has no types."""
IMAPClientError: Any = IMAPClient.Error
LoginError: Any = import_module("imapclient.exceptions").LoginError
LEFT_OUT = frozenset({b"\\noselect", b"\\nonexistent", b"\\drafts", b"\\trash"})
"""Folders that hold no mail, or none that was sent or is kept."""
VIEWS = frozenset({b"\\all", b"\\flagged", b"\\important"})
"""Folders that show what lies in others (RFC 6154 §2)."""
DEAD_AFTER_S = 0.5
"""An IDLE that ends without a word by so much before its time is a connection that has ended."""


class InboxError(Exception):
    """An account cannot be read now; the message says why."""


class InboxDeniedError(InboxError):
    """The server does not accept the login: an admin must act."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of an account."""

    name: str
    """As the server calls it."""
    path: str
    """With a slash between levels, as rules read it."""
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it lies there."""

    uid: int
    octets: bytes
    """Empty where it is too large."""
    stored_at: datetime | None
    size: int


class Inbox:
    """An open connection; every call may block, and raises InboxError."""

    def __init__(self, account: Account) -> None:
        """Connect and log in."""
        self._account = account
        secure = ssl.create_default_context()
        try:
            self._client = IMAPClient(
                account.host,
                account.port,
                ssl=account.tls == "tls",
                ssl_context=secure if account.tls == "tls" else None,
                timeout=account.timeout_s,
            )
        except (OSError, IMAPClientError) as error:
            raise InboxError(
                f"{account.host}:{account.port} cannot be reached: {error}."
            ) from error
        try:
            if account.tls == "starttls":
                self._client.starttls(secure)
            self._log_in()
        except (OSError, IMAPClientError) as error:
            self.close()
            raise InboxError(f"{account.host}: {_said(error)}.") from error
        except InboxError:
            self.close()
            raise
        # Times with their zones, and not in that of this machine.
        self._client.normalise_times = False

    def folders(self) -> list[Folder]:
        """Return the folders that are read, the inbox first."""
        try:
            listed = self._client.list_folders()
        except (OSError, IMAPClientError) as error:
            raise InboxError(f"Its folders cannot be listed: {_said(error)}.") from error
        found = []
        for flags, delimiter, name in listed:
            special = {flag.lower() for flag in flags}
            if special & (LEFT_OUT | VIEWS):
                continue
            path = name.replace((delimiter or b"/").decode(), "/")
            sent = b"\\sent" in special or is_sent(path)
            found.append(Folder(name, path, sent))
        return sorted(found, key=lambda one: (not is_inbox(one.path), one.name))

    def state_of(self, folder: Folder) -> Mark:
        """Return where a folder ends now."""
        try:
            told = self._client.folder_status(folder.name, ["UIDVALIDITY", "UIDNEXT"])
        except (OSError, IMAPClientError) as error:
            raise InboxError(f"{folder.path} cannot be looked at: {_said(error)}.") from error
        return Mark(int(told[b"UIDVALIDITY"]), int(told[b"UIDNEXT"]))

    def look_into(self, folder: Folder) -> Mark:
        """Open a folder, to read only; return where it ends now."""
        try:
            told = self._client.select_folder(folder.name, readonly=True)
        except (OSError, IMAPClientError) as error:
            raise InboxError(f"{folder.path} cannot be opened: {_said(error)}.") from error
        return Mark(int(told[b"UIDVALIDITY"]), int(told.get(b"UIDNEXT", 1)))

    def letters(self, first_uid: int, since: datetime | None = None) -> Iterator[Letter]:
        """Yield the messages of the open folder from a UID on, or since a day, oldest first."""
        try:
            for uid in self._uids(first_uid, since):
                if (letter := self._letter(uid)) is not None:
                    yield letter
        except (OSError, IMAPClientError) as error:
            raise InboxError(f"Its messages cannot be read: {_said(error)}.") from error

    def wait(self, seconds: float, ending: threading.Event) -> bool:
        """Wait until the open folder changes, or so long; return whether it did.

        A server without IDLE is asked again after that time, or when it is to end.
        """
        try:
            if not self._client.has_capability("IDLE"):
                ending.wait(seconds)
                return False
            self._client.idle()
            begun = time.monotonic()
            if self._has_unread():
                self._client.idle_done()
                return True
            heard = self._client.idle_check(timeout=seconds)
            if not heard and time.monotonic() - begun < seconds - DEAD_AFTER_S:
                raise InboxError("The connection has ended.")
            self._client.idle_done()
        except (OSError, IMAPClientError) as error:
            raise InboxError(f"The connection has ended: {_said(error)}.") from error
        if any(isinstance(one, tuple) and one[0] == b"BYE" for one in heard):
            raise InboxError("The server has ended the connection.")
        return bool(heard)

    def wake(self) -> None:
        """End whatever is under way, from another thread: the connection is over."""
        with suppress(OSError):
            self._client.socket().shutdown(2)

    def close(self) -> None:
        """Close the connection."""
        with suppress(OSError, IMAPClientError):
            self._client.shutdown()

    def _has_unread(self) -> bool:
        """Whether something has come that nobody has looked at."""
        connection = self._client.socket()
        limit_s = connection.gettimeout()
        connection.setblocking(False)
        try:
            return bool(self._client._imap.file.peek(1))  # noqa: SLF001 - it has no other way
        except ssl.SSLWantReadError:
            return False
        finally:
            connection.settimeout(limit_s)

    def _log_in(self) -> None:
        account = self._account
        try:
            if account.auth == "xoauth2":
                self._client.oauth2_login(account.login, account.secret())
            else:
                self._client.login(account.login, account.secret())
        except LoginError as error:
            raise InboxDeniedError(
                f"{account.host} does not accept {account.login}: {_said(error)}."
                f" Check the credential imap_{account.name}."
            ) from error

    def _uids(self, first_uid: int, since: datetime | None) -> list[int]:
        if since is not None:
            # The server compares days, in a zone of its own.
            day = (since - timedelta(days=1)).date()
            return sorted(self._client.search(["SINCE", day]))
        # "n:*" always holds the last message, also where its UID is less than n (RFC 3501 §6.4.8).
        found = self._client.search(["UID", f"{first_uid}:*"])
        return sorted(uid for uid in found if uid >= first_uid)

    def _letter(self, uid: int) -> Letter | None:
        """Return a message; None for a draft, or one that is gone meanwhile."""
        told: dict[Any, Any] = self._client.fetch([uid], ["FLAGS", "INTERNALDATE", "RFC822.SIZE"])
        if uid not in told or {b"\\Deleted", b"\\Draft"} & set(told[uid][b"FLAGS"]):
            return None
        size, stored_at = int(told[uid][b"RFC822.SIZE"]), told[uid].get(b"INTERNALDATE")
        if size > self._account.size_limit:
            return Letter(uid, b"", stored_at, size)
        read = self._client.fetch([uid], ["BODY.PEEK[]"])
        if uid not in read:
            return None
        return Letter(uid, read[uid][b"BODY[]"], stored_at, size)


def _said(error: Exception) -> str:
    """Return what went wrong on one line; a server's words come as a bytes literal."""
    text = str(error) or type(error).__name__
    return " ".join(text.removeprefix("b'").removesuffix("'").split())[:300].rstrip(".")
