-- 0001_initial.sql - the collector's store (schema/README.md, "Database").
--
-- Times are Unix microseconds (_us), absent is NULL, words are those of the
-- JSON.  observation holds small integers for the words (the order of the
-- enums in schema/record.h); the view measurement spells them out.

CREATE TABLE service (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE site (
	id INTEGER PRIMARY KEY,
	service_id INTEGER NOT NULL REFERENCES service (id),
	name TEXT NOT NULL,
	scope TEXT NOT NULL CHECK (scope IN ('global', 'local')),
	latitude REAL CHECK (latitude BETWEEN -90 AND 90),
	longitude REAL CHECK (longitude BETWEEN -180 AND 180),
	capacity INTEGER,
	UNIQUE (service_id, name)
) STRICT;

-- What probes measure: a service address, a site's own unicast address, or a
-- control that belongs to no service.
CREATE TABLE target (
	id INTEGER PRIMARY KEY,
	role TEXT NOT NULL CHECK (role IN ('service', 'unicast', 'control')),
	service_id INTEGER REFERENCES service (id),
	site_id INTEGER REFERENCES site (id),
	family INTEGER NOT NULL CHECK (family IN (4, 6)),
	address TEXT NOT NULL,
	port INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
	UNIQUE (address, port),
	CHECK ((role = 'control') = (service_id IS NULL)),
	CHECK ((role = 'unicast') = (site_id IS NOT NULL))
) STRICT;

CREATE TABLE token (
	id INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE,  -- BLAKE2b-256 of the token: never the token
	uses_left INTEGER NOT NULL CHECK (uses_left >= 0),
	created_us INTEGER NOT NULL,
	expires_us INTEGER NOT NULL,
	revoked_us INTEGER
) STRICT;

CREATE TABLE probe (
	id TEXT PRIMARY KEY CHECK (length(id) = 16),
	public_key BLOB NOT NULL CHECK (length(public_key) = 32),
	name TEXT NOT NULL UNIQUE,
	state TEXT NOT NULL
	    CHECK (state IN ('active', 'quarantined', 'revoked', 'left')),
	reason TEXT,                -- of quarantine or revocation
	token_id INTEGER REFERENCES token (id),
	enrolled_us INTEGER NOT NULL,
	version TEXT NOT NULL DEFAULT '',
	-- what the host said of itself at enrolment
	country TEXT,
	latitude REAL,
	longitude REAL,
	asn INTEGER,
	-- the high-water mark that makes resending harmless
	acked_seq INTEGER NOT NULL DEFAULT 0,
	received_us INTEGER,        -- of the last batch
	clock TEXT,
	clock_offset_us INTEGER,    -- the collector's clock minus the probe's
	n_lost INTEGER NOT NULL DEFAULT 0,
	assignment TEXT             -- ETag in force at the probe
) STRICT, WITHOUT ROWID;

CREATE TABLE vantage (
	id INTEGER PRIMARY KEY,
	probe_id TEXT NOT NULL REFERENCES probe (id),
	family INTEGER NOT NULL CHECK (family IN (4, 6)),
	source TEXT,                -- address last seen; NULL: only private ones
	asn INTEGER NOT NULL DEFAULT 0, -- 0: not known
	country TEXT,
	latitude REAL,
	longitude REAL,
	first_us INTEGER NOT NULL,
	UNIQUE (probe_id, family)
) STRICT;

CREATE TABLE identity (
	id INTEGER PRIMARY KEY,
	bytes BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE path (
	id INTEGER PRIMARY KEY,
	hash INTEGER NOT NULL UNIQUE, -- trace_path_hash, as a signed integer
	hops TEXT NOT NULL            -- JSON: the trace's hops without times
) STRICT;

CREATE TABLE observation (
	id INTEGER PRIMARY KEY,       -- order of arrival
	vantage_id INTEGER NOT NULL REFERENCES vantage (id),
	seq INTEGER NOT NULL,
	received_us INTEGER NOT NULL,
	at_us INTEGER NOT NULL,       -- corrected by the probe's clock offset
	target_id INTEGER NOT NULL REFERENCES target (id),
	kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
	why INTEGER NOT NULL CHECK (why BETWEEN 0 AND 5),
	proto INTEGER NOT NULL CHECK (proto BETWEEN 0 AND 2),
	stamp INTEGER NOT NULL CHECK (stamp BETWEEN 0 AND 1),
	outcome INTEGER NOT NULL CHECK (outcome BETWEEN 0 AND 9),
	site_id INTEGER REFERENCES site (id), -- what the identity meant
	rtt_us INTEGER,               -- dns: the answer's; ping: the median
	reply_ttl INTEGER,
	source_port INTEGER,
	-- dns
	rcode INTEGER,
	flags INTEGER,                -- 1 aa, 2 tc, 4 ra, 8 truncated over UDP
	serial INTEGER,
	size_bytes INTEGER,
	ede TEXT,                     -- decimal codes, comma between
	n_late INTEGER,
	n_duplicate INTEGER,
	nsid_id INTEGER REFERENCES identity (id),
	chaos_name INTEGER,
	chaos_outcome INTEGER,
	chaos_rcode INTEGER,
	chaos_rtt_us INTEGER,
	chaos_id INTEGER REFERENCES identity (id),
	chaos_nsid_id INTEGER REFERENCES identity (id),
	-- ping
	n_sent INTEGER,
	n_received INTEGER,
	rtt_min_us INTEGER,
	-- trace
	is_reached INTEGER,
	path_id INTEGER REFERENCES path (id),
	hop_rtts TEXT                 -- JSON: microseconds or null, hop by hop
) STRICT;

CREATE VIEW measurement AS
SELECT o.id, p.name AS probe, v.family, o.seq,
	datetime(o.at_us / 1000000, 'unixepoch') || 'Z' AS at,
	CASE o.kind WHEN 0 THEN 'dns' WHEN 1 THEN 'ping' ELSE 'trace' END AS kind,
	CASE o.why WHEN 0 THEN 'round' WHEN 1 THEN 'confirm' WHEN 2 THEN 'retry'
	    WHEN 3 THEN 'control' WHEN 4 THEN 'varied' ELSE 'manual' END AS why,
	CASE o.proto WHEN 0 THEN 'udp' WHEN 1 THEN 'tcp' ELSE 'icmp' END AS proto,
	CASE o.outcome WHEN 0 THEN 'ok' WHEN 1 THEN 'rcode' WHEN 2 THEN 'timeout'
	    WHEN 3 THEN 'unreachable' WHEN 4 THEN 'refused' WHEN 5 THEN 'reset'
	    WHEN 6 THEN 'malformed' WHEN 7 THEN 'mismatch'
	    WHEN 8 THEN 'no_family' ELSE 'send_failed' END AS outcome,
	t.address AS target, t.role, s.name AS site, o.rtt_us, o.rcode, o.serial,
	o.reply_ttl, o.path_id
FROM observation o
JOIN vantage v ON v.id = o.vantage_id
JOIN probe p ON p.id = v.probe_id
JOIN target t ON t.id = o.target_id
LEFT JOIN site s ON s.id = o.site_id;

-- The primary product: where each vantage landed, from when to when.  Kept
-- for ever.  state 'dark': the site that used to answer is silent (site_id is
-- the last landing); 'unknown': answered with an identity that no site has.
CREATE TABLE landing (
	id INTEGER PRIMARY KEY,
	vantage_id INTEGER NOT NULL REFERENCES vantage (id),
	target_id INTEGER NOT NULL REFERENCES target (id),
	state TEXT NOT NULL CHECK (state IN ('stable', 'dark', 'unknown')),
	site_id INTEGER REFERENCES site (id),
	since_us INTEGER NOT NULL,
	until_us INTEGER,             -- NULL: still so
	last_us INTEGER NOT NULL,     -- last observation that says so
	n INTEGER NOT NULL,           -- observations that say so
	rtt_min_us INTEGER,
	rtt_sum_us INTEGER NOT NULL DEFAULT 0,
	rtt_n INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX landing_of_vantage ON landing (vantage_id, target_id, since_us);
CREATE INDEX landing_of_target ON landing (target_id, until_us, since_us);

-- The detector's memory of each vantage and target, so that a restart goes on
-- where it stopped (collector/landing.h).
CREATE TABLE track (
	vantage_id INTEGER NOT NULL REFERENCES vantage (id),
	target_id INTEGER NOT NULL REFERENCES target (id),
	state BLOB NOT NULL,
	PRIMARY KEY (vantage_id, target_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
	id INTEGER PRIMARY KEY,
	kind TEXT NOT NULL CHECK (kind IN ('shift', 'blackhole', 'mismatch')),
	severity TEXT NOT NULL
	    CHECK (severity IN ('info', 'notice', 'warning', 'major', 'critical')),
	service_id INTEGER NOT NULL REFERENCES service (id),
	site_id INTEGER REFERENCES site (id), -- that lost, is dark, or mismatches
	family INTEGER CHECK (family IN (4, 6)), -- NULL: both
	verdict TEXT,                  -- mismatch: the table's word
	since_us INTEGER NOT NULL,     -- first sign of it in the measurements
	detected_us INTEGER NOT NULL,  -- when the quorum was full
	updated_us INTEGER NOT NULL,
	resolved_us INTEGER,           -- NULL: open
	resolution TEXT,               -- how it ended, in one word
	parent_id INTEGER REFERENCES event (id), -- the cause it belongs to
	n_vantages INTEGER NOT NULL,
	n_asns INTEGER NOT NULL,
	needed INTEGER NOT NULL,       -- distinct ASes the quorum asked for
	gates TEXT NOT NULL            -- JSON: every gate with its numbers
) STRICT;
CREATE INDEX event_by_time ON event (since_us);

-- One vantage's say in an event.  shift: from and to; blackhole: from.
CREATE TABLE vote (
	event_id INTEGER NOT NULL REFERENCES event (id),
	vantage_id INTEGER NOT NULL REFERENCES vantage (id),
	target_id INTEGER NOT NULL REFERENCES target (id),
	from_site_id INTEGER REFERENCES site (id),
	to_site_id INTEGER REFERENCES site (id),
	at_us INTEGER NOT NULL,        -- first changed or failed sample
	confirmed_us INTEGER NOT NULL, -- received when the vantage was sure
	ended_us INTEGER,              -- back home, or answered again
	PRIMARY KEY (event_id, vantage_id, target_id)
) STRICT, WITHOUT ROWID;

-- Every confirmed move of a vantage; event_id is filled when one counts it.
CREATE TABLE move (
	id INTEGER PRIMARY KEY,
	vantage_id INTEGER NOT NULL REFERENCES vantage (id),
	target_id INTEGER NOT NULL REFERENCES target (id),
	from_site_id INTEGER NOT NULL REFERENCES site (id),
	to_site_id INTEGER NOT NULL REFERENCES site (id),
	at_us INTEGER NOT NULL,
	confirmed_us INTEGER NOT NULL
) STRICT;
CREATE INDEX move_by_time ON move (confirmed_us);

-- What was said of a site's announcement; the newest unexpired row counts.
CREATE TABLE announcement (
	id INTEGER PRIMARY KEY,
	site_id INTEGER NOT NULL REFERENCES site (id),
	family INTEGER CHECK (family IN (4, 6)), -- NULL: both
	is_up INTEGER NOT NULL CHECK (is_up IN (0, 1)),
	at_us INTEGER NOT NULL,
	lease_until_us INTEGER NOT NULL,
	source TEXT NOT NULL
) STRICT;

-- announced x healthy x receiving of each site and family, as intervals.
CREATE TABLE site_state (
	id INTEGER PRIMARY KEY,
	site_id INTEGER NOT NULL REFERENCES site (id),
	family INTEGER NOT NULL CHECK (family IN (4, 6)),
	announced TEXT NOT NULL CHECK (announced IN ('yes', 'no', 'unknown')),
	healthy TEXT NOT NULL CHECK (healthy IN ('yes', 'no', 'unknown')),
	receiving TEXT NOT NULL CHECK (receiving IN ('yes', 'no', 'unknown')),
	verdict TEXT NOT NULL,
	since_us INTEGER NOT NULL,
	until_us INTEGER
) STRICT;
CREATE INDEX site_state_by_site ON site_state (site_id, family, since_us);

-- The outbox of alerts: at least once, told apart by key.
CREATE TABLE delivery (
	id INTEGER PRIMARY KEY,
	event_id INTEGER REFERENCES event (id), -- NULL: a test
	alert TEXT NOT NULL,           -- name of the channel
	notice TEXT NOT NULL CHECK (notice IN ('open', 'resolve', 'test')),
	key TEXT NOT NULL UNIQUE,      -- idempotency key, sent with it
	created_us INTEGER NOT NULL,
	next_try_us INTEGER NOT NULL,
	n_tries INTEGER NOT NULL DEFAULT 0,
	delivered_us INTEGER,
	given_up_us INTEGER
) STRICT;
CREATE INDEX delivery_due ON delivery (next_try_us)
	WHERE delivered_us IS NULL AND given_up_us IS NULL;

CREATE TABLE attempt (
	delivery_id INTEGER NOT NULL REFERENCES delivery (id),
	at_us INTEGER NOT NULL,
	status INTEGER,                -- HTTP status; NULL: no answer
	error TEXT
) STRICT;

CREATE TABLE audit (
	id INTEGER PRIMARY KEY,
	at_us INTEGER NOT NULL,
	action TEXT NOT NULL,
	subject TEXT NOT NULL,
	detail TEXT
) STRICT;
