-- 0004_signals.sql - what stands between a vantage and a target: load balancers,
-- middleboxes, NAT.

-- seen: where its requests come from; own: where it says that it measures from.
-- They differ behind NAT.
ALTER TABLE vantage ADD COLUMN seen TEXT;
ALTER TABLE vantage ADD COLUMN own TEXT;

-- How a vantage meets a target, as last judged.
CREATE TABLE vantage_target (
	vantage_id INTEGER NOT NULL REFERENCES vantage (id),
	target_id INTEGER NOT NULL REFERENCES target (id),
	class TEXT NOT NULL CHECK (class IN
	    ('unknown', 'single', 'per_flow', 'per_packet', 'moving')),
	class_since_us INTEGER,
	is_intercepted INTEGER NOT NULL CHECK (is_intercepted IN (0, 1)),
	intercepted_since_us INTEGER,
	score INTEGER NOT NULL,
	answer_ttl INTEGER,           -- of the hop that answers in its place
	answer_hop TEXT,
	PRIMARY KEY (vantage_id, target_id)
) STRICT, WITHOUT ROWID;

-- The signs of interception, kept after they cease to count (24 hours).
CREATE TABLE vantage_signal (
	vantage_id INTEGER NOT NULL REFERENCES vantage (id),
	target_id INTEGER NOT NULL REFERENCES target (id),
	signal TEXT NOT NULL,
	n INTEGER NOT NULL,           -- since first_us
	first_us INTEGER NOT NULL,
	last_us INTEGER NOT NULL,
	detail TEXT NOT NULL,         -- numbers of the last
	PRIMARY KEY (vantage_id, target_id, signal)
) STRICT, WITHOUT ROWID;
