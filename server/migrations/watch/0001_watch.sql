-- What goes on from a restart: the judgement of alerts, how far the journal was looked at, log levels.
CREATE TABLE state (
    name TEXT PRIMARY KEY NOT NULL,
    body TEXT NOT NULL
);

-- Every alert, also those that ended.
CREATE TABLE alerts (
    id TEXT PRIMARY KEY NOT NULL,
    fired_us BIGINT NOT NULL,
    resolved_us BIGINT,
    body TEXT NOT NULL
);
CREATE INDEX alerts_age ON alerts (fired_us);

-- What became of each message.
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY NOT NULL,
    at_us BIGINT NOT NULL,
    alert_id TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX deliveries_age ON deliveries (at_us);

-- Answers to keyed requests, for a day.
CREATE TABLE answers (
    username TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status INTEGER NOT NULL,
    response TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (username, idempotency_key)
);
CREATE INDEX answers_age ON answers (created_us);
