-- The journal: inputs that led to a decision, and the decisions, in order, gapless. Written before any command
-- leaves. Times are UTC microseconds; `json` is the whole row as the engine made it.
CREATE TABLE journal_inputs (
    input_seq BIGINT PRIMARY KEY NOT NULL,
    boot_id TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    json TEXT NOT NULL
);

CREATE TABLE journal_decisions (
    seq BIGINT PRIMARY KEY NOT NULL,
    input_seq BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    session_id TEXT,
    correlation_id TEXT NOT NULL,
    event TEXT NOT NULL,
    level SMALLINT NOT NULL,
    json TEXT NOT NULL
);
CREATE INDEX journal_decisions_session ON journal_decisions (session_id, level, seq);

-- States to continue from: one before each session's start (`origin`, kept, for replay) and the latest (`rolling`).
CREATE TABLE snapshots (
    kind TEXT NOT NULL,
    next_seq BIGINT NOT NULL,
    next_input_seq BIGINT NOT NULL,
    session_id TEXT,
    at_us BIGINT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (kind, next_seq)
);
CREATE INDEX snapshots_session ON snapshots (session_id);

-- Projections, updated in the transaction of the decisions that changed them.
CREATE TABLE sessions (
    session_id TEXT PRIMARY KEY NOT NULL,
    strategy_id TEXT NOT NULL,
    configuration TEXT NOT NULL,
    configuration_hash TEXT NOT NULL,
    execution_mode TEXT NOT NULL,
    lifecycle TEXT NOT NULL,
    started_us BIGINT NOT NULL,
    ended_us BIGINT,
    exit_reason TEXT,
    correlation_id TEXT NOT NULL,
    last_seq BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX sessions_started ON sessions (started_us);

CREATE TABLE orders (
    client_order_id TEXT PRIMARY KEY NOT NULL,
    session_id TEXT NOT NULL,
    order_id TEXT,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    qty BIGINT NOT NULL,
    filled_qty BIGINT NOT NULL,
    status TEXT NOT NULL,
    submitted_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    correlation_id TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX orders_session ON orders (session_id, submitted_us);

CREATE TABLE fills (
    fill_id TEXT PRIMARY KEY NOT NULL,
    session_id TEXT NOT NULL,
    client_order_id TEXT,
    order_id TEXT NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    qty BIGINT NOT NULL,
    price TEXT NOT NULL,
    fee TEXT,
    settlement SMALLINT NOT NULL,
    at_us BIGINT NOT NULL,
    seq BIGINT NOT NULL
);
CREATE INDEX fills_session ON fills (session_id, at_us);

-- Answers that were given to keyed requests, in the transaction of what they did; kept 24 hours.
CREATE TABLE idempotency (
    username TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status SMALLINT NOT NULL,
    response TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (username, idempotency_key)
);
CREATE INDEX idempotency_age ON idempotency (created_us);
