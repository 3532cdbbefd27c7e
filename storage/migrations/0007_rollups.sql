-- Roll-ups of readings: what is the same on every server.

COMMENT ON TABLE rollup_fine IS 'Roll-ups of 5 minutes. Work: they follow from readings and conflicts.';
COMMENT ON TABLE rollup_coarse IS 'Roll-ups of an hour (level 2) and of a day in +08:00 (level 3).';

-- A reading is a roll-up of itself: so that one arithmetic leads from each level to the next.
CREATE VIEW rollup WITH (security_invoker) AS
SELECT 0::int2 AS level, point, time, value AS low, value AS high, coalesce(value, 0) AS total,
       (value IS NOT NULL)::int4 AS count, 1 AS readings, (value IS NOT NULL AND quality = 1)::int4 AS uncertain,
       CASE WHEN value IS NOT NULL THEN time END AS first, CASE WHEN value IS NOT NULL THEN time END AS last,
       NULL::interval AS step, conflicts, (provenance = 1)::int4 AS late
  FROM (SELECT point, time, CASE WHEN quality < 2 THEN value END AS value, quality, provenance, 0 AS conflicts FROM reading
         UNION ALL
        SELECT point, time, CASE WHEN quality < 2 THEN value END, quality, provenance, 1 FROM conflict) AS r
 UNION ALL
SELECT 1::int2, point, time, low, high, total, count, readings, uncertain, first, last, step, conflicts, late
  FROM rollup_fine
 UNION ALL
SELECT level, point, time, low, high, total, count, readings, uncertain, first, last, step, conflicts, late
  FROM rollup_coarse;

CREATE TABLE touched (
    id          int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bucket      timestamptz NOT NULL,      -- of 5 minutes
    points      int4[] NOT NULL
);
COMMENT ON TABLE touched IS
    'Work: the 5 minutes that an intake touched, and of which points. Until a row is gone, their roll-ups do not count.';
CREATE INDEX touched_by_bucket ON touched (bucket);
ALTER TABLE touched ALTER points SET STORAGE EXTERNAL;  -- numbers of points hardly compress

-- What there is already is still to be rolled up. (Where there is a conflict, there is a reading.)
INSERT INTO touched (bucket, points)
SELECT bucket, array_agg(point)
  FROM (SELECT DISTINCT date_bin('5 min', time, '2000-01-01 00:00+08') AS bucket, point FROM reading) AS r
 GROUP BY bucket ORDER BY bucket;

GRANT SELECT ON rollup_fine, rollup_coarse, rollup, touched
    TO blackbox_ingest, blackbox_dispatch, blackbox_web, blackbox_retention;
GRANT INSERT, UPDATE ON rollup_fine, rollup_coarse TO blackbox_ingest;
GRANT INSERT, DELETE ON touched TO blackbox_ingest;
REVOKE ALL ON FUNCTION ensure_rollup_range(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_rollup_range(timestamptz, timestamptz) TO blackbox_ingest;
