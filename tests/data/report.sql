-- report.sql - a small fleet for the reports: nine probes, two services, a
-- shift that is over, a black hole and a mismatch that are not.
--
-- Time 0 of the story is 2026-03-01T12:00:00Z = 1772366400 s.  Written for the
-- schema of schema/sql; tests/unit/test_store_report.c reads it.

INSERT INTO service VALUES (1, 'root'), (2, 'shop');
INSERT INTO site VALUES
	(1, 1, 'ams', 'global', 52.37, 4.90, 100),
	(2, 1, 'nyc', 'global', 40.71, -74.01, 100),
	(3, 1, 'sin', 'global', 1.35, 103.82, NULL),
	(4, 1, 'lab', 'local', NULL, NULL, NULL),
	(5, 2, 'ams', 'global', 52.37, 4.90, NULL);
INSERT INTO target VALUES
	(1, 'service', 1, NULL, 4, '192.0.2.53', 53),
	(2, 'service', 1, NULL, 6, '2001:db8::53', 53),
	(3, 'unicast', 1, 1, 4, '198.51.100.1', 53),
	(4, 'control', NULL, NULL, 4, '203.0.113.9', 53),
	(5, 'service', 2, NULL, 4, '192.0.2.80', 53);
INSERT INTO token (id, hash, uses_left, created_us, expires_us, revoked_us)
	VALUES (1, x'00', 0, 1772000000000000, 1773000000000000, NULL);
INSERT INTO probe (id, public_key, name, state, reason, token_id, enrolled_us,
	version, received_us, clock, clock_offset_us, n_lost) VALUES
	('0000000000000001', zeroblob(32), 'v-berlin', 'active', NULL, 1, 1772000000000000, '0.1.0', 1772370000000000, 'synchronised', 1200, 0),
	('0000000000000002', zeroblob(32), 'v-paris', 'active', NULL, 1, 1772000000000000, '0.1.0', 1772370001000000, 'synchronised', -300, 0),
	('0000000000000003', zeroblob(32), 'v-boston', 'active', NULL, 1, 1772000000000000, '0.1.0', 1772370002000000, 'synchronised', 0, 12),
	('0000000000000004', zeroblob(32), 'v-tokyo', 'active', NULL, 1, 1772000000000000, '0.1.0', 1772370003000000, 'unsynchronised', 5400000, 0),
	('0000000000000005', zeroblob(32), 'v-delhi', 'active', NULL, 1, 1772000000000000, '0.1.0', 1772370004000000, 'synchronised', 0, 0),
	('0000000000000006', zeroblob(32), 'v-lima', 'active', NULL, 1, 1772000000000000, '0.1.0', 1772370005000000, 'synchronised', 0, 0),
	('0000000000000007', zeroblob(32), 'v-liar', 'quarantined', 'answers nobody else sees', 1, 1772000000000000, '0.1.0', 1772370006000000, 'unknown', NULL, 0),
	('0000000000000008', zeroblob(32), 'v-gone', 'revoked', 'host sold', 1, 1772000000000000, '0.1.0', 1772100000000000, 'unknown', NULL, 0),
	('0000000000000009', zeroblob(32), 'v-new', 'active', NULL, 1, 1772366000000000, '', NULL, NULL, NULL, 0);
UPDATE probe SET v4 = 'ok', v6 = iif(name = 'v-berlin', 'ok', 'none')
WHERE received_us IS NOT NULL AND name <> 'v-gone';
INSERT INTO vantage (id, probe_id, family, source, asn, country, latitude,
	longitude, first_us) VALUES
	(1, '0000000000000001', 4, '198.51.100.21', 64501, 'DE', 52.5, 13.4, 1772000000000000),
	(2, '0000000000000001', 6, '2001:db8:1::21', 64501, 'DE', 52.5, 13.4, 1772000000000000),
	(3, '0000000000000002', 4, '198.51.100.22', 64502, 'FR', 48.9, 2.4, 1772000000000000),
	(4, '0000000000000003', 4, '198.51.100.23', 64503, 'US', 42.4, -71.1, 1772000000000000),
	(5, '0000000000000004', 4, '198.51.100.24', 64504, 'JP', 35.7, 139.7, 1772000000000000),
	(6, '0000000000000005', 4, NULL, 0, 'IN', 28.6, 77.2, 1772000000000000),
	(7, '0000000000000006', 4, '198.51.100.26', 64506, 'PE', -12.0, -77.0, 1772000000000000),
	(8, '0000000000000007', 4, '198.51.100.27', 64507, NULL, NULL, NULL, 1772000000000000),
	(9, '0000000000000008', 4, '198.51.100.28', 64508, 'SE', NULL, NULL, 1772000000000000);

UPDATE vantage SET seen = source, own = iif(id = 3, '10.0.0.7', source)
WHERE id IN (2, 3, 4);
INSERT INTO vantage_target VALUES
	(7, 1, 'per_packet', 1772369000000000, 0, NULL, 0, NULL, NULL, NULL),
	(3, 1, 'single', 1772366500000000, 1, 1772369600000000, 6, 2, '100.64.0.1', 'known'),
	(3, 5, 'per_flow', 1772366500000000, 0, NULL, 0, NULL, NULL, NULL);
INSERT INTO vantage_signal VALUES
	(3, 1, 'foreign', 31, 1772369500000000, 1772369900000000, 'cache7.isp.example'),
	(3, 1, 'ttl', 2, 1772369600000000, 1772369700000000, 'answered at TTL 2, the way ends at 9');

-- id, vantage, target, state, site, since, until, last, n, rtt min, sum, n
INSERT INTO landing VALUES
	(1, 1, 1, 'stable', 1, 1772000000000000, 1772366400000000, 1772366340000000, 6106, 9100, 61060000, 6106),
	(2, 1, 1, 'stable', 2, 1772366400000000, NULL, 1772370000000000, 60, 81000, 4920000, 60),
	(3, 2, 2, 'stable', 1, 1772000000000000, NULL, 1772370000000000, 6166, 9300, 61660000, 6166),
	(4, 3, 1, 'stable', 1, 1772000000000000, 1772366402000000, 1772366341000000, 6106, 12000, 79378000, 6106),
	(5, 3, 1, 'stable', 2, 1772366402000000, NULL, 1772370000000000, 60, 77000, 4680000, 60),
	(6, 4, 1, 'stable', 2, 1772000000000000, NULL, 1772370000000000, 6166, 6000, 43162000, 6166),
	(7, 5, 1, 'stable', 1, 1772000000000000, 1772366410000000, 1772366350000000, 6106, 210000, 1343320000, 6106),
	(8, 5, 1, 'dark', 3, 1772368200000000, NULL, 1772370000000000, 30, NULL, 0, 0),
	(9, 5, 1, 'stable', 3, 1772366410000000, 1772368200000000, 1772368140000000, 20, 68000, 1400000, 20),
	(10, 6, 1, 'unknown', NULL, 1772000000000000, NULL, 1772370000000000, 6000, 30000, 180000000, 6000),
	(11, 7, 1, 'stable', 2, 1772000000000000, 1772369000000000, 1772368800000000, 6100, 90000, 549000000, 6100),
	(12, 8, 1, 'stable', 1, 1772000000000000, NULL, 1772370000000000, 6100, 1, 6100, 6100),
	(13, 9, 1, 'stable', 1, 1772000000000000, 1772100000000000, 1772100000000000, 1600, 20000, 32000000, 1600),
	(14, 1, 5, 'stable', 5, 1772000000000000, NULL, 1772370000000000, 6100, 9000, 61000000, 6100);

INSERT INTO event VALUES
	(1, 'shift', 'major', 1, 1, NULL, NULL, 1772366400000000, 1772366423000000, 1772366433000000, 1772367000000000, 'settled', NULL, 3, 3, 3,
	 '{"direction":"from","rule":"quorum","window_us":180000000,"quorum":3,"asns":3,"asns_fresh":6,"share_of_fleet":0.5,"first_us":1772366400000000,"convergence_us":10000000}', 0),
	(2, 'blackhole', 'critical', 1, 3, 4, NULL, 1772368200000000, 1772368212000000, 1772369900000000, NULL, NULL, NULL, 1, 1, 1,
	 '{"rule":"share","needed":1,"asns_dark":1,"asns_at_site":1,"share":1.0,"hold_us":30000000}', 0),
	(3, 'mismatch', 'warning', 1, 1, 4, 'ghost', 1772366700000000, 1772367000000000, 1772369900000000, NULL, NULL, 1, 0, 0, 0,
	 '{"announced":"no","healthy":"yes","receiving":"yes","held_us":300000000,"hold_us":300000000}', 0);
INSERT INTO vote VALUES
	(1, 1, 1, 1, 2, 1772366400000000, 1772366421000000, 1772367000000000, NULL, NULL),
	(1, 3, 1, 1, 2, 1772366402000000, 1772366422000000, 1772367000000000, NULL, NULL),
	(1, 5, 1, 1, 3, 1772366410000000, 1772366433000000, 1772367000000000, NULL, NULL),
	(2, 5, 1, 3, NULL, 1772368200000000, 1772368212000000, NULL, NULL, NULL);
-- Nobody counts the move of v-lima, nor anything of v-liar.
INSERT INTO move (vantage_id, target_id, from_site_id, to_site_id, at_us,
	confirmed_us) VALUES (7, 1, 2, 3, 1772368260000000, 1772368281000000);
INSERT INTO audit (at_us, action, subject, detail) VALUES
	(1772360000000000, 'quarantined', '0000000000000007', 'first try'),
	(1772364000000000, 'quarantined', '0000000000000007', 'answers nobody else sees');
-- Suspected: two networks left nyc; one more would be needed.
INSERT INTO memo VALUES ('suspected/now', CAST('[{"kind":"shift","service":1,"site":2,"direction":"from","since_us":1772369940000000,"last_us":1772369965000000,"vantages":2,"asns":2,"needed":3,"needs":[{"rule":"quorum","asns":2,"needed":4},{"rule":"majority","asns":2,"needed":3},{"rule":"announcement","asns":2,"needed":3}],"votes":[{"vantage":4,"target":1,"from":2,"to":3,"at_us":1772369940000000,"confirmed_us":1772369961000000},{"vantage":7,"target":1,"from":2,"to":3,"at_us":1772369965000000,"confirmed_us":1772369986000000}]},{"kind":"blackhole","service":2,"site":5,"since_us":1772369900000000,"last_us":1772369910000000,"vantages":2,"asns":2,"needed":3,"needs":[{"rule":"half","asns":2,"needed":3}],"votes":[{"vantage":1,"target":5,"from":5,"to":0,"at_us":1772369900000000,"confirmed_us":0},{"vantage":3,"target":5,"from":5,"to":0,"at_us":1772369910000000,"confirmed_us":0}]}]' AS BLOB));
INSERT INTO site_state VALUES
	(1, 1, 4, 'yes', 'yes', 'yes', 'ok', 1772000000000000, 1772366700000000),
	(2, 1, 4, 'no', 'yes', 'yes', 'ghost', 1772366700000000, NULL),
	(3, 1, 6, 'yes', 'yes', 'yes', 'ok', 1772000000000000, NULL),
	(4, 2, 4, 'unknown', 'yes', 'yes', 'ok', 1772000000000000, NULL);

-- What the voters saw: NSID before and after, one with a terminal escape.
INSERT INTO identity VALUES
	(1, CAST('ns1.ams.example.net' AS BLOB)),
	(2, CAST('ns1.nyc.example.net' AS BLOB)),
	(3, x'1b5b324a7369'),
	(4, CAST('ns2.sin.example.net' AS BLOB));
INSERT INTO path VALUES
	(1, 11, '[{"ttl":1,"address":"198.51.100.253","type":11,"code":0,"balanced":true},{"ttl":1,"address":"198.51.100.254","type":11,"code":0,"balanced":true},{"ttl":2},{"ttl":3,"address":"203.0.113.1","type":11,"code":0},{"ttl":4,"address":"192.0.2.53","target":true}]'),
	(2, 12, '[{"ttl":1,"address":"198.51.100.254","type":11,"code":0},{"ttl":2},{"ttl":3,"address":"203.0.113.77","type":11,"code":0},{"ttl":4,"address":"203.0.113.78","type":11,"code":0,"labels":[{"label":24001}]},{"ttl":5,"address":"192.0.2.53","target":true}]');
INSERT INTO observation (id, vantage_id, seq, received_us, at_us, target_id,
	kind, why, proto, stamp, outcome, site_id, rtt_us, reply_ttl, rcode,
	nsid_id, is_reached, path_id) VALUES
	(1, 1, 1, 1772365530000000, 1772365500000000, 1, 2, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, 1, 1),
	(2, 1, 2, 1772366310000000, 1772366280000000, 1, 0, 0, 0, 0, 0, 1, 10000, 57, 0, 1, NULL, NULL),
	(3, 3, 1, 1772366311000000, 1772366281000000, 1, 0, 0, 0, 0, 0, 1, 13000, 56, 0, 1, NULL, NULL),
	(4, 1, 3, 1772366370000000, 1772366340000000, 1, 0, 0, 0, 0, 0, 1, 10100, 57, 0, 1, NULL, NULL),
	(5, 3, 2, 1772366371000000, 1772366341000000, 1, 0, 0, 0, 0, 0, 1, 13100, 56, 0, 1, NULL, NULL),
	(6, 5, 1, 1772366371500000, 1772366350000000, 1, 0, 0, 0, 0, 0, 1, 220000, 44, 0, 1, NULL, NULL),
	(7, 1, 4, 1772366400500000, 1772366400000000, 1, 0, 0, 0, 0, 0, 2, 82000, 51, 0, 2, NULL, NULL),
	(8, 1, 5, 1772366401000000, 1772366400300000, 1, 2, 1, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, 1, 2),
	(9, 3, 3, 1772366402500000, 1772366402000000, 1, 0, 0, 0, 0, 0, 2, 78000, 50, 0, 2, NULL, NULL),
	(10, 5, 2, 1772366410500000, 1772366410000000, 1, 0, 0, 0, 0, 0, NULL, 70000, 60, 0, 3, NULL, NULL),
	(11, 1, 6, 1772366411000000, 1772366410400000, 1, 0, 1, 0, 0, 0, 2, 82100, 51, 0, 2, NULL, NULL),
	(12, 1, 7, 1772366421000000, 1772366420400000, 1, 0, 1, 0, 0, 0, 2, 82200, 51, 0, 2, NULL, NULL),
	(13, 5, 3, 1772366431000000, 1772366430000000, 1, 0, 1, 0, 0, 0, 3, 70100, 60, 0, 4, NULL, NULL),
	(14, 5, 4, 1772368150000000, 1772368140000000, 1, 0, 0, 0, 0, 0, 3, 70100, 60, 0, 4, NULL, NULL),
	(15, 5, 5, 1772368204500000, 1772368200000000, 1, 0, 0, 0, 0, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(16, 5, 6, 1772368206500000, 1772368202000000, 1, 0, 2, 0, 0, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(17, 5, 7, 1772368212000000, 1772368206000000, 1, 0, 2, 0, 0, 4, NULL, 71000, NULL, NULL, NULL, NULL, NULL);

INSERT INTO doubt (observation_id, vantage_id, target_id, at_us, doubts,
	least_rtt_us, other_site_id) VALUES
	(13, 5, 1, 1772366430000000, 2, 83000, NULL),
	(14, 5, 1, 1772368140000000, 3, 83000, 2);
