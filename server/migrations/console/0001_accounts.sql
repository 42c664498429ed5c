-- People who may sign in. No hash yet: the one-time link sets the first password.
CREATE TABLE users (
    username TEXT PRIMARY KEY NOT NULL,
    password_hash TEXT,
    created_us BIGINT NOT NULL
);

-- Browser sessions by the digest of their cookie.
CREATE TABLE web_sessions (
    token_hash TEXT PRIMARY KEY NOT NULL,
    username TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    seen_us BIGINT NOT NULL,
    client_session_id TEXT
);
CREATE INDEX web_sessions_user ON web_sessions (username);
