-- Times are integer microseconds since 1970, UTC. Message ids, addresses and conversations are
-- looked up by a keyed 64-bit digest; a hit is confirmed against the full text where that is kept.

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO settings (name, value) VALUES ('directory_version', 1);
INSERT INTO settings (name, value) VALUES ('key', randomblob(32));

-- Whom we know inside the company.

CREATE TABLE users (
    key TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('member', 'admin')),
    logging INTEGER NOT NULL DEFAULT 1,
    permitted INTEGER NOT NULL DEFAULT 1,
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE user_addresses (
    address TEXT PRIMARY KEY,
    user TEXT NOT NULL REFERENCES users (key),
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE mailboxes (
    address TEXT PRIMARY KEY,
    user TEXT REFERENCES users (key),
    log_sent TEXT NOT NULL CHECK (log_sent IN ('marked', 'always')),
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE mailbox_aliases (
    alias TEXT PRIMARY KEY,
    mailbox TEXT NOT NULL REFERENCES mailboxes (address)
) STRICT, WITHOUT ROWID;

CREATE TABLE connections (
    mailbox TEXT NOT NULL REFERENCES mailboxes (address),
    connected_at INTEGER NOT NULL,
    provider TEXT NOT NULL,
    disconnected_at INTEGER,
    PRIMARY KEY (mailbox, connected_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE providers (
    mailbox TEXT NOT NULL REFERENCES mailboxes (address),
    since INTEGER NOT NULL,
    provider TEXT NOT NULL,
    PRIMARY KEY (mailbox, since)
) STRICT, WITHOUT ROWID;

CREATE TABLE never_log (
    never_log INTEGER PRIMARY KEY,
    pattern TEXT NOT NULL,
    user TEXT NOT NULL DEFAULT '',
    added_at INTEGER NOT NULL,
    removed_at INTEGER
) STRICT;

CREATE UNIQUE INDEX never_log_listed ON never_log (pattern, user) WHERE removed_at IS NULL;

CREATE TABLE logging_addresses (
    key TEXT PRIMARY KEY,
    use TEXT NOT NULL CHECK (use IN ('bcc', 'forward', 'any', 'journal')),
    user TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE allowed_senders (pattern TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE crm_logins (login TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE erased (digest TEXT PRIMARY KEY, erased_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Whom we know outside. A merged contact gives its addresses to the one that is kept, and
-- names it; the closed address rows tell who had an address at any moment.

CREATE TABLE contacts (
    contact INTEGER PRIMARY KEY,
    address TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT NOT NULL DEFAULT '',
    added_at INTEGER NOT NULL,
    made_by INTEGER,
    merged_into INTEGER REFERENCES contacts (contact),
    merged_at INTEGER
) STRICT;

CREATE INDEX contacts_merged ON contacts (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE contact_addresses (
    address TEXT NOT NULL,
    contact INTEGER NOT NULL REFERENCES contacts (contact),
    added_at INTEGER NOT NULL,
    removed_at INTEGER,
    PRIMARY KEY (address, contact, added_at)
) STRICT, WITHOUT ROWID;

CREATE INDEX contact_addresses_of ON contact_addresses (contact);

CREATE TABLE suggested_aliases (
    contact INTEGER NOT NULL REFERENCES contacts (contact),
    address TEXT NOT NULL,
    entry INTEGER NOT NULL,
    suggested_at INTEGER NOT NULL,
    PRIMARY KEY (contact, address)
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolments (
    enrolment INTEGER PRIMARY KEY,
    sequence TEXT NOT NULL,
    contact INTEGER NOT NULL REFERENCES contacts (contact),
    mailbox TEXT NOT NULL REFERENCES mailboxes (address),
    enrolled_at INTEGER NOT NULL,
    ended_at INTEGER,
    ended_by INTEGER
) STRICT;

CREATE UNIQUE INDEX enrolments_open ON enrolments (contact, sequence) WHERE ended_at IS NULL;
CREATE INDEX enrolments_ended ON enrolments (ended_by) WHERE ended_by IS NOT NULL;

-- What came through.

CREATE TABLE threads (
    thread INTEGER PRIMARY KEY,
    merged_into INTEGER,
    tracked_at INTEGER,
    tracked_by INTEGER,
    starter TEXT NOT NULL DEFAULT '',
    began_in TEXT NOT NULL DEFAULT '',
    by_hand INTEGER NOT NULL DEFAULT 0,
    original INTEGER,
    original_at INTEGER,
    outside TEXT NOT NULL DEFAULT '[]',
    contacts TEXT NOT NULL DEFAULT '[]'
) STRICT;

CREATE INDEX threads_merged ON threads (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE entries (
    entry INTEGER PRIMARY KEY,
    thread INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    direction TEXT NOT NULL,
    route TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    holds INTEGER NOT NULL,
    gate INTEGER NOT NULL,
    answers INTEGER,
    marked INTEGER NOT NULL,
    date INTEGER,
    author TEXT NOT NULL,
    author_name TEXT NOT NULL,
    subject TEXT NOT NULL,
    base_subject TEXT NOT NULL,
    recipients TEXT NOT NULL,
    outside TEXT NOT NULL,
    user TEXT NOT NULL,
    mailbox TEXT NOT NULL,
    mailboxes TEXT NOT NULL,
    contacts TEXT NOT NULL,
    missing TEXT NOT NULL,
    kept_until INTEGER NOT NULL,
    chosen_contact INTEGER
) STRICT;

CREATE INDEX entries_of_thread ON entries (thread);
CREATE INDEX entries_received ON entries (received_at);
CREATE INDEX entries_kept_until ON entries (kept_until)
    WHERE kept_until > 0 AND kept_until < 9223372036854775807;

CREATE TABLE identities (
    id64 INTEGER NOT NULL,
    digest BLOB NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (id64, digest)
) STRICT, WITHOUT ROWID;

-- Entry 0 is a ghost: cited, never seen. `full` is empty where only digests may be kept.

CREATE TABLE message_ids (
    id64 INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    thread INTEGER NOT NULL,
    alias INTEGER NOT NULL,
    full TEXT NOT NULL,
    PRIMARY KEY (id64, entry)
) STRICT, WITHOUT ROWID;

CREATE TABLE conversations (
    id64 INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (id64, entry)
) STRICT, WITHOUT ROWID;

CREATE TABLE parties (
    id64 INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (id64, entry)
) STRICT, WITHOUT ROWID;

CREATE TABLE tied (
    contact INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (contact, entry)
) STRICT, WITHOUT ROWID;

CREATE TABLE sightings (
    entry INTEGER NOT NULL REFERENCES entries (entry),
    number INTEGER NOT NULL,
    route TEXT NOT NULL,
    direction TEXT NOT NULL,
    recipients TEXT NOT NULL,
    sha256_in BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    marked INTEGER NOT NULL,
    proof TEXT NOT NULL,
    user TEXT NOT NULL,
    reason TEXT NOT NULL,
    envelope TEXT,
    sha256_out BLOB NOT NULL,
    reply_code INTEGER,
    reply_text TEXT,
    PRIMARY KEY (entry, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX sightings_relaying ON sightings (entry) WHERE state = 'relaying';

CREATE TABLE rulebooks (
    rulebook INTEGER PRIMARY KEY,
    rules TEXT NOT NULL UNIQUE
) STRICT;

-- Append-only. One that is aside speaks of its sighting alone. The trace names its rulebook once, then only the rules that matched.

CREATE TABLE decisions (
    entry INTEGER NOT NULL REFERENCES entries (entry),
    number INTEGER NOT NULL,
    sighting INTEGER,
    aside INTEGER NOT NULL,
    decided_at INTEGER NOT NULL,
    decided_by TEXT NOT NULL,
    preset TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    remedy TEXT NOT NULL,
    command TEXT NOT NULL,
    evidence TEXT NOT NULL,
    rulebook INTEGER NOT NULL,
    matches TEXT NOT NULL,
    notes TEXT NOT NULL,
    keep TEXT NOT NULL,
    PRIMARY KEY (entry, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE attachments (
    entry INTEGER NOT NULL REFERENCES entries (entry),
    number INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    reason TEXT NOT NULL,
    described TEXT NOT NULL,
    PRIMARY KEY (entry, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE words (
    entry INTEGER PRIMARY KEY,
    new_text TEXT NOT NULL
) STRICT;

CREATE TABLE reports (
    entry INTEGER NOT NULL,
    report INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    status TEXT NOT NULL,
    action TEXT NOT NULL,
    reported_at INTEGER NOT NULL,
    PRIMARY KEY (entry, report, recipient)
) STRICT, WITHOUT ROWID;

CREATE TABLE waiting (
    entry INTEGER PRIMARY KEY,
    since INTEGER NOT NULL,
    because_of INTEGER NOT NULL
) STRICT;

CREATE TABLE outbox (
    event INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    entry INTEGER NOT NULL,
    told TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    freed_at INTEGER,
    void INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX outbox_of_entry ON outbox (entry);

-- Where the kept octets lie: `folder/name`, and the offset when that is a segment. Several
-- entries share them when one forward held several messages (D-17).

CREATE TABLE blobs (
    sha256 BLOB PRIMARY KEY,
    sha256_kept BLOB NOT NULL,
    size INTEGER NOT NULL,
    file TEXT NOT NULL,
    start INTEGER,
    entries TEXT NOT NULL,
    kept_until INTEGER NOT NULL,
    holes TEXT NOT NULL DEFAULT '[]'
) STRICT, WITHOUT ROWID;

CREATE TABLE freed (
    freed INTEGER PRIMARY KEY,
    file TEXT NOT NULL,
    start INTEGER,
    size INTEGER NOT NULL
) STRICT;
