-- Ids: UUIDv7, ordered, and their ULID text.
\t on
\pset format unaligned
LOAD 'eventlog';

-- event_id is a UUIDv7: version 7, variant 10.
SELECT count(*), bool_and(substr(id::text, 15, 1) = '7'), bool_and(substr(id::text, 20, 1) IN ('8', '9', 'a', 'b')),
       count(DISTINCT substr(id::text, 20, 1)) > 1
FROM (SELECT eventlog.log_event('id') FROM generate_series(1, 1000)) l(id);

-- Ids increase strictly inside one statement, from one to the next, and with ingested_at.
CREATE TABLE made (place bigint GENERATED ALWAYS AS IDENTITY, id uuid);
INSERT INTO made (id) SELECT eventlog.log_event('ordered') FROM generate_series(1, 5000);
INSERT INTO made (id) SELECT eventlog.log_event('ordered');
INSERT INTO made (id) SELECT eventlog.log_event('ordered');
INSERT INTO made (id) SELECT id FROM eventlog.log_events('[{"eventName": "ordered"}, {"eventName": "ordered"}]') id;
INSERT INTO made (id) SELECT eventlog.log_event('ordered') FROM generate_series(1, 100);
SELECT count(*), count(DISTINCT id), bool_and(id > before)
FROM (SELECT id, lag(id, 1, uuid_at('epoch')) OVER (ORDER BY place) AS before FROM made) s;
SELECT bool_and(ingested_at >= before)
FROM (SELECT ingested_at, lag(ingested_at, 1, 'epoch') OVER (ORDER BY event_id) AS before
      FROM eventlog.events WHERE event_name = 'ordered') s;

-- An id contains the time when it was made, which is not before the millisecond of its row's ingested_at, and soon after it.
SELECT bool_and(eventlog.event_time(event_id) >= date_trunc('milliseconds', ingested_at)),
       min(eventlog.event_time(event_id) - ingested_at) < '1 s'
FROM eventlog.events WHERE event_name = 'ordered';

-- Two ids never share their random part.
SELECT count(DISTINCT right(id::text, 17)) = count(*) FROM made;

-- The caller cannot give an id: there is no argument and no key for it.
SELECT proargnames && ARRAY['event_id', 'id', 'tenant_id'] FROM pg_proc WHERE oid = 'eventlog.log_event'::regproc;

-- ulid and from_ulid convert known pairs both ways.
CREATE TABLE known (id uuid, text text);
INSERT INTO known VALUES
    ('00000000-0000-0000-0000-000000000000', '00000000000000000000000000'),
    ('ffffffff-ffff-ffff-ffff-ffffffffffff', '7ZZZZZZZZZZZZZZZZZZZZZZZZZ'),
    ('00000000-0000-0000-0000-000000000001', '00000000000000000000000001'),
    ('80000000-0000-0000-0000-000000000000', '40000000000000000000000000'),
    ('01563e3a-b5d3-d676-4c61-efb99302bd5b', '01ARZ3NDEKTSV4RRFFQ69G5FAV'),
    ('0190163d-8694-739b-aea5-966c26f8ad91', '01J0B3V1MMEEDTX9CPDGKFHBCH');
SELECT id, eventlog.ulid(id) = text, eventlog.from_ulid(text) = id, eventlog.from_ulid(lower(text)) = id FROM known;

-- The text is Crockford's base 32, computed in SQL from the id's bits.
CREATE FUNCTION ulid_by_the_book(id uuid) RETURNS text
    LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(bits, place, 5)::bit(5)::int + 1, 1),
                      '' ORDER BY place)
    FROM (SELECT '00' || ('x' || replace(id::text, '-', ''))::bit(128)::text) b(bits), generate_series(1, 130, 5) place
$$;
SELECT bool_and(ulid_by_the_book(id) = text) FROM known;
SELECT count(*), bool_and(eventlog.ulid(id) = ulid_by_the_book(id)),
       bool_and(eventlog.from_ulid(eventlog.ulid(id)) = id)
FROM (SELECT md5(n::text)::uuid FROM generate_series(1, 2000) n UNION SELECT id FROM made) s(id);

-- The text sorts in the same order as the id.
SELECT bool_and(by_id = by_text)
FROM (SELECT row_number() OVER (ORDER BY id) AS by_id,
      row_number() OVER (ORDER BY eventlog.ulid(id) COLLATE "C") AS by_text
      FROM (SELECT md5(n::text)::uuid FROM generate_series(1, 2000) n) s(id)) r;

-- Letters that look like digits are read as digits.
SELECT eventlog.from_ulid('0IARZ3NDEKTSV4RRFFQ69G5FAV') = eventlog.from_ulid('01ARZ3NDEKTSV4RRFFQ69G5FAV'),
       eventlog.from_ulid('0lARZ3NDEKTSV4RRFFQ69G5FAV') = eventlog.from_ulid('01ARZ3NDEKTSV4RRFFQ69G5FAV'),
       eventlog.from_ulid('oOARZ3NDEKTSV4RRFFQ69G5FAV') = eventlog.from_ulid('00ARZ3NDEKTSV4RRFFQ69G5FAV');

-- A text that is not a ULID is refused with 22P02.
SELECT refusal($$SELECT eventlog.from_ulid('01ARZ3NDEKTSV4RRFFQ69G5FA')$$);
SELECT text, verdict(format('SELECT eventlog.from_ulid(%L)', text))
FROM unnest(ARRAY['', '01ARZ3NDEKTSV4RRFFQ69G5FAVX', '8ZZZZZZZZZZZZZZZZZZZZZZZZZ', 'ZZZZZZZZZZZZZZZZZZZZZZZZZZ',
                  '01ARZ3NDEKTSV4RRFFQ69G5FAU',
                  '01ARZ3NDEKTSV4RRFFQ69G5FA-', '01ARZ3NDEKTSV4RRFFQ69G5FA ', ' 01ARZ3NDEKTSV4RRFFQ69G5FAV',
                  '01ARZ3NDEKTSV4RRFFQ69G5éV',
                  '01563e3a-b5d3-d676-4c61-efb99302bd5b']) text;
SELECT refusal(format('SELECT eventlog.from_ulid(%L)', repeat('é', 1000)));

-- event_time is the first 48 bits, in milliseconds since 1970 (the second id is RFC 9562's example).
SELECT eventlog.event_time('00000000-0000-7000-8000-000000000000') = 'epoch',
       eventlog.event_time('017f22e2-79b0-7cc3-98c4-dc0c0c07398f') = '2022-02-22 19:22:22+00',
       eventlog.event_time('ffffffff-ffff-7fff-bfff-ffffffffffff') = '10889-08-02 05:31:50.655+00';
SELECT bool_and(eventlog.event_time(uuid_at(t)) = t)
FROM unnest(ARRAY['1970-01-01 00:00:00.001+00', '2026-11-20 08:15:30.123+00',
                  '9999-12-31 23:59:59.999+00']::timestamptz[]) t;

-- NULL gives NULL; the functions can be used in indexes and parallel plans.
SELECT eventlog.ulid(NULL) IS NULL, eventlog.from_ulid(NULL) IS NULL, eventlog.event_time(NULL) IS NULL;
SELECT proname, provolatile, proparallel, proisstrict FROM pg_proc
WHERE pronamespace = 'eventlog'::regnamespace AND proname IN ('ulid', 'from_ulid', 'event_time') ORDER BY proname;

DROP FUNCTION ulid_by_the_book;
DROP TABLE made, known;
