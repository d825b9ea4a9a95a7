-- 0005_events.sql - every kind of event, planned ones, and what the detector's
-- parts remember.
--
-- Only the CHECK of event.kind changes, nothing that is on disk: see
-- 0003_decoy.sql.

PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql,
	'(''shift'', ''blackhole'', ''mismatch'')',
	'(''shift'', ''blackhole'', ''mismatch'', ''impostor'', ''intercepted'', '
	|| '''leak'', ''flapping'', ''stale'', ''split'', ''latency'', '
	|| '''silent'', ''unknown_identity'')')
WHERE type = 'table' AND name = 'event';
PRAGMA writable_schema = RESET;

ALTER TABLE event ADD COLUMN is_planned INTEGER NOT NULL DEFAULT 0
	CHECK (is_planned IN (0, 1)); -- a drain wanted it so

-- What a part of the detector knows beyond tracks and events, by its own keys
-- "PART/...": see collector/detect_part.h.
CREATE TABLE memo (
	key TEXT PRIMARY KEY,
	bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- shift: the shortest round trip at either site.
ALTER TABLE vote ADD COLUMN from_rtt_us INTEGER;
ALTER TABLE vote ADD COLUMN to_rtt_us INTEGER;
