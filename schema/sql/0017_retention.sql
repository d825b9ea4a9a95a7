-- 0017_retention.sql - what deleting by age, and reports, look for.

CREATE INDEX attempt_of_delivery ON attempt (delivery_id);
CREATE INDEX delivery_by_time ON delivery (created_us);
CREATE INDEX delivery_of_event ON delivery (event_id);

-- Vantages' rows stay longer than the others, and would be met again and again.
DROP INDEX heard_by_observation;
CREATE INDEX heard_passing ON heard (after_id) WHERE kind <> 'vantage';
CREATE INDEX heard_vantages ON heard (after_id) WHERE kind = 'vantage';

-- What is open, and what ended lately.
CREATE INDEX event_by_end ON event (resolved_us);
