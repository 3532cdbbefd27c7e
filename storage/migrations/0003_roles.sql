-- Who may do what. The owner migrates; each process has a login of its own. Evidence can
-- be inserted and read, never changed or removed, by any of them.

DO $$
DECLARE login text;
BEGIN
    FOREACH login IN ARRAY ARRAY['blackbox_ingest', 'blackbox_dispatch', 'blackbox_web', 'blackbox_retention'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I LOGIN', login);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;   -- made by another database's migration just now
            END;
        END IF;
    END LOOP;
END $$;

GRANT SELECT ON ALL TABLES IN SCHEMA public TO blackbox_ingest, blackbox_dispatch, blackbox_web, blackbox_retention;

-- ingest: the one writer of its share
GRANT INSERT ON intake, intake_digest, reading, conflict, rejected, readmission, ledger, excursion_revision,
    alert_excursion, alert_reading, journal, box_event, rule_version, point_setting,
    enterprise, site, device, point, alert, delivery, share, heartbeat, request TO blackbox_ingest;
GRANT UPDATE (number, digest, session) ON share TO blackbox_ingest;
GRANT UPDATE ON registry_head, enterprise, site, device, point, alert, request, heartbeat TO blackbox_ingest;
GRANT USAGE ON SEQUENCE excursion_id, alert_id TO blackbox_ingest;

-- web: commands of people
GRANT INSERT ON intake, intake_digest, journal, delivery, request TO blackbox_web;
GRANT UPDATE (number, digest) ON share TO blackbox_web;
GRANT UPDATE (acknowledged_at, entries) ON alert TO blackbox_web;

-- and that in the chain of people (share 0) only: no login of a web page can move the head
-- of another chain, or take its next number.
ALTER TABLE share ENABLE ROW LEVEL SECURITY;
ALTER TABLE intake ENABLE ROW LEVEL SECURITY;
ALTER TABLE intake_digest ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_read ON share FOR SELECT USING (true);
CREATE POLICY all_read ON intake FOR SELECT USING (true);
CREATE POLICY all_read ON intake_digest FOR SELECT USING (true);
CREATE POLICY ingest_writes ON share TO blackbox_ingest USING (true);
CREATE POLICY ingest_writes ON intake TO blackbox_ingest USING (true);
CREATE POLICY ingest_writes ON intake_digest TO blackbox_ingest USING (true);
CREATE POLICY web_writes ON share TO blackbox_web USING (id = 0);
CREATE POLICY web_writes ON intake TO blackbox_web USING (share = 0 AND id >> 40 = 0);
CREATE POLICY web_writes ON intake_digest TO blackbox_web USING (intake >> 40 = 0);

-- dispatch
GRANT INSERT ON attempt TO blackbox_dispatch;
GRANT UPDATE (attempts, due, delivered_at, failed_at) ON delivery TO blackbox_dispatch;

REVOKE ALL ON FUNCTION ensure_reading_range(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_reading_range(timestamptz, timestamptz) TO blackbox_ingest;
