-- 0010_site.sql - what sites say of themselves, and drains.

-- Who enrols with such a token may speak for the site of this name, of this
-- service (NULL: of every service that has one).
ALTER TABLE token ADD COLUMN site TEXT;
ALTER TABLE token ADD COLUMN service TEXT;
ALTER TABLE probe ADD COLUMN site TEXT;
ALTER TABLE probe ADD COLUMN service TEXT;
-- The number of its last report: an older one is a replay.
ALTER TABLE probe ADD COLUMN site_seq INTEGER NOT NULL DEFAULT 0;

-- What was said of a site, as intervals in which the answers stayed the same:
-- a renewal moves heard_us and lease_until_us of the row.  NULL: nothing was
-- said of that.
CREATE TABLE site_report (
	id INTEGER PRIMARY KEY,
	site_id INTEGER NOT NULL REFERENCES site (id),
	family INTEGER NOT NULL CHECK (family IN (4, 6)),
	probe_id TEXT REFERENCES probe (id), -- NULL: catchwater announce
	announced TEXT CHECK (announced IN ('yes', 'no', 'unknown')),
	announced_since_us INTEGER,   -- as the site tells it
	announced_why TEXT,           -- as last said
	healthy TEXT CHECK (healthy IN ('yes', 'no', 'unknown')),
	healthy_since_us INTEGER,
	healthy_why TEXT,
	serial INTEGER,               -- of the zone, as last said
	at_us INTEGER NOT NULL,       -- received first
	heard_us INTEGER NOT NULL,    -- received last
	lease_until_us INTEGER NOT NULL
) STRICT;
CREATE INDEX site_report_by_site ON site_report (site_id, family, heard_us);
CREATE INDEX site_report_heard ON site_report (heard_us);

-- Sites emptied on purpose.
CREATE TABLE drain (
	id INTEGER PRIMARY KEY,
	site_id INTEGER NOT NULL REFERENCES site (id),
	since_us INTEGER NOT NULL,
	until_us INTEGER,             -- planned end; NULL: when it is undone
	ended_us INTEGER,             -- undone
	expected TEXT,                -- JSON: site -> share of those who leave
	changed_us INTEGER NOT NULL   -- of this row: the collector looks for news
) STRICT;
CREATE INDEX drain_by_site ON drain (site_id, since_us);
