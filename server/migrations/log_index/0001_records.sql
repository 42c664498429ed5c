-- Names of events, sessions, browser sessions and builds. The log itself is in the segments; this is made from it.
CREATE TABLE words (
    id INTEGER PRIMARY KEY NOT NULL,
    word TEXT NOT NULL UNIQUE
);

-- What the lines of one day are, in order of time, and where each lies.
CREATE TABLE records (
    at_us BIGINT NOT NULL,
    position BIGINT NOT NULL,
    level SMALLINT NOT NULL,
    source SMALLINT NOT NULL,
    event BIGINT NOT NULL,
    session BIGINT,
    correlation BLOB,
    PRIMARY KEY (at_us, position)
) WITHOUT ROWID;
CREATE INDEX records_errors ON records (at_us, position) WHERE level >= 4;
CREATE INDEX records_event ON records (event, at_us, position);
CREATE INDEX records_session ON records (session, at_us, position) WHERE session IS NOT NULL;
CREATE INDEX records_correlation ON records (correlation, at_us, position) WHERE correlation IS NOT NULL;

-- Errors and worse: what makes them the same, and how many calls each stands for.
CREATE TABLE errors (
    at_us BIGINT NOT NULL,
    position BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    calls BIGINT NOT NULL,
    client BIGINT,
    build BIGINT,
    PRIMARY KEY (at_us, position)
) WITHOUT ROWID;

-- Up to here the lines were looked at.
CREATE TABLE covered (
    name TEXT PRIMARY KEY NOT NULL,
    position BIGINT NOT NULL
);
