-- From version 2 to version 3: content that waits for its time, and texts that the other side has lost.

ALTER TABLE contacts ADD COLUMN lost_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
ALTER TABLE queue ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;

CREATE TABLE carried (
    contact TEXT NOT NULL REFERENCES contacts (id),
    number  INTEGER NOT NULL,
    message INTEGER NOT NULL REFERENCES messages (seq),
    PRIMARY KEY (contact, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX carried_by_message ON carried (message);
