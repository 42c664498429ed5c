-- Log records, newest read first; `id` is the order of commit and the cursor of every reader.
CREATE TABLE log_records (
    id INTEGER PRIMARY KEY NOT NULL,
    event_id TEXT NOT NULL UNIQUE,
    at_us BIGINT NOT NULL,
    level SMALLINT NOT NULL,
    source TEXT NOT NULL,
    event TEXT NOT NULL,
    message TEXT NOT NULL,
    session_id TEXT,
    correlation_id TEXT,
    body TEXT NOT NULL
);
CREATE INDEX log_records_time ON log_records (at_us, id);
CREATE INDEX log_records_errors ON log_records (at_us, id) WHERE level >= 4;
CREATE INDEX log_records_event ON log_records (event, at_us);
CREATE INDEX log_records_correlation ON log_records (correlation_id, at_us) WHERE correlation_id IS NOT NULL;
CREATE INDEX log_records_session ON log_records (session_id, at_us) WHERE session_id IS NOT NULL;

-- Ids of browser batches that were committed: a repeat is recognised for 24 hours.
CREATE TABLE seen_batches (
    bid TEXT PRIMARY KEY NOT NULL,
    seen_us BIGINT NOT NULL
);
CREATE INDEX seen_batches_age ON seen_batches (seen_us);

-- One row since forwarding was first configured: how far it is, and its books.
CREATE TABLE forwarder (
    name TEXT PRIMARY KEY NOT NULL,
    cursor_id BIGINT NOT NULL,
    committed BIGINT NOT NULL,
    turned_away BIGINT NOT NULL,
    delivered BIGINT NOT NULL,
    quarantined BIGINT NOT NULL,
    duplicates BIGINT NOT NULL
);

-- Records that the search engine will not take, with its reason.
CREATE TABLE dead_letters (
    event_id TEXT PRIMARY KEY NOT NULL,
    record_id BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    data_stream TEXT NOT NULL,
    status SMALLINT NOT NULL,
    reason TEXT NOT NULL,
    body TEXT NOT NULL
);
