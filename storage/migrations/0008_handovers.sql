-- The inbox: hand-overs from shift to shift, and the orders that staff read alerts in.
--
-- Evidence: handover.

CREATE TABLE handover (
    intake      int8 PRIMARY KEY,          -- of the chain of people: one for each
    at          timestamptz NOT NULL,
    author      text NOT NULL,             -- name of a supervisor
    area        int4 NOT NULL CHECK (area BETWEEN 110000 AND 999999),    -- the author's region
    note        text NOT NULL              -- for the next shift; may be empty
);
COMMENT ON TABLE handover IS 'Where a shift ended, region by region, and what it had to say to the next.';
CREATE INDEX handover_of_area ON handover (area, at DESC);

ALTER TABLE handover ENABLE ROW LEVEL SECURITY;
CREATE POLICY ours ON handover TO blackbox_ingest, blackbox_dispatch, blackbox_retention USING (true);
-- Seen by whose scope contains the author's region; enterprises have none.
CREATE POLICY scoped ON handover FOR SELECT TO blackbox_web
    USING (area BETWEEN (SELECT scope_low()) AND (SELECT scope_high()));
CREATE POLICY writes ON handover FOR INSERT TO blackbox_web
    WITH CHECK (intake >> 40 = 0 AND area = (SELECT scope_low()));
GRANT SELECT ON handover TO blackbox_ingest, blackbox_dispatch, blackbox_web, blackbox_retention;
GRANT INSERT ON handover TO blackbox_web;

-- Overdue first, then as alert_inbox has them.
CREATE INDEX alert_overdue_first ON alert ((overdue_since IS NOT NULL) DESC, severity DESC, opened_at DESC, id DESC)
    INCLUDE (area, enterprise, overdue_since, shelved_until)
 WHERE withdrawn_at IS NULL AND closed_at IS NULL;
CREATE INDEX alert_of_assignee ON alert (assignee)
 WHERE assignee IS NOT NULL AND withdrawn_at IS NULL AND closed_at IS NULL;
-- What every open page rings for.
CREATE INDEX alert_ringing ON alert (area) INCLUDE (enterprise, raised_at, returned_at, shelved_until, suppressed)
 WHERE severity = 3 AND acknowledged_at IS NULL AND withdrawn_at IS NULL AND closed_at IS NULL;

-- What happened since a hand-over; what worsened is in the journal only. The view looks with its owner's eyes: of the
-- journal's own policy the planner makes a list of all alerts.
CREATE INDEX alert_closed ON alert (closed_at) INCLUDE (area, enterprise) WHERE closed_at IS NOT NULL;
CREATE INDEX journal_worsened ON journal (at) WHERE event = 'worsened';
CREATE VIEW worsened AS
    SELECT j.alert, j.n, j.at
      FROM journal AS j JOIN alert AS a ON a.id = j.alert
     WHERE j.event = 'worsened'
       AND in_scope(a.area, a.enterprise,
                    (SELECT scope_low()), (SELECT scope_high()), (SELECT scope_enterprise()), (SELECT scope_box()));
GRANT SELECT ON worsened TO blackbox_web;
