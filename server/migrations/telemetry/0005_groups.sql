-- What makes two errors of browsers the same. Errors without one are grouped by event and message.
ALTER TABLE log_records ADD COLUMN fingerprint TEXT;
