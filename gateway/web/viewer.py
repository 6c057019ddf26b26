"""Who looks, and what he may see: a member what concerns him, an admin everything."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model.directory import User
from gateway.model.envelope import Direction
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

    def knows_all(self, direction: str, user: str) -> bool:
        """Whether he knows whom a message reached blindly: an admin, and who sent it."""
        return self.is_admin or (direction == Direction.OUTGOING and user == self.key)

    def is_told(self, direction: str, user: str) -> bool:
        """Whether remedy, notes and evidence are for him: they may name blind recipients."""
        return direction != Direction.OUTGOING or self.knows_all(direction, user)

    def is_own(self, user: str, mailboxes: tuple[str, ...] = ()) -> bool:
        """Whether a message is his: by its user, or by a mailbox that it reached."""
        return user == self.key or not set(mailboxes).isdisjoint(self.mailboxes)
