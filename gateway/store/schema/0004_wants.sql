-- Which kinds of events a sink wants, between blanks: what nobody wants is not written at all.

ALTER TABLE sinks ADD COLUMN wants TEXT NOT NULL DEFAULT
    ' entry.logged entry.removed entry.erased contact.merged sequence.unenrolled ';
