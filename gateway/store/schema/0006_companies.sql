-- What the company of a contact is called, as the place says where contacts are kept.

ALTER TABLE contacts ADD COLUMN company TEXT NOT NULL DEFAULT '';
