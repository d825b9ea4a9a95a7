-- 0024_alerts.sql - notices that wait, go out together, and are said again.

-- 0: the first notice of an event's beginning; n: the nth time it is said again.
ALTER TABLE delivery ADD COLUMN n_repeat INTEGER NOT NULL DEFAULT 0;
-- The first delivery of those that went out together, from their first attempt
-- on: a second one says the same under the same key.
ALTER TABLE delivery ADD COLUMN group_id INTEGER;
-- Why it was given up before any attempt: the alert's own rules wanted it so.
ALTER TABLE delivery ADD COLUMN held TEXT;
