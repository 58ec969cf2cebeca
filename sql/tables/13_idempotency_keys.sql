CREATE TABLE eventlog.idempotency_keys (
    event_id     uuid NOT NULL,
    key_hash     bytea NOT NULL,
    payload_hash bytea NOT NULL
) PARTITION BY RANGE (event_id);
COMMENT ON TABLE eventlog.idempotency_keys IS
    'the first event of each idempotency key; partitions older than eventlog.idempotency_window are dropped';
COMMENT ON COLUMN eventlog.idempotency_keys.event_id IS 'event that was logged with the key';
COMMENT ON COLUMN eventlog.idempotency_keys.key_hash IS
    'first half of a SHA-256 digest of tenant, source and key, followed by that of the login role; keys that release 0.2.0 stored lack the second part';
COMMENT ON COLUMN eventlog.idempotency_keys.payload_hash IS 'first half of a SHA-256 digest of the fields that the caller gave';
