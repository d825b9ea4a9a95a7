-- 0021_chunk.sql - observations of past hours, packed.

-- What collector/chunk.h packs: a block of observations, those received within
-- an hour with neighbouring ids, in some rows of up to 16384.  In order of age.
CREATE TABLE chunk (
	id INTEGER PRIMARY KEY,
	first_id INTEGER NOT NULL,    -- of the block's observations
	last_id INTEGER NOT NULL,
	first_us INTEGER NOT NULL,    -- the block was received from then
	last_us INTEGER NOT NULL,     -- until then
	n INTEGER NOT NULL,           -- observations in this row
	n_bytes INTEGER NOT NULL,     -- of body
	body BLOB NOT NULL
) STRICT;
CREATE INDEX chunk_of_block
	ON chunk (last_id, first_id, first_us, last_us, n, n_bytes);

-- One row: observations up to packed_id are in chunk, and those of them that
-- are still in observation do not count; chunks behind it neither.
CREATE TABLE chunk_state (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	packed_id INTEGER NOT NULL
) STRICT;
INSERT INTO chunk_state VALUES (1, 0);

-- What stands beside an observation stays when that is packed: no references
-- to the table, but the id.
CREATE TABLE tls_beside (
	observation_id INTEGER PRIMARY KEY,
	certificate_id INTEGER NOT NULL REFERENCES certificate (id),
	version INTEGER NOT NULL,     -- minor: 3 for TLS 1.3
	is_verified INTEGER NOT NULL CHECK (is_verified IN (0, 1)),
	connect_us INTEGER NOT NULL,
	handshake_us INTEGER NOT NULL,
	fault TEXT                    -- why it is not verified
) STRICT;
INSERT INTO tls_beside SELECT * FROM tls;
DROP TABLE tls;
ALTER TABLE tls_beside RENAME TO tls;

CREATE TABLE second_answer_beside (
	observation_id INTEGER PRIMARY KEY,
	is_different INTEGER NOT NULL CHECK (is_different IN (0, 1)),
	rcode INTEGER NOT NULL,
	rtt_us INTEGER NOT NULL,
	nsid_id INTEGER REFERENCES identity (id)
) STRICT;
INSERT INTO second_answer_beside SELECT * FROM second_answer;
DROP TABLE second_answer;
ALTER TABLE second_answer_beside RENAME TO second_answer;

CREATE TABLE hop_note_beside (
	observation_id INTEGER PRIMARY KEY,
	hops TEXT NOT NULL            -- JSON as on the wire, without labels
) STRICT;
INSERT INTO hop_note_beside SELECT * FROM hop_note;
DROP TABLE hop_note;
ALTER TABLE hop_note_beside RENAME TO hop_note;

CREATE TABLE doubt_beside (
	observation_id INTEGER PRIMARY KEY,
	vantage_id INTEGER NOT NULL REFERENCES vantage (id),
	target_id INTEGER NOT NULL REFERENCES target (id),
	at_us INTEGER NOT NULL,
	doubts INTEGER NOT NULL,      -- 1 method, 2 rtt, 4 path
	least_rtt_us INTEGER,         -- by light in fibre; NULL: not known
	other_site_id INTEGER REFERENCES site (id) -- that another method names
) STRICT;
INSERT INTO doubt_beside SELECT * FROM doubt;
DROP TABLE doubt;
ALTER TABLE doubt_beside RENAME TO doubt;
CREATE INDEX doubt_of_vantage ON doubt (vantage_id, target_id, at_us);

-- In words, those that are not packed.
DROP VIEW measurement;
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
LEFT JOIN site s ON s.id = o.site_id
WHERE o.id > (SELECT packed_id FROM chunk_state);
