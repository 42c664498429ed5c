-- The journal of format 2. What format 1 wrote cannot be read as the same words any more: it is kept beside, under
-- other names, and nothing reads it but people. Projections live in history.db from now on.
DROP INDEX journal_decisions_session;
DROP INDEX journal_decisions_input;
DROP INDEX snapshots_session;
ALTER TABLE journal_inputs RENAME TO format_1_journal_inputs;
ALTER TABLE journal_decisions RENAME TO format_1_journal_decisions;
ALTER TABLE snapshots RENAME TO format_1_snapshots;
ALTER TABLE sessions RENAME TO format_1_sessions;
ALTER TABLE orders RENAME TO format_1_orders;
ALTER TABLE fills RENAME TO format_1_fills;

-- Inputs that led to a decision, and the decisions, in order, gapless. Written before any command leaves. Times are
-- UTC microseconds; `json` is the row as the engine made it, `format` the version of its words. The prices that a
-- market input brought stand in the decision `market.seen` that they led to, not here.
CREATE TABLE journal_inputs (
    input_seq BIGINT PRIMARY KEY NOT NULL,
    format SMALLINT NOT NULL,
    at_us BIGINT NOT NULL,
    json TEXT NOT NULL
);

CREATE TABLE journal_decisions (
    seq BIGINT PRIMARY KEY NOT NULL,
    input_seq BIGINT NOT NULL,
    format SMALLINT NOT NULL,
    at_us BIGINT NOT NULL,
    session_id TEXT,
    level SMALLINT NOT NULL,
    json TEXT NOT NULL
);
CREATE INDEX journal_decisions_of_input ON journal_decisions (input_seq);
-- For people: what is below info is found by number only. 2 is info.
CREATE INDEX journal_decisions_told ON journal_decisions (session_id, seq) WHERE level >= 2;

-- States to continue from: one before each session's start (`origin`, for its replay) and the latest (`rolling`).
CREATE TABLE snapshots (
    kind TEXT NOT NULL,
    next_seq BIGINT NOT NULL,
    next_input_seq BIGINT NOT NULL,
    format SMALLINT NOT NULL,
    session_id TEXT,
    at_us BIGINT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (kind, next_seq)
);
CREATE INDEX snapshots_of_session ON snapshots (session_id) WHERE session_id IS NOT NULL;
