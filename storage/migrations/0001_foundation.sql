-- The tables of the black box, but for `reading`, whose shape the server decides (0002).
--
-- Evidence (insert and select only for the application's roles; covered by the chain):
--   intake, intake_digest, reading, conflict, rejected, readmission, ledger,
--   excursion_revision, alert_excursion, alert_reading, journal, box_event
-- Registry (its identities; each application of a file is a box_event):
--   enterprise, site, device, point, point_setting, rule_version, registry_head
-- Work (may change; derivable or journalled):
--   share, alert, delivery, attempt, request, heartbeat
--
-- No query and no default ever asks the database for the time: time is an argument.

CREATE TABLE share (
    id          int2 PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    number      int8 NOT NULL DEFAULT 0,   -- of the newest intake
    digest      bytea NOT NULL,            -- of the newest intake
    session     text NOT NULL DEFAULT 'none'    -- at the broker; an unfinished attempt is visible as such
        CHECK (session IN ('none', 'opening', 'established', 'resuming'))
);
COMMENT ON TABLE share IS 'Head of each chain. Share 0 holds the commands of people.';
INSERT INTO share (id, name, digest) VALUES (0, 'people', decode(repeat('00', 32), 'hex'));

CREATE TABLE intake (
    id          int8 PRIMARY KEY,          -- share * 2^40 + number
    share       int2 NOT NULL REFERENCES share,
    number      int8 NOT NULL,             -- 1, 2, 3 … without gaps within a share
    kind        text NOT NULL CHECK (kind IN
                    ('readings', 'readmission', 'registry', 'session', 'command')),
    arrived     timestamptz NOT NULL,
    messages    int4 NOT NULL,
    previous    bytea NOT NULL,
    digest      bytea NOT NULL,
    UNIQUE (share, number)
);

CREATE TABLE intake_digest (
    intake          int8 NOT NULL,
    evidence        text NOT NULL,         -- table
    day             date NOT NULL,         -- UTC
    rows            int4 NOT NULL,
    row_crcs        bytea NOT NULL,
    column_digests  bytea NOT NULL,
    digest          bytea NOT NULL,
    PRIMARY KEY (intake, evidence, day)
);

-- Registry ---------------------------------------------------------------------------

CREATE TABLE registry_head ("only" bool PRIMARY KEY DEFAULT true CHECK ("only"), version int8 NOT NULL);
INSERT INTO registry_head (version) VALUES (0);

CREATE TABLE enterprise (
    id          int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code        text NOT NULL UNIQUE,      -- 统一社会信用代码
    name_zh     text NOT NULL,
    name_en     text NOT NULL,
    kind        text NOT NULL,
    high_risk   text[] NOT NULL
);
CREATE TABLE site (
    id          int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    enterprise  int4 NOT NULL REFERENCES enterprise,
    key         text NOT NULL,
    name_zh     text NOT NULL,
    name_en     text NOT NULL,
    kind        text NOT NULL,
    region      text NOT NULL,             -- GB/T 2260
    telephone   text NOT NULL,
    area_m2     float8,
    height_m    float8,
    longitude   float8,
    latitude    float8,
    UNIQUE (enterprise, key)
);
CREATE TABLE device (
    id          int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    enterprise  int4 NOT NULL REFERENCES enterprise,
    site        int4 NOT NULL REFERENCES site,
    key         text NOT NULL,
    name_zh     text NOT NULL,
    name_en     text NOT NULL,
    kind        text NOT NULL,
    time_zone   text,
    UNIQUE (enterprise, key)
);
CREATE TABLE point (
    id          int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device      int4 NOT NULL REFERENCES device,
    key         text NOT NULL,
    name_zh     text NOT NULL,
    name_en     text NOT NULL,
    quantity    text NOT NULL,
    unit        text NOT NULL,
    resolution  float8 NOT NULL CHECK (resolution > 0),
    stage       text NOT NULL,
    factor      text NOT NULL,
    UNIQUE (device, key)
);
CREATE TABLE rule_version (
    version     text PRIMARY KEY,
    rule        text NOT NULL,
    kind        text NOT NULL,
    content     json NOT NULL              -- json, not jsonb: the text is what was hashed
);
CREATE TABLE point_setting (
    point       int4 NOT NULL REFERENCES point,
    valid_from  timestamptz NOT NULL,
    intake      int8 NOT NULL,             -- the newest for a valid_from holds
    zone        text NOT NULL,
    interval    interval NOT NULL,
    max_gap     interval NOT NULL CHECK (max_gap >= interval),
    in_use      text NOT NULL,
    calibration_due date,
    rules       text[] NOT NULL,           -- rule versions
    PRIMARY KEY (point, valid_from, intake)
);

-- Intake -----------------------------------------------------------------------------

CREATE TABLE conflict (
    point       int4 NOT NULL,
    time        timestamptz NOT NULL,
    judged      float8 NOT NULL,           -- NaN: no value; distinct per slot
    intake      int8 NOT NULL,
    against     int8 NOT NULL,             -- intake of the reading it contradicts
    value       float8,
    quality     int2 NOT NULL,
    provenance  int2 NOT NULL,
    PRIMARY KEY (point, time, judged)
);

CREATE TABLE rejected (
    identity    bytea PRIMARY KEY,         -- SHA-256 of topic, payload digest, point, time, reason
    intake      int8 NOT NULL,
    device      int4 NOT NULL,             -- 0: no registered sender
    topic       text NOT NULL,
    payload_digest bytea NOT NULL,         -- SHA-256
    size        int4 NOT NULL,             -- bytes of the payload
    point       text,                      -- key, where one reading was refused; null: the whole message
    time        timestamptz,
    reason      text NOT NULL,
    detail      text NOT NULL,
    raw         bytea                      -- null beyond the limits
);
CREATE INDEX rejected_by_intake ON rejected (intake);

CREATE TABLE readmission (
    identity    bytea NOT NULL REFERENCES rejected,
    intake      int8 NOT NULL,
    outcome     text NOT NULL,
    PRIMARY KEY (identity, intake)
);

CREATE TABLE ledger (
    intake      int8 NOT NULL,
    device      int4 NOT NULL,             -- 0: no registered sender
    messages    int4 NOT NULL,
    unreadable  int4 NOT NULL,             -- messages whose readings cannot be counted
    offered     int4 NOT NULL,
    stored      int4 NOT NULL,
    duplicate   int4 NOT NULL,
    conflict    int4 NOT NULL,
    rejected    int4 NOT NULL,
    PRIMARY KEY (intake, device),
    CHECK (offered = stored + duplicate + conflict + rejected)
);

CREATE TABLE box_event (
    intake      int8 PRIMARY KEY,
    at          timestamptz NOT NULL,
    kind        text NOT NULL,             -- session_opened, session_lost, registry_applied, unjudged
    detail      json NOT NULL
);

-- Rules and alerts -------------------------------------------------------------------

CREATE SEQUENCE excursion_id AS int8;
CREATE TABLE excursion_revision (
    excursion   int8 NOT NULL,
    revision    int4 NOT NULL,
    intake      int8 NOT NULL,
    point       int4 NOT NULL,
    rule        text NOT NULL,
    version     text NOT NULL REFERENCES rule_version,
    level       text NOT NULL,
    severity    int2 NOT NULL,
    started     timestamptz NOT NULL,
    ended       timestamptz,               -- null: open
    peak        float8 NOT NULL,
    peak_time   timestamptz NOT NULL,
    withdrawn   bool NOT NULL,
    PRIMARY KEY (excursion, revision)
);
CREATE INDEX excursion_revision_by_point ON excursion_revision (point, started);
CREATE INDEX excursion_revision_by_intake ON excursion_revision (intake);

CREATE VIEW excursion AS
    SELECT DISTINCT ON (excursion)
           excursion AS id, revision, intake, point, rule, version, level, severity,
           started, ended, peak, peak_time, withdrawn
      FROM excursion_revision
     ORDER BY excursion, revision DESC;

CREATE SEQUENCE alert_id AS int8;
CREATE TABLE alert (
    id              int8 PRIMARY KEY,
    rule            text NOT NULL,         -- catalogue key, or the box's own: session-lost, unjudged
    version         text REFERENCES rule_version,   -- at the opening; null: the box's own
    point           int4 REFERENCES point, -- null: the subject is the box
    enterprise      int4 REFERENCES enterprise,     -- as at the opening
    site            int4 REFERENCES site,
    region          text,
    severity        int2 NOT NULL,
    suppressed      bool NOT NULL,         -- not in use at the opening: nobody is told
    predecessor     int8 REFERENCES alert,
    opened_at       timestamptz NOT NULL,
    returned_at     timestamptz,           -- facts; the state is derived from them
    acknowledged_at timestamptz,
    withdrawn_at    timestamptz,
    entries         int4 NOT NULL          -- of the journal
);
CREATE INDEX alert_live ON alert (point, rule, id) WHERE withdrawn_at IS NULL;
CREATE INDEX alert_newest ON alert (opened_at DESC);
CREATE INDEX alert_open ON alert (opened_at)
 WHERE withdrawn_at IS NULL AND (returned_at IS NULL OR acknowledged_at IS NULL);

CREATE TABLE alert_excursion (
    alert       int8 NOT NULL REFERENCES alert,
    excursion   int8 NOT NULL,
    intake      int8 NOT NULL,
    PRIMARY KEY (alert, excursion)
);
CREATE INDEX alert_excursion_by_excursion ON alert_excursion (excursion);

CREATE TABLE alert_reading (
    alert       int8 NOT NULL REFERENCES alert,
    point       int4 NOT NULL,
    time        timestamptz NOT NULL,
    intake      int8 NOT NULL,             -- in which it was copied
    value       float8,
    quality     int2 NOT NULL,
    provenance  int2 NOT NULL,
    PRIMARY KEY (alert, point, time)
);

CREATE TABLE journal (
    alert       int8 NOT NULL REFERENCES alert,
    n           int4 NOT NULL,             -- 1, 2, 3 … without gaps within an alert
    intake      int8 NOT NULL,
    at          timestamptz NOT NULL,
    actor       text NOT NULL,
    event       text NOT NULL,
    severity    int2 NOT NULL,
    old_state   text,
    new_state   text NOT NULL,
    reason      text,
    detail      json NOT NULL,
    xid         xid8 NOT NULL DEFAULT pg_current_xact_id(),   -- for streams; not in the chain
    PRIMARY KEY (alert, n)
);
CREATE INDEX journal_by_xid ON journal (xid);
CREATE INDEX journal_by_intake ON journal (intake);

-- Work -------------------------------------------------------------------------------

CREATE TABLE delivery (
    id          text PRIMARY KEY,          -- stable over all attempts: {alert}-{n}-{channel}-{recipient}
    alert       int8 NOT NULL,
    n           int4 NOT NULL,
    channel     text NOT NULL,
    recipient   text NOT NULL,
    body        json NOT NULL,
    attempts    int4 NOT NULL DEFAULT 0,
    due         timestamptz NOT NULL,      -- real time
    delivered_at timestamptz,
    failed_at   timestamptz,               -- given up
    FOREIGN KEY (alert, n) REFERENCES journal (alert, n),
    UNIQUE (alert, n, channel, recipient)
);
CREATE INDEX delivery_due ON delivery (due) WHERE delivered_at IS NULL AND failed_at IS NULL;
CREATE TABLE attempt (
    delivery    text NOT NULL REFERENCES delivery,
    n           int4 NOT NULL,
    at          timestamptz NOT NULL,      -- real time
    outcome     text NOT NULL CHECK (outcome IN ('delivered', 'retry', 'failed')),
    detail      text NOT NULL,
    PRIMARY KEY (delivery, n)
);

CREATE TABLE request (
    id          int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    share       int2 NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('registry', 'readmission')),
    body        json NOT NULL,
    requested_by text NOT NULL,
    intake      int8,                      -- that carried it out
    outcome     json                       -- null: waiting
);
CREATE INDEX request_waiting ON request (id) WHERE outcome IS NULL;

CREATE TABLE heartbeat (
    share       int2 PRIMARY KEY REFERENCES share,
    beat_at     timestamptz NOT NULL,      -- real time
    connected   bool NOT NULL,             -- to the broker
    intake_at   timestamptz,               -- real time of the newest commit
    waiting     int4 NOT NULL              -- messages in the inbox
);
