-- Roll-ups of readings, on TimescaleDB: hypertables, compressed after a week.

CREATE TABLE rollup_fine (
    point       int4 NOT NULL,
    time        timestamptz NOT NULL,      -- when the bucket begins
    low         float8,                    -- of the values that are not bad; null: none
    high        float8,
    total       float8 NOT NULL,           -- their sum
    count       int4 NOT NULL,             -- their number
    readings    int4 NOT NULL,             -- all, bad and conflicting ones too
    uncertain   int4 NOT NULL,             -- values
    first       timestamptz,               -- of the first value
    last        timestamptz,               -- of the last value
    step        interval,                  -- the longest from one value to the next
    conflicts   int4 NOT NULL,             -- readings that contradict another
    late        int4 NOT NULL,             -- readings
    PRIMARY KEY (point, time)
);
CREATE TABLE rollup_coarse (
    level       int2 NOT NULL,
    LIKE rollup_fine,
    PRIMARY KEY (level, point, time)
);
-- Long chunks of what is coarse: a chart of years has few to plan with.
SELECT create_hypertable('rollup_fine', by_range('time', INTERVAL '1 day'), create_default_indexes => false),
       create_hypertable('rollup_coarse', by_range('time', INTERVAL '90 days'), create_default_indexes => false);
ALTER TABLE rollup_fine SET (timescaledb.compress, timescaledb.compress_segmentby = 'point',
                             timescaledb.compress_orderby = 'time');
ALTER TABLE rollup_coarse SET (timescaledb.compress, timescaledb.compress_segmentby = 'level, point',
                               timescaledb.compress_orderby = 'time');
SELECT add_compression_policy('rollup_fine', INTERVAL '7 days'),
       add_compression_policy('rollup_coarse', INTERVAL '7 days');

CREATE FUNCTION ensure_rollup_range(earliest timestamptz, latest timestamptz) RETURNS void
    LANGUAGE sql AS $$ SELECT $$;
COMMENT ON FUNCTION ensure_rollup_range IS 'Nothing to do: TimescaleDB makes chunks by itself.';
