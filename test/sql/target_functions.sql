-- The functions of targets: redrive, purge_dead_letters, rewind_target, wait_for_forward. Nothing is sent, because the target
-- is paused in the transaction that makes it.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = error;
SET TimeZone = 'UTC';
DROP SERVER IF EXISTS regress_eventlog_a CASCADE;
BEGIN;
CREATE SERVER regress_eventlog_a FOREIGN DATA WRAPPER eventlog
    OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson', events 'order.*, !order.viewed');
SELECT eventlog.pause_target('regress_eventlog_a');
COMMIT;

-- Name patterns select events, flagged or not, and waiting events are counted by them.
SELECT eventlog.log_event(name, forward_to_statsig => flag) IS NOT NULL
FROM (VALUES ('order.paid', false), ('order.viewed', true), ('user.created', true), ('order.item.added', NULL)) e(name, flag);
SELECT lag_events FROM eventlog.forward_status;
SELECT events, eventlog_internal.selects(events, 'order.paid', '{"_eventLog": {"forwardToStatsig": true}}'),
       eventlog_internal.selects(events, 'order.paid', '{}')
FROM unnest(ARRAY['flagged', 'all', 'order.*', '!order.paid', 'order', 'flagged']) events;
SELECT refusal('SELECT eventlog_internal.selects(''a,'', ''a'', ''{}'')');
SELECT eventlog_internal.selects(NULL, 'a', '{}') IS NULL;

-- redrive marks one dead letter, all, or the ones of a time and a reason; a marked dead letter is not counted again.
CREATE VIEW letters AS
SELECT target, extract(epoch FROM last_attempt_at) AS tried, reason, redriven_at IS NOT NULL AS redriven
FROM eventlog.dead_letters ORDER BY 1, 2;
INSERT INTO eventlog.dead_letters (target, event_id, status, reason, body, attempts, first_attempt_at, last_attempt_at)
SELECT target, uuid_at(to_timestamp(n)), 400, reason, 'body', 1, to_timestamp(n), to_timestamp(n)
FROM (VALUES ('regress_eventlog_a', 1, 'the endpoint answered 400'), ('regress_eventlog_a', 2, 'the endpoint answered 422'),
             ('regress_eventlog_a', 3, 'name longer than 64 characters'), ('regress_eventlog_a', 4, '100% wrong'),
             ('regress_eventlog_other', 2, 'the endpoint answered 400')) d(target, n, reason);
BEGIN;
SELECT eventlog.redrive('regress_eventlog_a', uuid_at(to_timestamp(2)));
SELECT eventlog.redrive('regress_eventlog_a', uuid_at(to_timestamp(2)));
SELECT eventlog.redrive('regress_eventlog_a', uuid_at(to_timestamp(9)));
SELECT * FROM letters;
SELECT eventlog.redrive('regress_eventlog_a');
SELECT * FROM letters;
SELECT eventlog.redrive('regress_eventlog_a', NULL);
ROLLBACK;
CREATE FUNCTION redriven(from_ts timestamptz, to_ts timestamptz, reason text) RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    marked bigint := eventlog.redrive('regress_eventlog_a', from_ts, to_ts, reason);
    which text := (SELECT string_agg(tried::int::text, ' ') FROM letters WHERE redriven);
BEGIN
    UPDATE eventlog.dead_letters SET redriven_at = NULL;
    RETURN format('%s: %s', marked, which);
END
$$;
SELECT redriven(to_timestamp(2), NULL, NULL), redriven(NULL, to_timestamp(3), NULL),
       redriven(to_timestamp(2), to_timestamp(3), NULL), redriven(NULL, NULL, 'the endpoint answered%'),
       redriven(NULL, NULL, 'answered'), redriven(NULL, NULL, '100\% wrong'), redriven(NULL, NULL, NULL),
       redriven(to_timestamp(2), NULL, '%400');
SELECT eventlog.redrive(target => 'regress_eventlog_a', from_ts => NULL, to_ts => NULL, reason => 'none');
SELECT refusal('SELECT eventlog.redrive(''regress_eventlog_none'')');
SELECT refusal('SELECT eventlog.redrive(''regress_eventlog_none'', NULL, NULL, NULL)');
SELECT verdict('SELECT eventlog.redrive(NULL)'),
       verdict('SELECT eventlog.redrive(''regress_eventlog_a'', now(), NULL)');

-- purge_dead_letters deletes the dead letters that were last tried before a time.
BEGIN;
SELECT eventlog.purge_dead_letters('regress_eventlog_a', to_timestamp(3));
SELECT * FROM letters;
SELECT eventlog.purge_dead_letters('regress_eventlog_a', 'infinity');
SELECT * FROM letters;
ROLLBACK;
SELECT refusal('SELECT eventlog.purge_dead_letters(''regress_eventlog_a'', NULL)');
SELECT refusal('SELECT eventlog.purge_dead_letters(''regress_eventlog_none'', now())');
DELETE FROM eventlog.dead_letters;

-- rewind_target opens another window with another number, and discards the position.
CREATE FUNCTION rewound(start_at text, OUT from_the_beginning boolean, OUT start_after uuid, OUT windows bigint,
                        OUT "position" uuid, OUT between_windows boolean, OUT same_start boolean)
    LANGUAGE plpgsql AS $$
DECLARE
    before bigint;
BEGIN
    UPDATE eventlog.reader_window SET to_snapshot = eventlog.horizon() RETURNING reader_window.win INTO before;
    UPDATE eventlog.reader_position p SET win = before, last_id = uuid_at('epoch');
    PERFORM eventlog.rewind_target('regress_eventlog_a', start_at);
    SELECT w.from_snapshot::text = '1:1:', w.start_after, w.win - before, p.last_id, w.to_snapshot IS NULL,
           w.start_snapshot::text = w.from_snapshot::text
    INTO from_the_beginning, start_after, windows, "position", between_windows, same_start
    FROM eventlog.reader_window w, eventlog.reader_position p;
END
$$;

SELECT value, r.* FROM unnest(ARRAY['now', 'NOW', 'beginning', '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    '01563E3A-B5D3-D676-4C61-EFB99302BD5B', '2026-11-21 07:06:05.123456', '2026-11-21T08:06:05.123+01', '1970-01-01Z']) value,
    rewound(value) r;
SELECT eventlog.event_time((rewound('2026-11-21 07:06:05.123456')).start_after);
SELECT value, verdict(format('SELECT eventlog.rewind_target(''regress_eventlog_a'', %L)', value))
FROM unnest(ARRAY['', 'then', '8ZZZZZZZZZZZZZZZZZZZZZZZZZ', 'infinity', '-infinity', '1969-12-31Z', '2026-02-30', '2026-11-21 25:00',
                  '01563E3A-B5D3-D676-4C61-EFB99302BD5', '99999-01-01', NULL]) value;
SELECT refusal('SELECT eventlog.rewind_target(''regress_eventlog_a'', ''soon'')');
SELECT refusal('SELECT eventlog.rewind_target(''regress_eventlog_none'', ''now'')');

-- A rewound target gets the events before it again.
SELECT eventlog.rewind_target('regress_eventlog_a', 'now');
SELECT lag_events FROM eventlog.forward_status;
SELECT event_id AS first FROM eventlog.events WHERE event_name = 'order.paid' ORDER BY 1 DESC LIMIT 1 \gset
SELECT eventlog.rewind_target('regress_eventlog_a', :'first');
SELECT lag_events FROM eventlog.forward_status;
SELECT eventlog.rewind_target('regress_eventlog_a', eventlog.event_time(:'first')::text);
SELECT lag_events FROM eventlog.forward_status;

-- wait_for_forward is true once the cursor has passed the event, and false for a dead letter.
CREATE FUNCTION waited(event_id uuid) RETURNS text
    LANGUAGE plpgsql AS $$
BEGIN
    RETURN coalesce(eventlog.wait_for_forward(event_id, 'regress_eventlog_a', '0')::text, 'null');
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;
-- Returns whether wait_for_forward would still wait: it returns false at once, or fails with 55000 if no worker is there to wait for.
CREATE FUNCTION pending(event_id uuid) RETURNS boolean
    RETURN waited(event_id) = CASE WHEN current_setting('shared_preload_libraries') ~ 'eventlog' THEN 'false' ELSE '55000' END;
CREATE FUNCTION advance(last uuid, used_up boolean) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    UPDATE eventlog.reader_window SET win = win + 1, to_snapshot = eventlog.horizon();
    UPDATE eventlog.reader_position p SET win = w.win, last_id = last, done = used_up FROM eventlog.reader_window w;
END
$$;
SELECT eventlog.rewind_target('regress_eventlog_a', 'beginning');
SELECT eventlog.log_event('order.paid') AS second \gset
SELECT eventlog.log_event('order.paid') AS third \gset
SELECT advance(:'second', false);
SELECT eventlog.log_event('order.paid') AS late \gset
SELECT waited(:'first'), waited(:'second'), pending(:'third'), pending(:'late'),
       eventlog.wait_for_forward(event_id => :'second', target => 'regress_eventlog_a', timeout => '-1 s');
SELECT advance('ffffffff-ffff-ffff-ffff-ffffffffffff', false);
SELECT eventlog.log_event('order.paid') AS later \gset
SELECT waited(:'late'), pending(:'later');
SELECT advance(:'third', true);
SELECT waited(:'second'), waited(:'third');
UPDATE eventlog.reader_window SET from_snapshot = to_snapshot, to_snapshot = NULL, win = win + 1;
SELECT waited(:'first'), waited(:'second'), waited(:'third'), waited(:'late');
SELECT eventlog.log_event('order.paid') AS behind \gset
SELECT pending(:'behind');
INSERT INTO eventlog.dead_letters VALUES ('regress_eventlog_a', :'second', 400, 'refused', '', 1, 'epoch', 'epoch'),
    ('regress_eventlog_other', :'third', 400, 'refused', '', 1, 'epoch', 'epoch');
SELECT waited(:'second'), waited(:'third');
SELECT eventlog.redrive('regress_eventlog_a', :'second');
SELECT pending(:'second');
DELETE FROM eventlog.dead_letters WHERE event_id = :'second';
SELECT waited(:'second');

-- An event that is not sent to the target, because of its name or because it is from before the target's start, is refused with 22023.
SELECT eventlog.log_event('order.viewed', forward_to_statsig => true) AS viewed \gset
SELECT replace(r, :'viewed', 'VIEWED') FROM refusal(format('SELECT eventlog.wait_for_forward(%L, ''regress_eventlog_a'', ''1 s'')', :'viewed')) r;

SELECT waited(:'viewed');
ALTER SERVER regress_eventlog_a OPTIONS (SET events 'flagged');
SELECT pending(:'viewed'), waited(:'third');
ALTER SERVER regress_eventlog_a OPTIONS (SET events 'all');
SELECT eventlog.rewind_target('regress_eventlog_a', :'second');
SELECT waited(:'first'), waited(:'second');
SELECT eventlog.rewind_target('regress_eventlog_a', 'now');
SELECT waited(:'third'), waited(:'viewed');

-- In the transaction that wrote the event the call fails with 55000 at once, also in a subtransaction and in the same statement.
SELECT verdict($$SELECT eventlog.wait_for_forward(eventlog.log_event('order.paid'), 'regress_eventlog_a', '1 h')$$);
BEGIN;
SELECT eventlog.log_event('order.paid') AS own \gset
SELECT waited(:'own');
SAVEPOINT s;
SELECT eventlog.log_event('order.paid') AS own \gset
RELEASE s;
SELECT waited(:'own');

ROLLBACK;

-- An unknown event, an unknown target and a missing argument are refused.
SELECT refusal('SELECT eventlog.wait_for_forward(''00000000-0000-7000-8000-000000000000'', ''regress_eventlog_a'', ''1 h'')');
SELECT waited(:'own');
SELECT refusal(format('SELECT eventlog.wait_for_forward(%L, ''regress_eventlog_none'', ''1 h'')', event_id))
FROM (SELECT event_id FROM eventlog.events LIMIT 1) e;
SELECT verdict(format('SELECT eventlog.wait_for_forward(%L, %L, %L)', event_id, target, timeout))
FROM (VALUES (NULL, 'regress_eventlog_a', '1 s'), ('00000000-0000-7000-8000-000000000000', NULL, '1 s'),
             ('00000000-0000-7000-8000-000000000000', 'regress_eventlog_a', NULL)) a(event_id, target, timeout);

-- Only a role that has been granted the functions may call them, and it needs no privilege on the tables.
DROP ROLE IF EXISTS regress_eventlog_operator;
CREATE ROLE regress_eventlog_operator;
GRANT USAGE ON SCHEMA eventlog TO regress_eventlog_operator;
CREATE FUNCTION operates() RETURNS SETOF text
    LANGUAGE sql AS $$
    SELECT verdict(statement) FROM unnest(ARRAY[
        'SELECT eventlog.redrive(''regress_eventlog_a'')', 'SELECT eventlog.redrive(''regress_eventlog_a'', NULL, NULL, NULL)',
        'SELECT eventlog.purge_dead_letters(''regress_eventlog_a'', ''-infinity'')',
        'SELECT eventlog.rewind_target(''regress_eventlog_a'', ''now'')',
        'SELECT eventlog.wait_for_forward(gen_random_uuid(), ''regress_eventlog_a'', ''0'')',
        'SELECT eventlog_internal.selects(''all'', ''a'', ''{}'')', 'SELECT eventlog_internal.read_start(''now'')',
        'SELECT eventlog_internal.require_target(''regress_eventlog_a'')']) statement
$$;
SET ROLE regress_eventlog_operator;
SELECT operates();
RESET ROLE;
GRANT EXECUTE ON FUNCTION eventlog.redrive(text, uuid), eventlog.redrive(text, timestamptz, timestamptz, text),
    eventlog.purge_dead_letters, eventlog.rewind_target, eventlog.wait_for_forward TO regress_eventlog_operator;
SET ROLE regress_eventlog_operator;
SELECT operates();
RESET ROLE;
DROP OWNED BY regress_eventlog_operator;
DROP ROLE regress_eventlog_operator;

DROP SERVER regress_eventlog_a;
DELETE FROM eventlog.dead_letters;
DROP FUNCTION operates, pending, waited, advance, redriven, rewound;
DROP VIEW letters;
