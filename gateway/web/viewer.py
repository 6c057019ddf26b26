"""Who looks, and what he may see: a member what concerns him, an admin everything."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model.directory import User
from gateway.store.people_views import Scope


@dataclass(frozen=True, slots=True)
class Viewer:
    """A user who signed in."""

    user: User
    mailboxes: tuple[str, ...] = ()
    """Address keys of his mailboxes."""
    csrf: str = ""
    """What his forms carry."""

    @property
    def key(self) -> str:
        """The key of the user."""
        return self.user.key

    @property
    def name(self) -> str:
        """What to call him."""
        return self.user.name or self.user.key

    @property
    def is_admin(self) -> bool:
        """Whether he sees and may do everything."""
        return self.user.role == "admin"

    @property
    def scope(self) -> Scope | None:
        """What he sees of the record; None is everything."""
        return None if self.is_admin else Scope(self.key, self.mailboxes)

    def is_own(self, user: str, mailboxes: tuple[str, ...] = ()) -> bool:
        """Whether a message is his: by its user, or by a mailbox that it reached."""
        return user == self.key or not set(mailboxes).isdisjoint(self.mailboxes)
