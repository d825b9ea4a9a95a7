-- 0012_quarantine.sql - vantages that the detector itself does not believe
-- (collector/detect_trust.h).  Quarantine by hand is the probe's state.

CREATE TABLE quarantine (
	vantage_id INTEGER NOT NULL REFERENCES vantage (id),
	reason TEXT NOT NULL CHECK (reason IN ('peers', 'own_address', 'light')),
	since_us INTEGER NOT NULL,
	until_us INTEGER,           -- NULL: in force
	updated_us INTEGER NOT NULL,
	ending TEXT CHECK (ending IN ('believable', 'unjudged', 'released')),
	released_us INTEGER,        -- by hand: the detector hears of it
	numbers TEXT NOT NULL,      -- JSON, as of updated_us
	PRIMARY KEY (vantage_id, since_us),
	CHECK ((until_us IS NULL) = (ending IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX quarantine_in_force ON quarantine (vantage_id)
    WHERE until_us IS NULL;
CREATE INDEX quarantine_released ON quarantine (released_us)
    WHERE released_us IS NOT NULL;
