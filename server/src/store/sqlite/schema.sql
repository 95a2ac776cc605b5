-- Everything that a relay keeps. No row names a person, an address or a time finer than a day, and no row of one table
-- names a row of another, except an envelope its mailbox and its body. Days are the relay's own count (calendar.rs).

-- One row: the store's name, how often it was restored, the day that the clock showed last and the relay's day then, and
-- how many mailboxes there are now.
CREATE TABLE store (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    identity BLOB NOT NULL CHECK (length(identity) = 16),
    restores INTEGER NOT NULL,
    clock_day INTEGER NOT NULL,
    day INTEGER NOT NULL,
    mailboxes INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Keyed by a random identifier and without a row number, so that the order of creation is not kept.
CREATE TABLE mailbox (
    id BLOB PRIMARY KEY CHECK (length(id) = 32),
    owner BLOB NOT NULL CHECK (length(owner) = 32),
    capability BLOB NOT NULL CHECK (length(capability) = 32),
    generation BLOB CHECK (length(generation) = 8),
    mark BLOB CHECK (length(mark) = 16)
) STRICT, WITHOUT ROWID;

-- The number is the order of arrival, and so of days, because the relay's day never goes back.
CREATE TABLE envelope (
    arrival INTEGER PRIMARY KEY,
    mailbox BLOB NOT NULL CHECK (length(mailbox) = 32),
    id BLOB NOT NULL CHECK (length(id) = 16),
    day INTEGER NOT NULL,
    key BLOB NOT NULL CHECK (length(key) = 32),
    place INTEGER NOT NULL
) STRICT;
-- With identifiers and places, so that the writer learns them from here alone (held.rs).
CREATE INDEX envelope_queue ON envelope (mailbox, arrival, id, place);

-- The body of the envelope that names its place, shut with that envelope's key (body.rs): noise, once that row is
-- overwritten. It stays then until another body takes its place (free.rs). With a row number: bodies in a table without
-- one cost 60 % of the speed.
CREATE TABLE body (
    place INTEGER PRIMARY KEY,
    shut BLOB NOT NULL CHECK (length(shut) = 4096)
) STRICT;

-- A pass is good for so many mailboxes and as many invitations until its last day, if it has one; the row goes when both
-- are used up, after that day, or when the operator withdraws it.
CREATE TABLE pass (
    hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
    mailboxes INTEGER NOT NULL CHECK (mailboxes >= 0),
    invitations INTEGER NOT NULL CHECK (invitations >= 0),
    expires INTEGER
) STRICT, WITHOUT ROWID;

-- Good for one mailbox until its last day; the row goes when it is used.
CREATE TABLE voucher (
    hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX voucher_expires ON voucher (expires);

-- An open invitation. It names its voucher, so that withdrawing it withdraws both.
CREATE TABLE bundle (
    slot BLOB PRIMARY KEY CHECK (length(slot) = 32),
    manage BLOB NOT NULL CHECK (length(manage) = 32),
    voucher BLOB NOT NULL CHECK (length(voucher) = 32),
    expires INTEGER NOT NULL,
    claim BLOB CHECK (length(claim) = 32),
    second_taker INTEGER NOT NULL DEFAULT 0 CHECK (second_taker IN (0, 1)),
    sealed BLOB NOT NULL CHECK (length(sealed) = 4112)
) STRICT, WITHOUT ROWID;
CREATE INDEX bundle_expires ON bundle (expires);
