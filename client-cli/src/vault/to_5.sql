-- From version 4 to version 5: people with whom nothing is exchanged.

ALTER TABLE contacts ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0;
