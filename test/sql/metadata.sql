-- Metadata is stored as the caller's object with the envelope, exactly as the server itself would build it.
\t on
\pset format unaligned
LOAD 'eventlog';

CREATE TABLE documents (place int GENERATED ALWAYS AS IDENTITY, document jsonb, id uuid);

-- The objects have 0, 1, 31, 32, 33, 200 and 256 keys: below, at and above the stride of JSONB's offsets.
INSERT INTO documents (document) SELECT sample_object(keys * 100, keys,
                                                      2) FROM unnest(ARRAY[0, 1, 15, 16, 31, 32, 33, 63, 64, 200,
                                                          256]) keys;
-- The keys come before and after _eventLog in JSONB's order, by length and by bytes.
INSERT INTO documents (document) VALUES
    ('{"a": 1.5}'), ('{"longer than nine": 1.5}'), ('{"ZZZZZZZZZ": 1.5}'), ('{"zzzzzzzzz": 1.5}'),
    ('{"_eventLof": 1, "_eventLoh": 2}'),
    ('{"": 1.25, "éééé": "é", "éééééé": {"a": [1.5, {"b": []}]}}'),
    ('{"a": {}, "b": [], "ZZZZZZZZZ": {}, "zzzzzzzzz": [], "0123456789": {}}'),
    ('{"n": 123456789012345678901234567890.0123456789, "m": -1e-100, "o": 1e200}'),
    ('{"deep": [[[[[[[[[[{"a": {"b": {"c": [1, "x", 2]}}}]]]]]]]]]]}');
-- One large string is compressed or stored out of line.
INSERT INTO documents (document) VALUES (jsonb_build_object('large', repeat('x', 60000)));
INSERT INTO documents (document) SELECT jsonb_build_object('large',
                                                           string_agg(md5(i::text), '')) FROM generate_series(1,
                                                               1900) i;
-- The values of the samples change the padding before and behind the envelope.
INSERT INTO documents (document) SELECT sample_object(seed, seed % 40, 2) FROM generate_series(1, 300) seed;

UPDATE documents SET id = eventlog.log_event('document', document,
                                             idempotency_key => CASE WHEN place % 3 = 0 THEN repeat('k', place) END)
WHERE place <= 160;
UPDATE documents SET id = eventlog.log_event('document', document,
                                             forward_to_statsig => place % 2 = 0) WHERE place > 160;

CREATE VIEW stored_documents AS
SELECT place, document, metadata, document || jsonb_build_object('_eventLog', metadata -> '_eventLog') AS built,
       metadata::text::jsonb AS parsed
FROM documents JOIN eventlog.events ON event_id = id;

-- The stored metadata is the caller's object and the reserved key, nothing else.
SELECT count(*), bool_and(metadata - '_eventLog' = document), bool_and(metadata = built) FROM stored_documents;
SELECT bool_and(jsonb_pretty(metadata) = jsonb_pretty(built)),
       bool_and(metadata::text = built::text) FROM stored_documents;

-- The stored bytes are those that the server itself makes from the parts and from the text.
SELECT bool_and(same_bytes(metadata, built)), bool_and(same_bytes(metadata, parsed)),
       bool_and(jsonb_send(metadata) = jsonb_send(built)) FROM stored_documents;
SELECT bool_and(pg_column_size(metadata || '{}') = pg_column_size(built)) FROM stored_documents;
SELECT bool_and(same_bytes(metadata -> '_eventLog', (metadata -> '_eventLog')::text::jsonb)) FROM stored_documents;

-- Every operator works on the stored metadata.
SELECT bool_and(metadata @> document), bool_and(metadata @? '$._eventLog.forwardToStatsig'),
       bool_and((SELECT count(*) FROM jsonb_object_keys(metadata)) = (SELECT count(*) FROM jsonb_object_keys(document)) + 1)
FROM stored_documents;
SELECT count(*) > 5000, bool_and(same_bytes(metadata -> key, value)) FROM stored_documents, jsonb_each(document);

-- Metadata that comes from a table, compressed or stored out of line, is read like any other.
CREATE TABLE copies AS SELECT place, metadata - '_eventLog' AS document FROM stored_documents;
SELECT count(*), bool_and((stored(eventlog.log_event('copy',
                                                     document)) -> 'metadata') - '_eventLog' = document) FROM copies;

DROP VIEW stored_documents;
DROP TABLE documents, copies;
