-- Finds the dead letters of records that are forgotten.
CREATE INDEX dead_letters_record ON dead_letters (record_id);
