-- What pages ask for. First, indexes: what became of a device's messages, for the page that its engineer works with.

-- From when to when an intake is: its number rises with its arrival, but for readmissions.
CREATE INDEX intake_by_arrival ON intake (share, arrived, id) WHERE kind = 'readings';
CREATE INDEX ledger_refusing ON ledger (device, intake) WHERE rejected + unreadable > 0;
CREATE INDEX rejected_by_device ON rejected (device, intake DESC);
-- By the 统一社会信用代码 in the topic; cut, because an index takes no text that is too long, and anybody may send one.
CREATE INDEX rejected_unregistered ON rejected (left(split_part(topic, '/', 6), 18), intake DESC) WHERE device = 0;
CREATE INDEX device_sign_by_device ON device_sign (device, sign, intake DESC);

-- What the scope sees of points, with their owner's eyes and by plain joins: of the policies of four tables, each of
-- which asks the next, the planner made plans of a hundred parts, or lists of all points. Each view says what the
-- policies of its tables say (tests/database/test_scope.py holds them against each other).
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
