-- What it takes for the order of arrival not to matter: findings about devices, signs of
-- life, alerts that merge and that were found late, copies of conflicting values.

ALTER TABLE intake DROP CONSTRAINT intake_kind_check;
ALTER TABLE intake ADD CONSTRAINT intake_kind_check CHECK (kind IN
    ('readings', 'readmission', 'registry', 'session', 'command', 'tick'));

ALTER TABLE alert
    ADD COLUMN device int4 REFERENCES device,          -- null: the subject is the box
    ADD COLUMN merged_into int8 REFERENCES alert,      -- withdrawn because that one took over
    ADD COLUMN found_late bool NOT NULL DEFAULT false; -- over before it was found
UPDATE alert SET device = point.device FROM point WHERE point.id = alert.point;
CREATE INDEX alert_of_device ON alert (device, rule, id) WHERE point IS NULL AND withdrawn_at IS NULL;

-- Evidence
CREATE TABLE device_sign (
    intake      int8 NOT NULL,
    device      int4 NOT NULL REFERENCES device,
    sign        text NOT NULL CHECK (sign IN ('online', 'alive', 'offline')),
    messages    int4 NOT NULL,             -- of that sign in the intake
    boot        text,                      -- as the newest of them says
    final       bool NOT NULL,             -- the last sign that the device gave in the intake
    PRIMARY KEY (intake, device, sign)
);
COMMENT ON TABLE device_sign IS 'What devices said on the topic "status": birth, heartbeat, will.';
CREATE TABLE alert_conflict (
    alert       int8 NOT NULL REFERENCES alert,
    point       int4 NOT NULL,
    time        timestamptz NOT NULL,
    judged      float8 NOT NULL,           -- NaN: no value
    intake      int8 NOT NULL,             -- in which it was copied
    value       float8,
    quality     int2 NOT NULL,
    provenance  int2 NOT NULL,
    PRIMARY KEY (alert, point, time, judged)
);
COMMENT ON TABLE alert_conflict IS 'Beside alert_reading: the further values of slots that were in conflict.';

-- Work

-- Each excursion at its newest revision. Not evidence and not in the chain: whatever stands
-- here follows from excursion_revision. A table, because a late reading asks for the few
-- excursions of a point that reach up to it, and a point's past only ever grows.
DROP VIEW excursion;
CREATE TABLE excursion (
    id          int8 PRIMARY KEY,
    revision    int4 NOT NULL,             -- the newest
    intake      int8 NOT NULL,             -- of that revision
    point       int4 NOT NULL,
    rule        text NOT NULL,
    version     text NOT NULL,
    level       text NOT NULL,
    severity    int2 NOT NULL,
    started     timestamptz NOT NULL,
    ended       timestamptz,               -- null: open
    peak        float8 NOT NULL,
    peak_time   timestamptz NOT NULL,
    withdrawn   bool NOT NULL
);
INSERT INTO excursion
SELECT DISTINCT ON (excursion)
       excursion, revision, intake, point, rule, version, level, severity,
       started, ended, peak, peak_time, withdrawn
  FROM excursion_revision
 ORDER BY excursion, revision DESC;
CREATE INDEX excursion_until ON excursion (point, (coalesce(ended, 'infinity'))) WHERE NOT withdrawn;
DROP INDEX excursion_revision_by_point;

CREATE INDEX ledger_by_device ON ledger (device, intake);   -- when was a device last heard
CREATE INDEX conflict_by_intake ON conflict (intake);
ALTER TABLE heartbeat ADD COLUMN watermark timestamptz;     -- domain time up to which the share has listened

GRANT SELECT ON device_sign, alert_conflict, excursion TO blackbox_ingest, blackbox_dispatch, blackbox_web, blackbox_retention;
GRANT INSERT ON device_sign, alert_conflict TO blackbox_ingest;
GRANT INSERT, UPDATE ON excursion TO blackbox_ingest;
