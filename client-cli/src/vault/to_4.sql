-- From version 3 to version 4: how long a conversation is kept, and the bytes at the socket.

ALTER TABLE profile ADD COLUMN swept INTEGER NOT NULL DEFAULT 0;
ALTER TABLE profile ADD COLUMN compact INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN keep INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN their_keep INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN keep_said INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pieces ADD COLUMN came_at INTEGER NOT NULL DEFAULT 0;

CREATE TABLE traffic (
    month    TEXT PRIMARY KEY,
    received INTEGER NOT NULL,
    sent     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
