-- Indexes that pages ask for. First: what became of a device's messages, for the page that its engineer works with.

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
