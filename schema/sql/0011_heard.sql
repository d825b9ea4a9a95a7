-- 0011_heard.sql - what the detector heard beside observations, in order: with
-- these a replay of the observations gives the same events, byte for byte
-- (collector/heard.h).

CREATE TABLE heard (
	id INTEGER PRIMARY KEY,       -- order of hearing
	after_id INTEGER NOT NULL,    -- the last observation before it
	passed_us INTEGER NOT NULL,   -- the detector's time had passed until then
	kind TEXT NOT NULL,
	body TEXT NOT NULL            -- JSON, by kind
) STRICT;
CREATE INDEX heard_by_observation ON heard (after_id);

-- One row: until when the detector's time had passed at the last commit.
CREATE TABLE heard_until (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	passed_us INTEGER NOT NULL
) STRICT;
