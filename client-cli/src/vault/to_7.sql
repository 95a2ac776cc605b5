-- From version 6 to version 7: a clock that has gone far ahead is believed only when it has stood there for a day.

ALTER TABLE profile ADD COLUMN ahead INTEGER;
