-- 0007_doubt.sql - what disagrees with the identity of an answer.
--
-- Few answers are doubted: they stand in a table of their own and go with their
-- observation.

CREATE TABLE doubt (
	observation_id INTEGER PRIMARY KEY
	    REFERENCES observation (id) ON DELETE CASCADE,
	vantage_id INTEGER NOT NULL REFERENCES vantage (id),
	target_id INTEGER NOT NULL REFERENCES target (id),
	at_us INTEGER NOT NULL,
	doubts INTEGER NOT NULL,      -- 1 method, 2 rtt, 4 path
	least_rtt_us INTEGER,         -- by light in fibre; NULL: not known
	other_site_id INTEGER REFERENCES site (id) -- that another method names
) STRICT;
CREATE INDEX doubt_of_vantage ON doubt (vantage_id, target_id, at_us);
