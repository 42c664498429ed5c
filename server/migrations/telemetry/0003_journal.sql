-- How far the trading journal has been told as log records; moved in the transaction that stores them.
CREATE TABLE journal (
    name TEXT PRIMARY KEY NOT NULL,
    next_seq BIGINT NOT NULL
);
