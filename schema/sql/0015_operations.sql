-- 0015_operations.sql - what the collector needs to watch itself.

-- How many land where now, for /metrics: 312,000 open landings in 0.05 s.
CREATE INDEX landing_by_place ON landing (target_id, site_id, state)
	WHERE until_us IS NULL;

-- Which alert has been told what of the collector itself, until it has been told
-- that it is over: a restart tells nothing twice.
CREATE TABLE trouble (
	alert TEXT NOT NULL,           -- name of the channel
	part TEXT NOT NULL,            -- a check of /healthz
	since_us INTEGER NOT NULL,
	PRIMARY KEY (alert, part)
) STRICT, WITHOUT ROWID;
