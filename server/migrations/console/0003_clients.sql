-- Whose browser sessions (`sid` of log batches) those are that logged under a login. Also after its end, so that
-- nobody inherits one.
CREATE TABLE client_sessions (
    client_session_id TEXT PRIMARY KEY NOT NULL,
    username TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    bound_us BIGINT NOT NULL
);
CREATE INDEX client_sessions_login ON client_sessions (token_hash, bound_us);
CREATE INDEX client_sessions_age ON client_sessions (bound_us);
-- The login knew its first browser session only.
INSERT INTO client_sessions (client_session_id, username, token_hash, bound_us)
    SELECT client_session_id, username, token_hash, created_us FROM web_sessions
    WHERE client_session_id IS NOT NULL
    ON CONFLICT (client_session_id) DO NOTHING;
