"""Addresses that belong to a role, a list or a robot, and to no person.

The local parts are those of RFC 2142 and what companies and list software use beside them.
"""

from __future__ import annotations

import re
from typing import Final

_ROLES_WORDS: Final = """
    abuse accounting accounts admin administrator billing booking bookings careers compliance
    contact contactus customercare customerservice enquiries enquiry feedback finance ftp hello
    help helpdesk hostmaster hr info inquiries inquiry invoice invoices invoicing it jobs kontakt
    legal mail marketing media newsletter newsletters noc office online order orders orderdesk
    payments postmaster press privacy purchasing reception recruiting registrar reservations root
    sales security service services shop spam support sysadmin team tech usenet uucp web webmaster
    welcome www
"""
ROLES: Final = frozenset(_ROLES_WORDS.split())
_ROBOTS_WORDS: Final = """
    alert alerts auto-confirm auto-reply autoreply bot bounce bounces daemon do-not-reply
    do_not_reply donotreply mailer-daemon no-reply no_reply nobody noreply notification
    notifications notify robot system unattended
"""
ROBOTS: Final = frozenset(_ROBOTS_WORDS.split())
_LIST: Final = re.compile(
    r"^(?:owner|listserv|majordomo|mailman|lists?)(?:$|-)"
    r"|-(?:list|request|owner|bounces?|subscribe|unsubscribe|admin|join|leave)$"
)
_ROBOT: Final = re.compile(r"(?:^|[._+-])(?:no|do[._-]?not)[._-]?reply(?:$|[._+-])")


def is_role_address(key: str) -> bool:
    """Whether an address is that of a role, a list or a robot."""
    local_part = key.rpartition("@")[0]
    bare = local_part.partition("+")[0]
    return bare in ROLES or is_robot_address(key)


def is_robot_address(key: str) -> bool:
    """Whether an address is that of a list or a robot."""
    local_part = key.rpartition("@")[0]
    return (
        local_part.partition("+")[0] in ROBOTS
        or _ROBOT.search(local_part) is not None
        or _LIST.search(local_part) is not None
    )
