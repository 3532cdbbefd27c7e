-- Plain PostgreSQL: native partitions by month, made when a time first needs one.

CREATE TABLE reading (
    point       int4 NOT NULL,
    time        timestamptz NOT NULL,
    intake      int8 NOT NULL,
    value       float8,
    quality     int2 NOT NULL,
    provenance  int2 NOT NULL,
    PRIMARY KEY (point, time)
) PARTITION BY RANGE (time);
CREATE INDEX reading_by_intake ON reading USING brin (intake);

CREATE FUNCTION ensure_reading_range(earliest timestamptz, latest timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    month timestamp := date_trunc('month', earliest AT TIME ZONE 'UTC');
    name  text;
BEGIN
    WHILE month <= latest AT TIME ZONE 'UTC' LOOP
        name := 'reading_' || to_char(month, 'YYYY_MM');
        IF to_regclass('public.' || name) IS NULL THEN
            -- Made apart and then attached: that locks out no reader, as PARTITION OF would.
            EXECUTE format('CREATE TABLE public.%I (LIKE public.reading INCLUDING CONSTRAINTS)', name);
            EXECUTE format(
                'ALTER TABLE public.reading ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                name, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
        END IF;
        month := month + interval '1 month';
    END LOOP;
END $$;
COMMENT ON FUNCTION ensure_reading_range IS
    'Makes the partitions that readings between the two times need; in a transaction of its own, before the intake.';
