-- The forwarder goes on in lanes, each with a cursor of its own: a stream that is refused holds up no other, and what
-- is urgent overtakes a backlog. `index_name` is where the lane's last record went: after an answer that was cut it
-- says which index is to be asked before records are sent again.
CREATE TABLE forwarder_lanes (
    name TEXT PRIMARY KEY NOT NULL,
    cursor_id BIGINT NOT NULL,
    index_name TEXT
);
INSERT INTO forwarder_lanes (name, cursor_id)
    SELECT lane.name, f.cursor_id FROM forwarder f, (SELECT 'audit' AS name UNION ALL SELECT 'app_errors'
    UNION ALL SELECT 'web_errors' UNION ALL SELECT 'app' UNION ALL SELECT 'web') AS lane WHERE f.name = 'main';
-- Finds what is urgent in a long backlog.
CREATE INDEX log_records_urgent ON log_records (id) WHERE level >= 4 OR source = 'audit';
-- Dead letters that somebody wants to be sent again.
ALTER TABLE dead_letters ADD COLUMN replay SMALLINT NOT NULL DEFAULT 0;
CREATE INDEX dead_letters_replay ON dead_letters (record_id) WHERE replay = 1;
