-- What pages ask for. First, indexes: what became of a device's messages, for the page that its engineer works with.

-- From when to when an intake is: its number rises with its arrival, but for readmissions.
CREATE INDEX intake_by_arrival ON intake (share, arrived, id) WHERE kind = 'readings';
CREATE INDEX ledger_refusing ON ledger (device, intake) WHERE rejected + unreadable > 0;
CREATE INDEX rejected_by_device ON rejected (device, intake DESC);
-- By the 统一社会信用代码 in the topic; cut, because an index takes no text that is too long, and anybody may send one.
CREATE INDEX rejected_unregistered ON rejected (left(split_part(topic, '/', 6), 18), intake DESC) WHERE device = 0;
CREATE INDEX device_sign_by_device ON device_sign (device, sign, intake DESC);

-- As before, but for whom one calls there: of a site that went over that is the new owner's matter, not the former one's.
CREATE OR REPLACE VIEW alert_names AS
    SELECT a.id AS alert, p.id AS seen_point, p.name_zh AS point_zh, p.name_en AS point_en, p.quantity, p.unit, p.resolution,
           d.id AS seen_device, d.name_zh AS device_zh, d.name_en AS device_en,
           s.id AS seen_site, s.name_zh AS site_zh, s.name_en AS site_en,
           CASE WHEN (SELECT scope_enterprise()) IS NULL OR a.enterprise = s.enterprise THEN s.telephone END AS telephone,
           e.code AS enterprise_code, e.name_zh AS enterprise_zh, e.name_en AS enterprise_en
      FROM alert AS a
      LEFT JOIN point AS p ON p.id = a.point
      LEFT JOIN device AS d ON d.id = a.device
      LEFT JOIN site AS s ON s.id = a.site
      LEFT JOIN enterprise AS e ON e.id = a.enterprise
     WHERE in_scope(a.area, a.enterprise,
                    (SELECT scope_low()), (SELECT scope_high()), (SELECT scope_enterprise()), (SELECT scope_box()));
-- Who sees what, again, so that it is planned quickly: a policy that asks tables which have policies themselves makes a plan of
-- hundreds of parts (25 to 60 ms for an excursion's). So they ask views, which look with their owner's eyes: what they name is what
-- the policies of migration 0005 came to.
CREATE VIEW site_of_regions AS
    SELECT id AS site, enterprise FROM site WHERE area BETWEEN (SELECT scope_low()) AND (SELECT scope_high());
CREATE VIEW device_of_regions AS
    SELECT d.id AS device FROM device AS d JOIN site_of_regions AS s ON s.site = d.site;
CREATE VIEW point_of_regions AS
    SELECT p.id AS point FROM point AS p JOIN device_of_regions AS d ON d.device = p.device;
CREATE VIEW site_once_owned AS
    SELECT site FROM site_owner WHERE enterprise = (SELECT scope_enterprise());
GRANT SELECT ON site_of_regions, device_of_regions, point_of_regions, site_once_owned TO blackbox_web;

ALTER POLICY scoped ON site USING (in_scope(area, enterprise,
    (SELECT scope_low()), (SELECT scope_high()), (SELECT scope_enterprise()), false)
    OR id IN (SELECT site FROM site_once_owned));
ALTER POLICY scoped ON enterprise USING (id = (SELECT scope_enterprise()) OR (SELECT scope_low()) = 0
    OR EXISTS (SELECT FROM site_of_regions AS s WHERE s.enterprise = enterprise.id));
ALTER POLICY scoped ON device USING (CASE WHEN (SELECT scope_enterprise()) IS NULL
    THEN EXISTS (SELECT FROM device_of_regions AS d WHERE d.device = device.id)
    ELSE EXISTS (SELECT FROM seen_device AS s WHERE s.device = device.id) END);
ALTER POLICY scoped ON point USING (CASE WHEN (SELECT scope_enterprise()) IS NULL
    THEN EXISTS (SELECT FROM point_of_regions AS p WHERE p.point = point.id)
    ELSE EXISTS (SELECT FROM seen_point AS s WHERE s.point = point.id) END);
ALTER POLICY scoped ON point_setting USING (CASE WHEN (SELECT scope_enterprise()) IS NULL
    THEN EXISTS (SELECT FROM point_of_regions AS p WHERE p.point = point_setting.point)
    ELSE EXISTS (SELECT FROM seen_point AS s
        WHERE s.point = point_setting.point AND valid_from >= s.starts AND valid_from < s.stops) END);
ALTER POLICY scoped ON completeness USING (CASE WHEN (SELECT scope_enterprise()) IS NULL
    THEN EXISTS (SELECT FROM point_of_regions AS p WHERE p.point = completeness.point)
    ELSE EXISTS (SELECT FROM seen_point AS s
        WHERE s.point = completeness.point AND day::timestamp AT TIME ZONE interval '8 h' >= s.starts
          AND (day + 1)::timestamp AT TIME ZONE interval '8 h' <= s.stops) END);
ALTER POLICY scoped ON excursion USING (CASE WHEN (SELECT scope_enterprise()) IS NULL
    THEN EXISTS (SELECT FROM point_of_regions AS p WHERE p.point = excursion.point)
    ELSE EXISTS (SELECT FROM seen_point AS s
        WHERE s.point = excursion.point AND started >= s.starts AND started < s.stops) END);

-- What the scope sees of points, with their owner's eyes and by plain joins, for statements about many of them: a policy
-- looks up row after row, and keeps an index on what `&&` asks, and every search, behind itself. Each view says what
-- the policies of its tables say (tests/database/test_scope.py holds them against each other).
CREATE FUNCTION seen_at(of_site int4, of_point int4, at timestamptz) RETURNS bool LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT EXISTS (SELECT FROM seen_point AS s WHERE s.site = of_site AND s.point = of_point
                         AND (at IS NULL OR at >= s.starts AND at < s.stops)) $$;
COMMENT ON FUNCTION seen_at IS 'Of an owner: whether a time of a point (null: any) is its own. A function, lest the planner expects it for everybody.';
CREATE VIEW placed_site AS
    SELECT s.* FROM site AS s
     WHERE CASE WHEN (SELECT scope_enterprise()) IS NULL
           THEN s.area BETWEEN (SELECT scope_low()) AND (SELECT scope_high())
           ELSE s.id IN (SELECT site FROM seen_site) END;
CREATE VIEW placed_point AS
    SELECT p.id, p.device, p.key, p.name_zh, p.name_en, p.quantity, p.unit, p.resolution, p.stage, p.factor,
           d.key AS device_key, d.name_zh AS device_zh, d.name_en AS device_en,
           d.site, s.name_zh AS site_zh, s.name_en AS site_en, s.region, s.area,
           e.id AS enterprise, e.code AS enterprise_code, e.name_zh AS enterprise_zh, e.name_en AS enterprise_en
      FROM point AS p
      JOIN device AS d ON d.id = p.device
      JOIN placed_site AS s ON s.id = d.site
      LEFT JOIN enterprise AS e ON e.id = s.enterprise AND in_scope(s.area, s.enterprise,
               (SELECT scope_low()), (SELECT scope_high()), (SELECT scope_enterprise()), false)
     WHERE (SELECT scope_enterprise()) IS NULL OR seen_at(s.id, p.id, NULL);
CREATE VIEW seen_setting AS
    SELECT t.*, d.site, s.area
      FROM point_setting AS t
      JOIN point AS p ON p.id = t.point
      JOIN device AS d ON d.id = p.device
      JOIN placed_site AS s ON s.id = d.site
     WHERE (SELECT scope_enterprise()) IS NULL OR seen_at(s.id, t.point, t.valid_from);
CREATE VIEW seen_excursion AS
    SELECT x.*, d.site, s.area
      FROM excursion AS x
      JOIN point AS p ON p.id = x.point
      JOIN device AS d ON d.id = p.device
      JOIN placed_site AS s ON s.id = d.site
     WHERE (SELECT scope_enterprise()) IS NULL OR seen_at(s.id, x.point, x.started);
GRANT SELECT ON placed_point, seen_setting, seen_excursion TO blackbox_web;
CREATE INDEX excursion_lasting ON excursion (point) INCLUDE (severity, started) WHERE ended IS NULL AND NOT withdrawn;
CREATE INDEX point_setting_by_rule ON point_setting USING gin (rules);
CREATE INDEX alert_open_of_site ON alert (site, enterprise) INCLUDE (severity, overdue_since) WHERE withdrawn_at IS NULL AND closed_at IS NULL;
