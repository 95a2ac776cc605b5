-- From version 1 to version 2: check words.

ALTER TABLE contacts ADD COLUMN trust INTEGER NOT NULL DEFAULT 0;
ALTER TABLE queue ADD COLUMN kind INTEGER;
ALTER TABLE queue ADD COLUMN payload BLOB;

CREATE TABLE checks (
    contact TEXT PRIMARY KEY REFERENCES contacts (id),
    state   BLOB NOT NULL,
    words   TEXT
) STRICT;
