-- How many records each minute has, for pictures of long times: of every event, and (event 0) of all together. The minute is
-- the time in microseconds divided by sixty million.
CREATE TABLE minutes (
    event BIGINT NOT NULL,
    minute BIGINT NOT NULL,
    level SMALLINT NOT NULL,
    source SMALLINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (event, minute, level, source)
) WITHOUT ROWID;
INSERT INTO minutes SELECT event, at_us / 60000000, level, source, COUNT(*) FROM records GROUP BY 1, 2, 3, 4;
INSERT INTO minutes SELECT 0, minute, level, source, SUM(n) FROM minutes GROUP BY 2, 3, 4;
