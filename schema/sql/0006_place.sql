-- 0006_place.sql - why the place of an interceptor is not known.

-- How sure answer_ttl and answer_hop are, in words; NULL: not intercepted, or
-- judged by an older program.
ALTER TABLE vantage_target ADD COLUMN place TEXT;
