-- What each sink is to be told: a row for each event that is free and each sink, numbered in the
-- order in which events became free. Of a thread the lowest number that waits goes first.

ALTER TABLE outbox ADD COLUMN handed INTEGER NOT NULL DEFAULT 0;

CREATE INDEX outbox_to_hand ON outbox (freed_at, event) WHERE handed = 0 AND freed_at IS NOT NULL;

CREATE TABLE sinks (
    sink TEXT PRIMARY KEY,
    active INTEGER NOT NULL,
    since INTEGER NOT NULL,
    paused_until INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    said TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE pushes (
    push INTEGER PRIMARY KEY,
    sink TEXT NOT NULL REFERENCES sinks (sink),
    event INTEGER NOT NULL REFERENCES outbox (event),
    entry INTEGER NOT NULL,
    thread INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'dead', 'dropped')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    failing_since INTEGER,
    leased_by TEXT NOT NULL DEFAULT '',
    leased_until INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    said TEXT NOT NULL DEFAULT '',
    UNIQUE (sink, event)
) STRICT;

CREATE INDEX pushes_open ON pushes (sink, thread, push) WHERE state IN ('waiting', 'dead');
CREATE INDEX pushes_due ON pushes (sink, next_at, push) WHERE state = 'waiting';
CREATE INDEX pushes_of_entry ON pushes (entry);

-- What a sink was told of, and what it calls that.

CREATE TABLE handed_over (
    sink TEXT NOT NULL,
    entry INTEGER NOT NULL,
    theirs TEXT NOT NULL,
    told_at INTEGER NOT NULL,
    PRIMARY KEY (entry, sink)
) STRICT, WITHOUT ROWID;
