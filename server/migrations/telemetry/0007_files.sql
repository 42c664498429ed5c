-- Records are lines of files. Whatever rows there were has been taken over before this step.
DROP TABLE IF EXISTS log_records;

-- How far the books here were made from the log.
CREATE TABLE IF NOT EXISTS log_applied (
    name TEXT PRIMARY KEY NOT NULL,
    position BIGINT NOT NULL
);
