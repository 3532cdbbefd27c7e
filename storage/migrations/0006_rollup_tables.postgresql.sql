-- Roll-ups of readings, on plain PostgreSQL: native partitions, by month as of `reading`,
-- and by year of what is coarse: a chart of years has few to plan with.

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
) PARTITION BY RANGE (time);
CREATE TABLE rollup_coarse (
    level       int2 NOT NULL,
    LIKE rollup_fine,
    PRIMARY KEY (level, point, time)
) PARTITION BY RANGE (time);

CREATE FUNCTION ensure_rollup_range(earliest timestamptz, latest timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    parent text;
    span   interval;
    start  timestamp;
    name   text;
BEGIN
    FOR parent, span, start IN VALUES
        ('rollup_fine', interval '1 month', date_trunc('month', earliest AT TIME ZONE 'UTC')),
        ('rollup_coarse', interval '1 year', date_trunc('year', earliest AT TIME ZONE 'UTC'))
    LOOP
        WHILE start <= latest AT TIME ZONE 'UTC' LOOP
            name := parent || to_char(start, '_YYYY_MM');
            IF to_regclass('public.' || name) IS NULL THEN
                -- Made apart and then attached: see ensure_reading_range.
                EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING CONSTRAINTS)', name, parent);
                EXECUTE format(
                    'ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                    parent, name, start AT TIME ZONE 'UTC', (start + span) AT TIME ZONE 'UTC');
            END IF;
            start := start + span;
        END LOOP;
    END LOOP;
END $$;
COMMENT ON FUNCTION ensure_rollup_range IS
    'Makes the partitions that roll-ups between the two times need; in a transaction of its own.';
