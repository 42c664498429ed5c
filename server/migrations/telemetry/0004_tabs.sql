-- The books of every browser tab: what it numbered, what arrived, what it declared as dropped. Moved in the
-- transaction that stores its batch, so that repeats and kills change nothing.
CREATE TABLE client_tabs (
    client_session_id TEXT NOT NULL,
    tab_id TEXT NOT NULL,
    user_id TEXT,
    build_id TEXT,
    first_us BIGINT NOT NULL,
    last_us BIGINT NOT NULL,
    lowest_no BIGINT NOT NULL,
    highest_no BIGINT NOT NULL,
    calls BIGINT NOT NULL,
    records BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    skew_ms BIGINT NOT NULL,
    PRIMARY KEY (client_session_id, tab_id)
);
CREATE INDEX client_tabs_age ON client_tabs (last_us);
CREATE INDEX client_tabs_tab ON client_tabs (tab_id, highest_no);

CREATE TABLE client_tab_drops (
    client_session_id TEXT NOT NULL,
    tab_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    calls BIGINT NOT NULL,
    PRIMARY KEY (client_session_id, tab_id, reason)
);
