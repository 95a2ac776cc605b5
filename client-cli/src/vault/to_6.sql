-- From version 5 to version 6: words that were not sent yet, and the way from a message to its event.

CREATE TABLE drafts (
    contact TEXT PRIMARY KEY REFERENCES contacts (id) ON DELETE CASCADE,
    text    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX events_by_message ON events (message) WHERE message IS NOT NULL;
