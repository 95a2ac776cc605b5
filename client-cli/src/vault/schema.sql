-- Everything that a profile owns, version 7. The whole file is encrypted (SQLCipher, page by page).

-- The person.
CREATE TABLE profile (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    name       TEXT NOT NULL,
    relay      TEXT,             -- where new invitations wait
    pass       BLOB,             -- what admits us there
    created_at INTEGER NOT NULL,
    swept      INTEGER NOT NULL DEFAULT 0, -- the day, since 1970, for which old messages were last looked for
    ahead      INTEGER,          -- since when the clock has been far ahead of that day, milliseconds
    compact    INTEGER NOT NULL DEFAULT 0  -- 1: messages were removed, and the file was not written anew since
) STRICT;

-- Mailboxes of ours: one for each invitation, and later for the contact that comes of it.
CREATE TABLE mailboxes (
    id         INTEGER PRIMARY KEY,
    relay      TEXT NOT NULL,
    mailbox    BLOB NOT NULL UNIQUE,
    owner      BLOB NOT NULL,    -- seed of the key that proves it ours
    capability BLOB NOT NULL,    -- what lets the other side put
    count      INTEGER NOT NULL, -- generation of this vault, as stated to the relay
    mark       BLOB NOT NULL,
    told       INTEGER NOT NULL, -- 1: the relay has accepted this generation; the next opening moves on
    gone       INTEGER NOT NULL DEFAULT 0 -- 1: no more use for it; deleted at the relay when it can be reached
) STRICT;

CREATE TABLE contacts (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    given_name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    mailbox    INTEGER NOT NULL UNIQUE REFERENCES mailboxes (id),
    relay      TEXT NOT NULL,    -- theirs
    their_box  BLOB NOT NULL,
    capability BLOB NOT NULL,
    session    BLOB NOT NULL,    -- the ratchet
    filler_at  INTEGER,          -- when the next filler goes, milliseconds
    dropped    INTEGER NOT NULL DEFAULT 0, -- envelopes that opened nowhere
    trust      INTEGER NOT NULL DEFAULT 0, -- 1: their words were checked
    rejoins    TEXT REFERENCES contacts (id), -- a new start with this contact, whose words are not checked yet; not shown
    damaged    INTEGER NOT NULL DEFAULT 0, -- 1: it was told that the session can't be read
    lost_at    INTEGER NOT NULL DEFAULT 0, -- when they are last told what was lost here, milliseconds
    keep       INTEGER NOT NULL DEFAULT 0, -- days that the conversation is kept here; 0: always
    their_keep INTEGER NOT NULL DEFAULT 0, -- days that they keep it, as they said
    keep_said  INTEGER NOT NULL DEFAULT 0, -- the number of the message of theirs that said so
    blocked    INTEGER NOT NULL DEFAULT 0  -- 1: nothing goes to them, nothing is fetched from them
) STRICT;
CREATE UNIQUE INDEX contacts_by_rejoins ON contacts (rejoins) WHERE rejoins IS NOT NULL;

CREATE TABLE invitations (
    id         TEXT PRIMARY KEY,
    label      TEXT,
    relay      TEXT NOT NULL,
    slot       BLOB NOT NULL UNIQUE,
    link       TEXT,             -- while it is open
    manage     BLOB NOT NULL,
    private    BLOB,             -- one-time keys, until used
    mailbox    INTEGER REFERENCES mailboxes (id),
    state      INTEGER NOT NULL, -- 0 being made, 1 open, 2 used, 3 withdrawn, 4 ended
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, -- seconds
    contact    TEXT REFERENCES contacts (id),
    guard      BLOB,             -- recognises the accepted first envelope, until the invitation ends
    noticed    INTEGER NOT NULL DEFAULT 0, -- 1: a second taker was told
    rejoins    TEXT REFERENCES contacts (id) -- a new start with this contact
) STRICT;

-- Envelopes that came before the first one.
CREATE TABLE held (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    invitation TEXT NOT NULL REFERENCES invitations (id),
    envelope   BLOB NOT NULL
) STRICT;

-- Invitations of others that we take or took.
CREATE TABLE joins (
    slot       BLOB PRIMARY KEY,
    claim      BLOB NOT NULL,
    mailbox    INTEGER REFERENCES mailboxes (id),
    bundle     BLOB,             -- as it came, until the contact is made
    contact    TEXT REFERENCES contacts (id),
    rejoins    TEXT REFERENCES contacts (id) -- a new start with this contact
) STRICT;

CREATE TABLE messages (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          BLOB NOT NULL,
    contact     TEXT NOT NULL REFERENCES contacts (id),
    direction   INTEGER NOT NULL, -- 0 in, 1 out
    kind        TEXT NOT NULL,
    text        TEXT NOT NULL,
    sent_at     INTEGER NOT NULL,
    received_at INTEGER,
    sent        INTEGER NOT NULL, -- 1: all of it is on the relay's disk
    again       INTEGER NOT NULL DEFAULT 0 -- how often the other side has lost it
) STRICT;
CREATE UNIQUE INDEX messages_by_id ON messages (contact, direction, id);
CREATE INDEX messages_by_contact ON messages (contact, seq);

-- What is not encrypted yet, in order. A row without a message says what was lost, or belongs to a check of words, or says
-- how long the conversation is kept here, or is a filler.
CREATE TABLE queue (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    contact   TEXT NOT NULL REFERENCES contacts (id),
    message   INTEGER REFERENCES messages (seq),
    piece     INTEGER NOT NULL DEFAULT 0, -- the next one to encrypt
    lost_from INTEGER,
    lost_to   INTEGER,
    kind      INTEGER,           -- of a message of a check, or of what is kept, with its payload
    payload   BLOB,
    due_at    INTEGER NOT NULL DEFAULT 0 -- not before this time, milliseconds
) STRICT;
CREATE INDEX queue_by_message ON queue (message);

-- Exact envelopes, until the other side has confirmed them.
CREATE TABLE outbox (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    contact  TEXT NOT NULL REFERENCES contacts (id),
    number   INTEGER,            -- none for the first envelope
    id       BLOB NOT NULL,
    envelope BLOB NOT NULL,
    message  INTEGER REFERENCES messages (seq),
    store    BLOB,               -- the relay's store that has it; none: not there yet
    restores INTEGER,
    day      INTEGER,            -- when it was put; 0: put it again
    missed   INTEGER NOT NULL DEFAULT 0 -- how often the other side wrote and did not confirm it
) STRICT;
CREATE INDEX outbox_by_contact ON outbox (contact, seq);
CREATE INDEX outbox_by_message ON outbox (message);
CREATE INDEX outbox_not_put ON outbox (contact, seq) WHERE store IS NULL;

-- Which text a confirmed number of ours carried: the other side may have given it up.
CREATE TABLE carried (
    contact TEXT NOT NULL REFERENCES contacts (id),
    number  INTEGER NOT NULL,
    message INTEGER NOT NULL REFERENCES messages (seq),
    PRIMARY KEY (contact, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX carried_by_message ON carried (message);

-- Pieces of messages that are not whole yet.
CREATE TABLE pieces (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    contact     TEXT NOT NULL REFERENCES contacts (id),
    message     BLOB NOT NULL,
    piece       INTEGER NOT NULL,
    count       INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    payload     BLOB NOT NULL,
    sent_at     INTEGER NOT NULL,
    came_at     INTEGER NOT NULL DEFAULT 0, -- by our clock
    UNIQUE (contact, message, piece)
) STRICT;

-- Checks of words, from the first time that either side begins one.
CREATE TABLE checks (
    contact TEXT PRIMARY KEY REFERENCES contacts (id),
    state   BLOB NOT NULL,       -- how far it is, nonces and all
    words   TEXT                 -- to read aloud, while a run has them
) STRICT;

-- Holes that were told.
CREATE TABLE gaps (
    contact TEXT NOT NULL REFERENCES contacts (id),
    number  INTEGER NOT NULL,
    PRIMARY KEY (contact, number)
) STRICT, WITHOUT ROWID;

-- What was not shown yet.
CREATE TABLE events (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       INTEGER NOT NULL, -- 0 contact, 1 message, 2 gap, 3 second taker, 4 history differs, 5 check asked for, 6 new start, 7 session damaged, 8 not arrived,
                                 -- 9 removed after 30 days, 10 after 90, 11 how long they keep it
    contact    TEXT REFERENCES contacts (id),
    invitation TEXT REFERENCES invitations (id),
    message    INTEGER REFERENCES messages (seq),
    count      INTEGER
) STRICT;
CREATE INDEX events_by_message ON events (message) WHERE message IS NOT NULL;

-- What a person has typed to somebody and not sent.
CREATE TABLE drafts (
    contact TEXT PRIMARY KEY REFERENCES contacts (id) ON DELETE CASCADE,
    text    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Bytes at the socket, this month and the one before.
CREATE TABLE traffic (
    month    TEXT PRIMARY KEY,   -- 2026-11, UTC
    received INTEGER NOT NULL,
    sent     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
