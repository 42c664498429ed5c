-- What the console lists: sessions, orders, fills and the P&L curve as the journal's decisions left them. Made from
-- the journal by a cursor of its own; lost, it is made again from what the journal still holds.
CREATE TABLE progress (
    name TEXT PRIMARY KEY NOT NULL,
    next_seq BIGINT NOT NULL
);

CREATE TABLE sessions (
    session_id TEXT PRIMARY KEY NOT NULL,
    strategy_id TEXT NOT NULL,
    configuration TEXT NOT NULL,
    configuration_hash TEXT NOT NULL,
    execution_mode TEXT NOT NULL,
    underlying TEXT NOT NULL,
    lifecycle TEXT NOT NULL,
    started_us BIGINT NOT NULL,
    ended_us BIGINT,
    exit_reason TEXT,
    correlation_id TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX sessions_started ON sessions (started_us);

CREATE TABLE orders (
    client_order_id TEXT PRIMARY KEY NOT NULL,
    session_id TEXT,
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
CREATE INDEX orders_of_session ON orders (session_id, submitted_us);

CREATE TABLE fills (
    fill_id TEXT PRIMARY KEY NOT NULL,
    session_id TEXT,
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
CREATE INDEX fills_of_session ON fills (session_id, at_us);

CREATE TABLE points (
    session_id TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (session_id, at_us)
);
