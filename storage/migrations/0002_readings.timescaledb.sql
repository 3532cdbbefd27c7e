-- TimescaleDB: a hypertable with chunks of one day, compressed after a week.

CREATE TABLE reading (
    point       int4 NOT NULL,
    time        timestamptz NOT NULL,
    intake      int8 NOT NULL,
    value       float8,
    quality     int2 NOT NULL,
    provenance  int2 NOT NULL,
    PRIMARY KEY (point, time)
);
SELECT create_hypertable('reading', by_range('time', INTERVAL '1 day'), create_default_indexes => false);
CREATE INDEX reading_by_intake ON reading USING brin (intake);
ALTER TABLE reading SET (timescaledb.compress, timescaledb.compress_segmentby = 'point',
                         timescaledb.compress_orderby = 'time');
SELECT add_compression_policy('reading', INTERVAL '7 days');

CREATE FUNCTION ensure_reading_range(earliest timestamptz, latest timestamptz) RETURNS void
    LANGUAGE sql AS $$ SELECT $$;
COMMENT ON FUNCTION ensure_reading_range IS 'Nothing to do: TimescaleDB makes chunks by itself.';
