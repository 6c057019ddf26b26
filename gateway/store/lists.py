"""The directory as last read, beside the store: known lists hold while that cannot be opened.

The privacy gate stands before anything is kept, in the spool too (D-9); without the lists nobody
could say what may be kept, and all mail of a day without its store would stay unlogged.

Limits: what the command line changes while no gateway runs is not in it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import msgspec

from gateway.model.directory import Directory
from gateway.store.directory import Configured
from gateway.store.files import write_durably


def place_of(path: Path) -> Path:
    """Return the file that belongs to the store at this path."""
    return path.with_name(f"{path.name}-lists")


def keep(path: Path, directory: Directory) -> None:
    """Write it down, in place of an earlier one. Raises OSError."""
    place = place_of(path)
    fresh = place.with_name(f"{place.name}.new")
    fresh.unlink(missing_ok=True)
    # The configuration's own kinds of text are text.
    write_durably(fresh, msgspec.json.encode(directory, enc_hook=str))
    fresh.replace(place)


def last_known(path: Path, configured: Configured) -> Directory:
    """Return what was kept, with the configuration of today; not `known` where nothing was."""
    kept = Directory(known=False)
    with suppress(OSError, msgspec.MsgspecError):
        kept = msgspec.json.decode(place_of(path).read_bytes(), type=Directory)
    given = {address.key for address in configured.logging_addresses}
    made = (address for address in kept.logging_addresses if address.key not in given)
    return replace(
        kept,
        domains=configured.domains,
        logging_addresses=(*configured.logging_addresses, *made),
        crm_logins=configured.crm_logins | kept.crm_logins,
    )
