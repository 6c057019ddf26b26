-- What a person approved: mail that such a client brings is believed to be this user's.

CREATE TABLE approved_routes (
    network TEXT NOT NULL,
    user TEXT NOT NULL REFERENCES users (key),
    approved_at INTEGER NOT NULL,
    approved_by TEXT NOT NULL,
    PRIMARY KEY (network, user)
) STRICT, WITHOUT ROWID;

-- Logging addresses of one thread: what comes to one answers the message with this id.

CREATE TABLE thread_addresses (
    key TEXT PRIMARY KEY REFERENCES logging_addresses (key),
    cites TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Notices to users, each until the next hop has taken it. The content goes when it is sent; the
-- rest stays, so that nobody is told the same of a thread twice a day.

CREATE TABLE notices (
    notice INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    user TEXT NOT NULL,
    recipient TEXT NOT NULL,
    thread INTEGER NOT NULL,
    reason TEXT NOT NULL,
    entry INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
    said TEXT NOT NULL DEFAULT '',
    content BLOB
) STRICT;

CREATE INDEX notices_of_thread ON notices (user, thread, reason, made_at);
CREATE INDEX notices_waiting ON notices (next_at) WHERE state = 'waiting';
