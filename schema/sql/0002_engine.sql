-- 0002_engine.sql - what the measuring engine finds: new words, answers over
-- TLS, second answers, replies beside the path, and a host's families.
--
-- What few observations have stands in tables of its own, by the observation's
-- id, and goes with it: a column more would cost every row of them a byte.

DROP VIEW measurement;

CREATE TABLE observation_wider (
	id INTEGER PRIMARY KEY,       -- order of arrival
	vantage_id INTEGER NOT NULL REFERENCES vantage (id),
	seq INTEGER NOT NULL,
	received_us INTEGER NOT NULL,
	at_us INTEGER NOT NULL,       -- corrected by the probe's clock offset
	target_id INTEGER NOT NULL REFERENCES target (id),
	kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
	why INTEGER NOT NULL CHECK (why BETWEEN 0 AND 6),
	proto INTEGER NOT NULL CHECK (proto BETWEEN 0 AND 4),
	stamp INTEGER NOT NULL CHECK (stamp BETWEEN 0 AND 2),
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
	hop_rtts TEXT,                -- JSON: microseconds or null, hop by hop
	-- dns (RFC 9660): labels, type and version, byte by byte as on the wire
	zoneversion BLOB
) STRICT;

INSERT INTO observation_wider (
	id, vantage_id, seq, received_us, at_us, target_id, kind, why, proto,
	stamp, outcome, site_id, rtt_us, reply_ttl, source_port, rcode, flags,
	serial, size_bytes, ede, n_late, n_duplicate, nsid_id, chaos_name,
	chaos_outcome, chaos_rcode, chaos_rtt_us, chaos_id, chaos_nsid_id, n_sent,
	n_received, rtt_min_us, is_reached, path_id, hop_rtts)
SELECT
	id, vantage_id, seq, received_us, at_us, target_id, kind, why, proto,
	stamp, outcome, site_id, rtt_us, reply_ttl, source_port, rcode, flags,
	serial, size_bytes, ede, n_late, n_duplicate, nsid_id, chaos_name,
	chaos_outcome, chaos_rcode, chaos_rtt_us, chaos_id, chaos_nsid_id, n_sent,
	n_received, rtt_min_us, is_reached, path_id, hop_rtts
FROM observation ORDER BY id;
DROP TABLE observation;
ALTER TABLE observation_wider RENAME TO observation;

CREATE VIEW measurement AS
SELECT o.id, p.name AS probe, v.family, o.seq,
	datetime(o.at_us / 1000000, 'unixepoch') || 'Z' AS at,
	CASE o.kind WHEN 0 THEN 'dns' WHEN 1 THEN 'ping'
	    WHEN 2 THEN 'trace' END AS kind,
	CASE o.why WHEN 0 THEN 'round' WHEN 1 THEN 'confirm' WHEN 2 THEN 'retry'
	    WHEN 3 THEN 'control' WHEN 4 THEN 'varied' WHEN 5 THEN 'manual'
	    WHEN 6 THEN 'decoy' END AS why,
	CASE o.proto WHEN 0 THEN 'udp' WHEN 1 THEN 'tcp' WHEN 2 THEN 'icmp'
	    WHEN 3 THEN 'tls' WHEN 4 THEN 'plain' END AS proto,
	CASE o.stamp WHEN 0 THEN 'kernel' WHEN 1 THEN 'user'
	    WHEN 2 THEN 'receive' END AS stamp,
	CASE o.outcome WHEN 0 THEN 'ok' WHEN 1 THEN 'rcode' WHEN 2 THEN 'timeout'
	    WHEN 3 THEN 'unreachable' WHEN 4 THEN 'refused' WHEN 5 THEN 'reset'
	    WHEN 6 THEN 'malformed' WHEN 7 THEN 'mismatch'
	    WHEN 8 THEN 'no_family' WHEN 9 THEN 'send_failed' END AS outcome,
	t.address AS target, t.role, s.name AS site, o.rtt_us, o.rcode, o.serial,
	o.reply_ttl, o.path_id
FROM observation o
JOIN vantage v ON v.id = o.vantage_id
JOIN probe p ON p.id = v.probe_id
JOIN target t ON t.id = o.target_id
LEFT JOIN site s ON s.id = o.site_id;

-- Distinct certificates of DNS over TLS; texts as the server sent them.
CREATE TABLE certificate (
	id INTEGER PRIMARY KEY,
	fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 32),
	not_after_us INTEGER NOT NULL,
	subject BLOB,
	issuer BLOB,
	names BLOB
) STRICT;

CREATE TABLE tls (
	observation_id INTEGER PRIMARY KEY
	    REFERENCES observation (id) ON DELETE CASCADE,
	certificate_id INTEGER NOT NULL REFERENCES certificate (id),
	version INTEGER NOT NULL,     -- minor: 3 for TLS 1.3
	is_verified INTEGER NOT NULL CHECK (is_verified IN (0, 1)),
	connect_us INTEGER NOT NULL,
	handshake_us INTEGER NOT NULL,
	fault TEXT                    -- why it is not verified
) STRICT;

-- A further reply to a question: the last one.
CREATE TABLE second_answer (
	observation_id INTEGER PRIMARY KEY
	    REFERENCES observation (id) ON DELETE CASCADE,
	is_different INTEGER NOT NULL CHECK (is_different IN (0, 1)),
	rcode INTEGER NOT NULL,
	rtt_us INTEGER NOT NULL,
	nsid_id INTEGER REFERENCES identity (id)
) STRICT;

-- What a trace brought beside its path: extra and duplicate replies, and which
-- hops needed more than one packet.
CREATE TABLE hop_note (
	observation_id INTEGER PRIMARY KEY
	    REFERENCES observation (id) ON DELETE CASCADE,
	hops TEXT NOT NULL            -- JSON as on the wire, without labels
) STRICT;

-- Can the host measure in the family?  NULL: it has not said.
ALTER TABLE probe ADD COLUMN v4 TEXT CHECK (v4 IN ('ok', 'none'));
ALTER TABLE probe ADD COLUMN v6 TEXT CHECK (v6 IN ('ok', 'none'));
