-- 0011_import.sql - history that others measured.

-- NULL: enrolled with a key of its own; else what it was imported from.  Such a
-- probe never reports by itself: nobody has the key that goes with its row.
ALTER TABLE probe ADD COLUMN source TEXT
	CHECK (source IN ('atlas', 'catchment'));

-- A file that was read, known by its content: it counts once, and an import
-- that was interrupted goes on behind what is in the database already.
CREATE TABLE import (
	id INTEGER PRIMARY KEY,
	source TEXT NOT NULL CHECK (source IN ('atlas', 'catchment')),
	name TEXT NOT NULL,           -- of the file, without its folder
	hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32), -- BLAKE2b-256
	at_us INTEGER NOT NULL,       -- when it was begun
	n_done INTEGER NOT NULL,      -- values of the file behind us
	is_done INTEGER NOT NULL CHECK (is_done IN (0, 1)),
	first_us INTEGER,             -- of its observations, by their own time
	last_us INTEGER,
	summary TEXT NOT NULL         -- JSON: what was counted so far
) STRICT;
