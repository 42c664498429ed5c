-- What finished sessions came to. Amounts in units of 10^-8 USD, for comparing and adding up; the body is the whole
-- result. NULL is unknown, never zero.
CREATE TABLE results (
    session_id TEXT PRIMARY KEY NOT NULL,
    started_us BIGINT NOT NULL,
    ended_us BIGINT NOT NULL,
    strategy_id TEXT NOT NULL,
    configuration TEXT NOT NULL,
    execution_mode TEXT NOT NULL,
    underlying TEXT NOT NULL,
    exit_reason TEXT,
    traded SMALLINT NOT NULL,
    held_ms BIGINT,
    credit_e8 BIGINT,
    fees_e8 BIGINT,
    net_e8 BIGINT,
    slippage_e8 BIGINT,
    body TEXT NOT NULL
);
CREATE INDEX results_ended ON results (ended_us, session_id);

-- The journal is followed anew from its beginning, so that what it still holds is in the new table.
DELETE FROM progress;
