-- Changes of accounts that are still to be told as audit records; the command line cannot tell while a server runs.
CREATE TABLE account_changes (
    id INTEGER PRIMARY KEY NOT NULL,
    at_us BIGINT NOT NULL,
    username TEXT NOT NULL,
    change TEXT NOT NULL,
    author TEXT NOT NULL
);
