-- What a user chose for himself: the language that he is written to in, and his time zone.

ALTER TABLE users ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN time_zone TEXT NOT NULL DEFAULT '';

-- Whose contacts somebody looks for, and what waits for a person, are few among many.

CREATE INDEX contacts_owner ON contacts (owner) WHERE owner <> '';
CREATE INDEX entries_held ON entries (received_at) WHERE outcome = 'held';
