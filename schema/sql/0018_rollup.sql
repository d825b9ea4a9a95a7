-- 0018_rollup.sql - what observations come to, for longer than they stay.

-- What is measured of what, from where.
CREATE TABLE series (
	id INTEGER PRIMARY KEY,
	vantage_id INTEGER NOT NULL REFERENCES vantage (id),
	target_id INTEGER NOT NULL REFERENCES target (id),
	kind INTEGER NOT NULL CHECK (kind IN (0, 1)), -- dns, ping
	UNIQUE (vantage_id, target_id, kind)
) STRICT;

-- The body: collector/rollup.h.  Rows come in the order of time, whatever the
-- series: at the end of the table.
CREATE TABLE rollup_hour (
	hour INTEGER NOT NULL,        -- since 1970; twelve slots of 5 minutes
	series_id INTEGER NOT NULL REFERENCES series (id),
	body BLOB NOT NULL,
	PRIMARY KEY (hour, series_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollup_day (
	day INTEGER NOT NULL,         -- since 1970; twenty-four hours
	series_id INTEGER NOT NULL REFERENCES series (id),
	body BLOB NOT NULL,
	PRIMARY KEY (day, series_id)
) STRICT, WITHOUT ROWID;

-- One row: which observations are in them.  Of those behind done_id up to
-- until_id (0: none), sorted by hour and series, the first n_done rows are.
CREATE TABLE rollup_state (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	done_id INTEGER NOT NULL,
	until_id INTEGER NOT NULL,
	n_done INTEGER NOT NULL
) STRICT;
INSERT INTO rollup_state VALUES (1, 0, 0, 0);
