-- Alerts among people: their life, who may see what, who is told how; incidents; safety
-- codes; ownership and maintenance over time.
--
-- Evidence: site_owner, safety_code. Work, each change of which is journalled: person,
-- contact, subscription, api_token (box_event), incident (journal of its alerts),
-- maintenance (request, point_setting). Work: session, sign_in, command, channel_health,
-- completeness, safety.

ALTER TABLE request DROP CONSTRAINT request_kind_check;
ALTER TABLE request ADD CONSTRAINT request_kind_check CHECK (kind IN
    ('registry', 'readmission', 'maintenance', 'transfer'));

-- People -----------------------------------------------------------------------------

CREATE TABLE person (
    id          int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE,      -- to sign in with; the actor of the journal. Nobody is ever removed
    full_name   text NOT NULL,
    role        text NOT NULL CHECK (role IN ('administrator', 'supervisor', 'enterprise', 'auditor')),
    region      text CHECK (region ~ '^\d{6}$'),       -- of a supervisor: GB/T 2260, with all below it
    enterprise  int4 REFERENCES enterprise,            -- of an enterprise's user
    language    text NOT NULL CHECK (language IN ('zh', 'en')),
    password    text,                      -- argon2id; null: is told, cannot sign in
    disabled_at timestamptz,
    created_at  timestamptz NOT NULL,
    CHECK ((role = 'supervisor') = (region IS NOT NULL)),
    CHECK ((role = 'enterprise') = (enterprise IS NOT NULL))
);
CREATE TABLE session (
    token       bytea PRIMARY KEY,         -- SHA-256 of what the browser has
    person      int4 NOT NULL REFERENCES person,
    created_at  timestamptz NOT NULL,      -- real times, as below
    seen_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX session_of_person ON session (person);
CREATE TABLE api_token (
    id          int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token       bytea NOT NULL UNIQUE,     -- SHA-256
    person      int4 NOT NULL REFERENCES person,
    label       text NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    revoked_at  timestamptz
);
CREATE INDEX api_token_of_person ON api_token (person);
CREATE TABLE sign_in (
    key         text PRIMARY KEY,          -- name:…, address:…
    failures    int4 NOT NULL,
    last_at     timestamptz NOT NULL,
    blocked_until timestamptz
);
COMMENT ON TABLE sign_in IS 'Failed attempts to sign in, for throttling.';

-- Telling ----------------------------------------------------------------------------

CREATE TABLE contact (
    person      int4 NOT NULL REFERENCES person,
    channel     text NOT NULL,             -- as the settings name it
    address     text NOT NULL,             -- what the channel makes of it: e-mail address, telephone number …
    PRIMARY KEY (person, channel)
);
CREATE TABLE subscription (
    id          int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person      int4 NOT NULL REFERENCES person,
    channel     text NOT NULL,
    low         int4 NOT NULL,             -- range of regions, within the person's scope
    high        int4 NOT NULL,
    severity    int2 NOT NULL,             -- at least
    stages      text[] NOT NULL,           -- of points; empty: all
    weekdays    int2[] NOT NULL,           -- 1 is Monday, in +08:00; empty: all
    from_minute int2 NOT NULL CHECK (from_minute BETWEEN 0 AND 1439),    -- of the day in +08:00
    to_minute   int2 NOT NULL CHECK (to_minute BETWEEN 0 AND 1439),      -- exclusive; equal: the whole day
    UNIQUE (person, channel, low, high, severity, stages, weekdays, from_minute, to_minute)
);
CREATE TABLE channel_health (
    channel     text PRIMARY KEY,
    failing_since timestamptz,             -- real; null: the last attempt did not fail
    failures    int4 NOT NULL,             -- attempts since then
    gave_up     bool NOT NULL,             -- one of them was the last of its delivery
    detail      text NOT NULL              -- what the last one ended with
);

-- Alerts -----------------------------------------------------------------------------

ALTER TABLE alert
    ADD COLUMN area int4 GENERATED ALWAYS AS (CASE WHEN region ~ '^\d{6}$' THEN region::int4 END) STORED,
    ADD COLUMN raised_at timestamptz,
    ADD COLUMN assigned_at timestamptz,
    ADD COLUMN assignee text,
    ADD COLUMN answered_at timestamptz,
    ADD COLUMN closed_at timestamptz,
    ADD COLUMN shelved_until timestamptz,
    ADD COLUMN due_at timestamptz,         -- next deadline that is neither met nor told as missed
    ADD COLUMN overdue_since timestamptz,  -- latest deadline that passed unmet, and was told
    ADD COLUMN inhibited_by int8 REFERENCES alert,
    ADD COLUMN incident int8,
    ADD COLUMN revision int4 NOT NULL DEFAULT 0;
UPDATE alert SET raised_at = opened_at;
-- What is older than deadlines gets those that still matter (alerting/life/deadlines.py).
UPDATE alert SET due_at = opened_at + CASE WHEN acknowledged_at IS NULL
           THEN (ARRAY['24 h', '1 h', '15 min'])[severity]::interval
           ELSE (ARRAY['30 d', '15 d', '7 d'])[severity]::interval END
 WHERE withdrawn_at IS NULL AND NOT suppressed;
-- Of what is over, a deadline that had passed before there were any shows, and is told to nobody.
UPDATE alert AS a
   SET overdue_since = t.at,
       due_at = (SELECT min(a.opened_at + l) FROM unnest(CASE a.severity
                            WHEN 3 THEN ARRAY['24 h', '7 d'] WHEN 2 THEN ARRAY['72 h', '15 d'] ELSE ARRAY['30 d'] END::interval[]) AS l
                  WHERE a.opened_at + l > t.at)
  FROM (SELECT max(arrived) AS at FROM intake) AS t
 WHERE a.returned_at IS NOT NULL AND a.due_at <= t.at;

DROP INDEX alert_open;
CREATE INDEX alert_inbox ON alert (severity DESC, opened_at DESC, id DESC) INCLUDE (area, enterprise, acknowledged_at, overdue_since)
 WHERE withdrawn_at IS NULL AND closed_at IS NULL;
CREATE INDEX alert_inbox_of_area ON alert (area, severity DESC, opened_at DESC, id DESC) INCLUDE (enterprise)
 WHERE withdrawn_at IS NULL AND closed_at IS NULL;
CREATE INDEX alert_of_enterprise ON alert (enterprise, severity) WHERE withdrawn_at IS NULL AND closed_at IS NULL;
CREATE INDEX alert_due ON alert (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX alert_shelved ON alert (shelved_until) WHERE shelved_until IS NOT NULL;
CREATE INDEX alert_of_site ON alert (site, rule, id) WHERE point IS NULL AND device IS NULL AND withdrawn_at IS NULL;

-- Alerts of one site that were detected close together: one parent, one notification.
CREATE SEQUENCE incident_id AS int8;
CREATE TABLE incident (
    id          int8 PRIMARY KEY,
    site        int4 NOT NULL REFERENCES site,
    enterprise  int4 NOT NULL REFERENCES enterprise,    -- as at the opening
    area        int4 NOT NULL,
    opened_at   timestamptz NOT NULL,
    newest_at   timestamptz NOT NULL,      -- when the newest alert joined
    window_until timestamptz NOT NULL,     -- until then it takes alerts
    severity    int2 NOT NULL,             -- the highest it ever had
    alerts      int4 NOT NULL,
    active      int4 NOT NULL,             -- alerts that have not returned
    settled_at  timestamptz                -- window over and nothing active: the end was told
);
ALTER TABLE alert ADD FOREIGN KEY (incident) REFERENCES incident;
CREATE INDEX alert_successor ON alert (predecessor) WHERE predecessor IS NOT NULL;
CREATE INDEX alert_merged ON alert (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX alert_of_incident ON alert (incident) WHERE incident IS NOT NULL;
CREATE INDEX incident_newest ON incident (site, id DESC);
CREATE INDEX incident_opened ON incident (opened_at DESC, id DESC);
CREATE INDEX incident_settling ON incident (window_until) WHERE settled_at IS NULL AND active = 0;

CREATE TABLE command (
    id          uuid PRIMARY KEY,          -- the client's
    person      int4 NOT NULL REFERENCES person,
    alert       int8 NOT NULL,
    digest      bytea NOT NULL,            -- SHA-256 of all that was asked: the same id must ask the same
    n           int4 NOT NULL,             -- entry of the journal that came of it
    FOREIGN KEY (alert, n) REFERENCES journal (alert, n)
);

-- Whose, over time -------------------------------------------------------------------

CREATE TABLE site_owner (
    site        int4 NOT NULL REFERENCES site,
    valid_from  timestamptz NOT NULL,
    enterprise  int4 NOT NULL REFERENCES enterprise,
    intake      int8 NOT NULL,
    PRIMARY KEY (site, valid_from)
);
COMMENT ON TABLE site_owner IS 'All owners of sites that ever changed theirs, the first from 2000-01-01T00:00Z, before all that was measured; of others, site.enterprise owns.';
ALTER TABLE site ADD COLUMN area int4 GENERATED ALWAYS AS (CASE WHEN region ~ '^\d{6}$' THEN region::int4 END) STORED;
CREATE INDEX site_area ON site (area);
CREATE INDEX site_of_enterprise ON site (enterprise);
CREATE INDEX device_of_site ON device (site);

-- What the registry itself says of in_use, so that what holds can be told from what a maintenance
-- window makes of it; null: no entry of the registry, but where a window begins or ends, or the owner changes.
ALTER TABLE point_setting ADD COLUMN said text;
UPDATE point_setting SET said = in_use;

CREATE TABLE maintenance (
    id          int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    intake      int8 NOT NULL UNIQUE,      -- its settings of points have the same
    site        int4 NOT NULL REFERENCES site,
    device      int4 REFERENCES device,    -- null: not only this device
    zone        text,                      -- null: not only this zone
    begins      timestamptz NOT NULL,
    ends        timestamptz NOT NULL CHECK (ends > begins),
    actor       text NOT NULL,
    reason      text NOT NULL
);

-- Safety -----------------------------------------------------------------------------

CREATE TABLE completeness (
    point       int4 NOT NULL REFERENCES point,
    day         date NOT NULL,             -- in +08:00
    due         int4 NOT NULL,             -- cadence slots while in use
    filled      int4 NOT NULL,             -- of these, with a value that is not bad
    settings    int4 NOT NULL DEFAULT 0,   -- that the point had when it was counted; 0: to be counted again
    PRIMARY KEY (point, day)
);
CREATE TABLE safety (
    enterprise  int4 PRIMARY KEY REFERENCES enterprise,
    code        text NOT NULL CHECK (code IN ('grey', 'green', 'yellow', 'red')),
    score       float8,                    -- null: not assessed
    facts       json NOT NULL,
    reasons     json NOT NULL,
    formula     text NOT NULL,             -- its version
    judged_at   timestamptz NOT NULL,
    changes     int4 NOT NULL              -- of colour so far
);
CREATE TABLE safety_code (
    enterprise  int4 NOT NULL REFERENCES enterprise,
    n           int4 NOT NULL,             -- 1, 2, 3 …
    intake      int8 NOT NULL,
    at          timestamptz NOT NULL,
    old_code    text,
    new_code    text NOT NULL,
    score       float8,
    formula     text NOT NULL,
    detail      json NOT NULL,             -- facts and reasons
    PRIMARY KEY (enterprise, n)
);

-- Who sees what ----------------------------------------------------------------------

-- The scope of a transaction: the web process sets it (storage/scope.py); unset, nothing is
-- seen. Policies ask for it once per statement, inside (SELECT …).
CREATE FUNCTION scope_low() RETURNS int4 LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT coalesce(nullif(current_setting('blackbox.low', true), '')::int4, 1) $$;
CREATE FUNCTION scope_high() RETURNS int4 LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT coalesce(nullif(current_setting('blackbox.high', true), '')::int4, 0) $$;
CREATE FUNCTION scope_enterprise() RETURNS int4 LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT nullif(current_setting('blackbox.enterprise', true), '')::int4 $$;
CREATE FUNCTION scope_box() RETURNS bool LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT coalesce(nullif(current_setting('blackbox.box', true), '')::bool, false) $$;
-- The one definition of who sees what has a region (area) and an owner; the box's own have
-- neither. The stream asks it too.
CREATE FUNCTION in_scope(area int4, owner int4, low int4, high int4, enterprise int4, box bool)
    RETURNS bool LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT CASE WHEN area IS NULL AND owner IS NULL THEN box
               ELSE coalesce(area BETWEEN low AND high, false) OR coalesce(owner = enterprise, false) END $$;

-- What the scope may see of sites, devices and points, from when (inclusive) until when (exclusive): of
-- its regions all times, else the times when they were its own, of what was registered by then (`handed_over`:
-- the intake of the change). These views look with their owner's eyes.
CREATE VIEW seen_site AS
    SELECT id AS site, '-infinity'::timestamptz AS starts, 'infinity'::timestamptz AS stops, NULL::int8 AS handed_over FROM site
     WHERE area BETWEEN (SELECT scope_low()) AND (SELECT scope_high())
        OR enterprise = (SELECT scope_enterprise()) AND NOT EXISTS (SELECT FROM site_owner AS o WHERE o.site = site.id)
     UNION ALL
    SELECT o.site, o.valid_from, coalesce(n.valid_from, 'infinity'), n.intake
      FROM site_owner AS o JOIN site AS s ON s.id = o.site
      LEFT JOIN LATERAL (SELECT n.valid_from, n.intake FROM site_owner AS n
                          WHERE n.site = o.site AND n.valid_from > o.valid_from
                          ORDER BY n.valid_from LIMIT 1) AS n ON true
     WHERE o.enterprise = (SELECT scope_enterprise())
       AND (s.area BETWEEN (SELECT scope_low()) AND (SELECT scope_high())) IS NOT TRUE;
CREATE VIEW seen_point AS
    SELECT p.id AS point, p.device, s.site, s.starts, s.stops
      FROM point AS p JOIN device AS d ON d.id = p.device JOIN seen_site AS s ON s.site = d.site
     WHERE s.handed_over IS NULL
        OR EXISTS (SELECT FROM point_setting AS t WHERE t.point = p.id AND t.intake < s.handed_over);
CREATE VIEW seen_device AS
    SELECT d.id AS device FROM device AS d JOIN seen_site AS s ON s.site = d.site WHERE s.handed_over IS NULL
     UNION ALL
    SELECT device FROM seen_point;

-- What the alerts that the scope sees are about, under present names: who sees an alert sees these, whoever owns
-- the site by now. With their owner's eyes: 50 lookups by key, where the policies of four tables made a plan of 80 parts.
CREATE VIEW alert_names AS
    SELECT a.id AS alert, p.id AS seen_point, p.name_zh AS point_zh, p.name_en AS point_en, p.quantity, p.unit, p.resolution,
           d.id AS seen_device, d.name_zh AS device_zh, d.name_en AS device_en,
           s.id AS seen_site, s.name_zh AS site_zh, s.name_en AS site_en, s.telephone,
           e.code AS enterprise_code, e.name_zh AS enterprise_zh, e.name_en AS enterprise_en
      FROM alert AS a
      LEFT JOIN point AS p ON p.id = a.point
      LEFT JOIN device AS d ON d.id = a.device
      LEFT JOIN site AS s ON s.id = a.site
      LEFT JOIN enterprise AS e ON e.id = a.enterprise
     WHERE in_scope(a.area, a.enterprise,
                    (SELECT scope_low()), (SELECT scope_high()), (SELECT scope_enterprise()), (SELECT scope_box()));

DO $$
DECLARE one text;
BEGIN
    FOREACH one IN ARRAY ARRAY['enterprise', 'site', 'device', 'point', 'point_setting', 'alert', 'alert_excursion',
            'alert_reading', 'alert_conflict', 'excursion', 'journal', 'delivery', 'incident', 'site_owner',
            'maintenance', 'safety', 'safety_code', 'completeness'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', one);
        EXECUTE format('CREATE POLICY ours ON %I TO blackbox_ingest, blackbox_dispatch, blackbox_retention USING (true)', one);
    END LOOP;
END $$;

CREATE POLICY scoped ON alert TO blackbox_web USING (in_scope(area, enterprise,
    (SELECT scope_low()), (SELECT scope_high()), (SELECT scope_enterprise()), (SELECT scope_box())));
CREATE POLICY scoped ON incident FOR SELECT TO blackbox_web USING (in_scope(area, enterprise,
    (SELECT scope_low()), (SELECT scope_high()), (SELECT scope_enterprise()), false));
-- A former owner goes on seeing that the site was once its own; of readings, its time (storage/scope.py).
CREATE POLICY scoped ON site FOR SELECT TO blackbox_web USING (in_scope(area, enterprise,
    (SELECT scope_low()), (SELECT scope_high()), (SELECT scope_enterprise()), false)
    OR id IN (SELECT o.site FROM site_owner AS o WHERE o.enterprise = (SELECT scope_enterprise())));
CREATE POLICY scoped ON enterprise FOR SELECT TO blackbox_web USING (id = (SELECT scope_enterprise())
    OR (SELECT scope_low()) = 0
    OR EXISTS (SELECT FROM site AS s WHERE s.enterprise = enterprise.id
                  AND s.area BETWEEN (SELECT scope_low()) AND (SELECT scope_high())));
-- Of what has a time, an owner sees only what lies (as a whole day, began, or was set) in its own. Whoever sees
-- by region sees all times: for them a few lookups by key do, and a province has a hundred thousand points.
CREATE POLICY scoped ON device FOR SELECT TO blackbox_web USING (CASE WHEN (SELECT scope_enterprise()) IS NULL
    THEN EXISTS (SELECT FROM site AS s WHERE s.id = device.site)
    ELSE EXISTS (SELECT FROM seen_device AS s WHERE s.device = device.id) END);
CREATE POLICY scoped ON point FOR SELECT TO blackbox_web USING (CASE WHEN (SELECT scope_enterprise()) IS NULL
    THEN EXISTS (SELECT FROM device AS d WHERE d.id = point.device)
    ELSE EXISTS (SELECT FROM seen_point AS s WHERE s.point = point.id) END);
CREATE POLICY scoped ON point_setting FOR SELECT TO blackbox_web USING (CASE WHEN (SELECT scope_enterprise()) IS NULL
    THEN EXISTS (SELECT FROM point AS p WHERE p.id = point_setting.point)
    ELSE EXISTS (SELECT FROM seen_point AS s
        WHERE s.point = point_setting.point AND valid_from >= s.starts AND valid_from < s.stops) END);
CREATE POLICY scoped ON completeness FOR SELECT TO blackbox_web USING (CASE WHEN (SELECT scope_enterprise()) IS NULL
    THEN EXISTS (SELECT FROM point AS p WHERE p.id = completeness.point)
    ELSE EXISTS (SELECT FROM seen_point AS s
        WHERE s.point = completeness.point AND day::timestamp AT TIME ZONE interval '8 h' >= s.starts
          AND (day + 1)::timestamp AT TIME ZONE interval '8 h' <= s.stops) END);
CREATE POLICY scoped ON excursion FOR SELECT TO blackbox_web USING (CASE WHEN (SELECT scope_enterprise()) IS NULL
    THEN EXISTS (SELECT FROM point AS p WHERE p.id = excursion.point)
    ELSE EXISTS (SELECT FROM seen_point AS s
        WHERE s.point = excursion.point AND started >= s.starts AND started < s.stops) END);
CREATE POLICY scoped ON maintenance FOR SELECT TO blackbox_web USING (EXISTS (SELECT FROM seen_site AS s
    WHERE s.site = maintenance.site AND begins >= s.starts AND begins < s.stops));
CREATE POLICY scoped ON site_owner FOR SELECT TO blackbox_web USING (EXISTS (SELECT FROM seen_site AS s
    WHERE s.site = site_owner.site AND valid_from >= s.starts AND valid_from < s.stops));
CREATE POLICY scoped ON alert_excursion FOR SELECT TO blackbox_web USING (EXISTS (SELECT FROM alert AS a WHERE a.id = alert_excursion.alert));
CREATE POLICY scoped ON alert_reading FOR SELECT TO blackbox_web USING (EXISTS (SELECT FROM alert AS a WHERE a.id = alert_reading.alert
    AND (a.area BETWEEN (SELECT scope_low()) AND (SELECT scope_high()) OR EXISTS (SELECT FROM seen_point AS s
        WHERE s.point = alert_reading.point AND alert_reading.time >= s.starts AND alert_reading.time < s.stops))));
CREATE POLICY scoped ON alert_conflict FOR SELECT TO blackbox_web USING (EXISTS (SELECT FROM alert AS a WHERE a.id = alert_conflict.alert
    AND (a.area BETWEEN (SELECT scope_low()) AND (SELECT scope_high()) OR EXISTS (SELECT FROM seen_point AS s
        WHERE s.point = alert_conflict.point AND alert_conflict.time >= s.starts AND alert_conflict.time < s.stops))));
CREATE POLICY scoped ON safety FOR SELECT TO blackbox_web USING (EXISTS (SELECT FROM enterprise AS e WHERE e.id = safety.enterprise));
CREATE POLICY scoped ON safety_code FOR SELECT TO blackbox_web USING (EXISTS (SELECT FROM enterprise AS e WHERE e.id = safety_code.enterprise));
CREATE POLICY scoped ON journal FOR SELECT TO blackbox_web USING (EXISTS (SELECT FROM alert AS a WHERE a.id = journal.alert));
CREATE POLICY scoped ON delivery FOR SELECT TO blackbox_web USING (EXISTS (SELECT FROM alert AS a WHERE a.id = delivery.alert));
-- Written only of what is seen, and only in the chain of people.
CREATE POLICY writes ON journal FOR INSERT TO blackbox_web WITH CHECK (intake >> 40 = 0
    AND EXISTS (SELECT FROM alert AS a WHERE a.id = journal.alert));
CREATE POLICY writes ON delivery FOR INSERT TO blackbox_web WITH CHECK (EXISTS (SELECT FROM alert AS a WHERE a.id = delivery.alert));
ALTER TABLE box_event ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_read ON box_event FOR SELECT USING (true);
CREATE POLICY ingest_writes ON box_event FOR INSERT TO blackbox_ingest WITH CHECK (true);
CREATE POLICY web_writes ON box_event FOR INSERT TO blackbox_web WITH CHECK (intake >> 40 = 0);

-- Grants -----------------------------------------------------------------------------

GRANT SELECT ON person, contact, subscription, channel_health, incident, site_owner, maintenance,
    completeness, safety, safety_code TO blackbox_ingest, blackbox_dispatch, blackbox_web, blackbox_retention;
GRANT SELECT ON seen_site, seen_device, seen_point, alert_names TO blackbox_web;
GRANT SELECT ON command, session, api_token, sign_in TO blackbox_web;
REVOKE SELECT ON person FROM blackbox_ingest, blackbox_dispatch, blackbox_retention;
GRANT SELECT (id, name, full_name, role, region, enterprise, language, disabled_at) ON person
    TO blackbox_ingest, blackbox_dispatch, blackbox_retention;
REVOKE UPDATE (acknowledged_at, entries) ON alert FROM blackbox_web;
GRANT UPDATE (raised_at, acknowledged_at, assigned_at, assignee, answered_at, closed_at, shelved_until,
    due_at, overdue_since, revision, entries) ON alert TO blackbox_web;
GRANT INSERT ON command, box_event TO blackbox_web;
GRANT INSERT, UPDATE, DELETE ON session, sign_in, contact, subscription TO blackbox_web;
GRANT INSERT, UPDATE ON person, api_token TO blackbox_web;
GRANT INSERT ON site_owner, maintenance, safety_code TO blackbox_ingest;
GRANT INSERT, UPDATE ON incident, safety TO blackbox_ingest;
GRANT INSERT, UPDATE, DELETE ON completeness TO blackbox_ingest;
GRANT INSERT, UPDATE ON channel_health TO blackbox_dispatch;
GRANT USAGE ON SEQUENCE incident_id TO blackbox_ingest;
