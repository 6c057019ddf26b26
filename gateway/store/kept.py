"""Reads what is kept of an entry, and which entries wait to be judged anew."""

from __future__ import annotations

from gateway.model.decision import Outcome, Reason
from gateway.model.entry import Kept
from gateway.model.envelope import Direction
from gateway.store.blobs import Blobs, Place
from gateway.store.database import Connection
from gateway.store.described import read_envelope, read_proof
from gateway.store.recall import COMPLETED_BY, Unsettled, read_sightings
from gateway.store.rows import entry_name, entry_number, moment


def read_kept(
    connection: Connection,
    blobs: Blobs,
    entry_id: str,
    now: int,
    unsettled: Unsettled | None = None,
) -> Kept | None:
    """Return the sighting that an entry is judged by, with its octets, or None. Raises OSError.

    It is the first that is kept, or the one that brought what the first lacked.
    """
    row = connection.execute(_KEPT, (entry_number(entry_id), now)).fetchone()
    if row is None:
        return None
    entry, outcome, reason, message_id, proof, number, *arrival = row
    route, direction, at, envelope, sha256, *place = arrival
    sightings = read_sightings(connection, entry, unsettled)
    return Kept(
        entry_id=entry_name(entry),
        envelope=read_envelope(
            envelope, route, Direction(direction), moment(at), blobs.get(Place(*place)), sha256
        ),
        decision_outcome=Outcome(outcome),
        decision_reason=Reason(reason),
        earlier=sightings[: number - 1] + sightings[number:],
        message_id=message_id,
        proof=read_proof(envelope, proof),
    )


_KEPT = (
    "SELECT e.entry, e.outcome, e.reason, e.message_id, s.proof, s.number, s.route,"
    " s.direction, s.received_at, s.envelope, s.sha256_in, b.file, b.start, b.size"
    " FROM entries e JOIN sightings s USING (entry) JOIN blobs b ON b.sha256 = s.sha256_in"
    " WHERE e.entry = ? AND e.kept_until > ? AND s.envelope IS NOT NULL"
    f" ORDER BY s.number = ({COMPLETED_BY}) DESC, s.number LIMIT 1"
)


def read_waiting(connection: Connection, now: int) -> tuple[str, ...]:
    """Return the entries that are to be judged anew and still kept, oldest first."""
    rows = connection.execute(WAITING, (now,))
    return tuple(entry_name(entry) for (entry,) in rows.fetchall())


# Without the plus sign SQLite, which knows no sizes, reads all entries to find the few.
WAITING = (
    "SELECT w.entry FROM waiting w JOIN entries e ON e.entry = +w.entry"
    " WHERE e.kept_until > ? ORDER BY w.since, w.entry"
)
"""SQL for the entries that are to be judged anew."""
