-- From version 1 to version 2: check words, and new starts with old contacts.

ALTER TABLE contacts ADD COLUMN trust INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN rejoins TEXT REFERENCES contacts (id);
ALTER TABLE contacts ADD COLUMN damaged INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX contacts_by_rejoins ON contacts (rejoins) WHERE rejoins IS NOT NULL;
ALTER TABLE invitations ADD COLUMN rejoins TEXT REFERENCES contacts (id);
ALTER TABLE joins ADD COLUMN rejoins TEXT REFERENCES contacts (id);
ALTER TABLE queue ADD COLUMN kind INTEGER;
ALTER TABLE queue ADD COLUMN payload BLOB;

CREATE TABLE checks (
    contact TEXT PRIMARY KEY REFERENCES contacts (id),
    state   BLOB NOT NULL,
    words   TEXT
) STRICT;
