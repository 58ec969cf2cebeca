-- What pg_dump wrote of a log that version 0.2.0 had written, in database logs of PostgreSQL 15; @PORT@ stands for the endpoint's port.

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE SCHEMA eventlog;

COMMENT ON SCHEMA eventlog IS 'business event log: log_event() writes, the worker forwards';

CREATE EXTENSION IF NOT EXISTS eventlog WITH SCHEMA eventlog;

COMMENT ON EXTENSION eventlog IS 'business event log: validated, append-only, forwarded to analytics endpoints';

CREATE SERVER halfway FOREIGN DATA WRAPPER eventlog OPTIONS (
    batch_events '5',
    events 'all',
    format 'ndjson',
    start_at 'beginning',
    url 'http://127.0.0.1:@PORT@/halfway'
);

CREATE SERVER paused FOREIGN DATA WRAPPER eventlog OPTIONS (
    events 'order.*',
    format 'ndjson',
    start_at 'beginning',
    url 'http://127.0.0.1:@PORT@/paused'
);

CREATE SERVER running FOREIGN DATA WRAPPER eventlog OPTIONS (
    events 'all',
    format 'ndjson',
    start_at 'beginning',
    url 'http://127.0.0.1:@PORT@/running'
);

SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE eventlog.events_p20261130_2000 (
    event_id uuid NOT NULL,
    event_name text NOT NULL,
    event_type text,
    source text NOT NULL,
    origin eventlog.event_origin NOT NULL,
    actor_type text,
    actor_id text,
    resource_type text,
    resource_id text,
    tenant_id uuid,
    event_ts timestamp with time zone NOT NULL,
    ingested_at timestamp with time zone NOT NULL,
    value double precision,
    metadata jsonb NOT NULL,
    schema_version text,
    trace_id text,
    app_version text,
    sofa text,
    xid xid8 NOT NULL
);

COMMENT ON COLUMN eventlog.events_p20261130_2000.event_id IS 'UUIDv7 made by the extension';

COMMENT ON COLUMN eventlog.events_p20261130_2000.event_name IS 'what happened, 1 to 256 characters';

COMMENT ON COLUMN eventlog.events_p20261130_2000.event_type IS 'a class of events, where the application has one';

COMMENT ON COLUMN eventlog.events_p20261130_2000.source IS 'the service or module that logged it';

COMMENT ON COLUMN eventlog.events_p20261130_2000.origin IS 'where it arose';

COMMENT ON COLUMN eventlog.events_p20261130_2000.actor_type IS 'kind of the one who did it';

COMMENT ON COLUMN eventlog.events_p20261130_2000.actor_id IS 'who did it';

COMMENT ON COLUMN eventlog.events_p20261130_2000.resource_type IS 'kind of what it was done to';

COMMENT ON COLUMN eventlog.events_p20261130_2000.resource_id IS 'what it was done to';

COMMENT ON COLUMN eventlog.events_p20261130_2000.tenant_id IS 'the tenant, from the trusted context only';

COMMENT ON COLUMN eventlog.events_p20261130_2000.event_ts IS 'when it happened; equal to ingested_at where the caller did not say';

COMMENT ON COLUMN eventlog.events_p20261130_2000.ingested_at IS 'when the row was written, by the clock';

COMMENT ON COLUMN eventlog.events_p20261130_2000.value IS 'a number that belongs to the event; finite';

COMMENT ON COLUMN eventlog.events_p20261130_2000.metadata IS 'the caller''s JSON object, and the reserved key _eventLog';

COMMENT ON COLUMN eventlog.events_p20261130_2000.schema_version IS 'semantic version of the payload''s schema';

COMMENT ON COLUMN eventlog.events_p20261130_2000.trace_id IS 'W3C trace id';

COMMENT ON COLUMN eventlog.events_p20261130_2000.app_version IS 'version of the application that logged it';

COMMENT ON COLUMN eventlog.events_p20261130_2000.sofa IS 'anonymous visitor cookie';

COMMENT ON COLUMN eventlog.events_p20261130_2000.xid IS 'number of the transaction that wrote it, for readers of the log; no use for applications';

CREATE TABLE eventlog.idempotency_keys_p20251218 (
    event_id uuid NOT NULL,
    key_hash bytea NOT NULL,
    payload_hash bytea NOT NULL
);

COMMENT ON COLUMN eventlog.idempotency_keys_p20251218.key_hash IS 'half a SHA-256 of tenant, source and key';

COMMENT ON COLUMN eventlog.idempotency_keys_p20251218.payload_hash IS 'half a SHA-256 of the fields that the caller gave';

ALTER TABLE ONLY eventlog.events ATTACH PARTITION eventlog.events_p20261130_2000 FOR VALUES FROM ('01a22e0a-f600-0000-0000-000000000000') TO ('01a22e41-e480-0000-0000-000000000000');

ALTER TABLE ONLY eventlog.idempotency_keys ATTACH PARTITION eventlog.idempotency_keys_p20251218 FOR VALUES FROM ('019b2ec1-a000-0000-0000-000000000000') TO ('01a28672-cc00-0000-0000-000000000000');

COPY eventlog.consumer_definitions (name, events, created_at) FROM stdin;
reader	\N	2026-11-30 20:44:52.703769+00
orders	{order.*}	2026-11-30 20:44:52.75625+00
done	\N	2026-11-30 20:44:52.799092+00
\.

COPY eventlog.dead_letters (target, event_id, status, reason, body, attempts, first_attempt_at, last_attempt_at, redriven_at) FROM stdin;
running	01a22e34-0fce-79ce-84b4-e9ef221d440a	400	the endpoint answered 400	{"success":false,"message":"events[0]: the name refused is refused"}	6	2026-11-30 20:44:53.62462+00	2026-11-30 20:44:54.205608+00	\N
running	01a22e34-0fee-742d-83a4-32a5b6f7fd5a	400	the endpoint answered 400	{"success":false,"message":"events[0]: the name order.refused is refused"}	6	2026-11-30 20:44:53.62462+00	2026-11-30 20:44:54.205725+00	\N
paused	01a22e34-0fee-742d-83a4-32a5b6f7fd5a	400	the endpoint answered 400	{"success":false,"message":"events[0]: the name order.refused is refused"}	4	2026-11-30 20:44:53.624516+00	2026-11-30 20:44:53.946063+00	2026-11-30 20:44:56.23497+00
\.

COPY eventlog.events_p20261130_2000 (event_id, event_name, event_type, source, origin, actor_type, actor_id, resource_type, resource_id, tenant_id, event_ts, ingested_at, value, metadata, schema_version, trace_id, app_version, sofa, xid) FROM stdin;
01a22e34-0fb4-77a1-9d4c-4cd048e4abfa	of 0.2.0	\N	postgres	backend	user	user 1	\N	\N	\N	2026-11-30 20:44:53.556477+00	2026-11-30 20:44:53.556477+00	\N	{"n": 1, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	734
01a22e34-0fbf-7bb2-beb5-c50e87735140	of 0.2.0	\N	postgres	backend	user	user 2	\N	\N	\N	2026-11-30 20:44:53.567731+00	2026-11-30 20:44:53.567731+00	\N	{"n": 2, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	734
01a22e34-0fc0-7220-ad10-b889f020339d	of 0.2.0	\N	postgres	backend	user	user 0	\N	\N	\N	2026-11-30 20:44:53.568133+00	2026-11-30 20:44:53.568133+00	\N	{"n": 3, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	734
01a22e34-0fc0-7251-91d7-2ac67be3c94f	of 0.2.0	\N	postgres	backend	user	user 1	\N	\N	\N	2026-11-30 20:44:53.568145+00	2026-11-30 20:44:53.568145+00	\N	{"n": 4, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	734
01a22e34-0fc0-7276-9766-b25933f48b15	of 0.2.0	\N	postgres	backend	user	user 2	\N	\N	\N	2026-11-30 20:44:53.568154+00	2026-11-30 20:44:53.568154+00	\N	{"n": 5, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	734
01a22e34-0fc0-7297-bacc-bb0265a2837f	of 0.2.0	\N	postgres	backend	user	user 0	\N	\N	\N	2026-11-30 20:44:53.568162+00	2026-11-30 20:44:53.568162+00	\N	{"n": 6, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	734
01a22e34-0fc0-72f9-afce-c78273792065	of 0.2.0	\N	postgres	backend	user	user 1	\N	\N	\N	2026-11-30 20:44:53.568186+00	2026-11-30 20:44:53.568186+00	\N	{"n": 7, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	734
01a22e34-0fc0-731e-8bcd-db89891bf915	of 0.2.0	\N	postgres	backend	user	user 2	\N	\N	\N	2026-11-30 20:44:53.568195+00	2026-11-30 20:44:53.568195+00	\N	{"n": 8, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	734
01a22e34-0fc0-733f-a224-d375dc4f5d62	of 0.2.0	\N	postgres	backend	user	user 0	\N	\N	\N	2026-11-30 20:44:53.568203+00	2026-11-30 20:44:53.568203+00	\N	{"n": 9, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	734
01a22e34-0fc0-7360-9b2f-87225307a4bc	of 0.2.0	\N	postgres	backend	user	user 1	\N	\N	\N	2026-11-30 20:44:53.568211+00	2026-11-30 20:44:53.568211+00	\N	{"n": 10, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	734
01a22e34-0fc0-737c-b5c4-a7b050bac37b	of 0.2.0	\N	postgres	backend	user	user 2	\N	\N	\N	2026-11-30 20:44:53.568218+00	2026-11-30 20:44:53.568218+00	\N	{"n": 11, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	734
01a22e34-0fc0-739d-b854-0ac8d1f110ac	of 0.2.0	\N	postgres	backend	user	user 0	\N	\N	\N	2026-11-30 20:44:53.568226+00	2026-11-30 20:44:53.568226+00	\N	{"n": 12, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	734
01a22e34-0fc0-745e-b4b2-5c46f0914dba	of 0.2.0	\N	postgres	backend	user	user 1	\N	\N	\N	2026-11-30 20:44:53.568273+00	2026-11-30 20:44:53.568273+00	\N	{"n": 13, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	734
01a22e34-0fc0-7483-a190-ac6c8e533572	of 0.2.0	\N	postgres	backend	user	user 2	\N	\N	\N	2026-11-30 20:44:53.568282+00	2026-11-30 20:44:53.568282+00	\N	{"n": 14, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	734
01a22e34-0fc0-74a3-9a45-8a9f83937174	of 0.2.0	\N	postgres	backend	user	user 0	\N	\N	\N	2026-11-30 20:44:53.56829+00	2026-11-30 20:44:53.56829+00	\N	{"n": 15, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	734
01a22e34-0fc0-74c4-9665-bf05074b3bc0	of 0.2.0	\N	postgres	backend	user	user 1	\N	\N	\N	2026-11-30 20:44:53.568298+00	2026-11-30 20:44:53.568298+00	\N	{"n": 16, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	734
01a22e34-0fce-79ce-84b4-e9ef221d440a	refused	\N	postgres	backend	\N	\N	\N	\N	\N	2026-11-30 20:44:53.582613+00	2026-11-30 20:44:53.582613+00	\N	{"_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	734
01a22e34-0fd0-705e-ac93-a17ec3b8f2b4	of 0.2.0	\N	postgres	backend	\N	\N	\N	\N	\N	2026-11-30 20:44:53.584023+00	2026-11-30 20:44:53.584023+00	\N	{"_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	734
01a22e34-0fee-742d-83a4-32a5b6f7fd5a	order.refused	\N	postgres	backend	\N	\N	\N	\N	\N	2026-11-30 20:44:53.614261+00	2026-11-30 20:44:53.614261+00	\N	{"_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "idempotencyKey": "refused", "forwardToStatsig": false}}	\N	\N	\N	\N	734
01a22e34-0fd1-797c-adbe-b3766557e473	order.placed	\N	postgres	backend	\N	\N	order	1	\N	2026-11-30 20:44:53.585593+00	2026-11-30 20:44:53.585593+00	\N	{"_eventLog": {"erased": true, "forwardToStatsig": true}}	\N	\N	\N	\N	734
01a22e34-0feb-7beb-a64e-4a122e0a8559	order.placed	\N	postgres	backend	\N	\N	order	2	\N	2026-11-30 20:44:53.611745+00	2026-11-30 20:44:53.611745+00	\N	{"_eventLog": {"erased": true, "forwardToStatsig": true}}	\N	\N	\N	\N	734
01a22e34-0feb-7e24-ae0b-3a643fbd2b16	order.placed	\N	postgres	backend	\N	\N	order	3	\N	2026-11-30 20:44:53.611884+00	2026-11-30 20:44:53.611884+00	\N	{"_eventLog": {"erased": true, "forwardToStatsig": true}}	\N	\N	\N	\N	734
01a22e34-0feb-7eb0-b114-759c961e1f72	order.placed	\N	postgres	backend	\N	\N	order	4	\N	2026-11-30 20:44:53.611918+00	2026-11-30 20:44:53.611918+00	\N	{"_eventLog": {"erased": true, "forwardToStatsig": true}}	\N	\N	\N	\N	734
01a22e34-1a55-70e5-9511-60395a146150	eventlog.actor.erased	\N	eventlog	backend	\N	\N	\N	\N	\N	2026-11-30 20:44:56.277056+00	2026-11-30 20:44:56.277056+00	\N	{"events": 4, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}, "deadLetters": 0, "idempotencyKeys": 4}	\N	\N	\N	\N	749
01a22e34-1a5f-714b-a31b-d9199cde08a1	order.late	\N	postgres	backend	\N	\N	\N	\N	\N	2026-11-30 20:44:56.287081+00	2026-11-30 20:44:56.287081+00	\N	{"_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "idempotencyKey": "late", "forwardToStatsig": false}}	\N	\N	\N	\N	751
01a22e34-1a63-7af9-aed2-78b7bd17c3fa	of 0.2.0	\N	postgres	backend	\N	\N	\N	\N	\N	2026-11-30 20:44:56.291686+00	2026-11-30 20:44:56.291686+00	\N	{"_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	753
\.

COPY eventlog.idempotency_keys_p20251218 (event_id, key_hash, payload_hash) FROM stdin;
01a22e34-0fee-742d-83a4-32a5b6f7fd5a	\\xd01818bca2a403b2f81aa0da8c4df8d8	\\x3dabee55fc676e3f94f2e7154c45f597
01a22e34-1a5f-714b-a31b-d9199cde08a1	\\xf2629c0627dc3d890694d3489d03d6ad	\\x12bada879eefe874054b936298f4812a
\.

COPY eventlog.leases (consumer, win, first_id, last_id, ids, leased_at, leased_until, pid, times) FROM stdin;
reader	1	01a22e34-0fc0-7251-91d7-2ac67be3c94f	01a22e34-0fc0-7276-9766-b25933f48b15	{01a22e34-0fc0-7251-91d7-2ac67be3c94f,01a22e34-0fc0-7276-9766-b25933f48b15}	2026-11-30 20:44:56.319806+00	2026-12-01 20:44:56.31968+00	27439	1
reader	1	01a22e34-0fc0-7297-bacc-bb0265a2837f	01a22e34-0fc0-733f-a224-d375dc4f5d62	{01a22e34-0fc0-7297-bacc-bb0265a2837f,01a22e34-0fc0-72f9-afce-c78273792065,01a22e34-0fc0-731e-8bcd-db89891bf915,01a22e34-0fc0-733f-a224-d375dc4f5d62}	2026-11-30 20:44:56.345699+00	2026-12-01 20:44:56.345688+00	27439	1
orders	1	01a22e34-0fd1-797c-adbe-b3766557e473	01a22e34-0feb-7beb-a64e-4a122e0a8559	{01a22e34-0fd1-797c-adbe-b3766557e473,01a22e34-0feb-7beb-a64e-4a122e0a8559}	2026-11-30 20:44:56.351395+00	2026-12-01 20:44:56.351387+00	27439	1
\.

COPY eventlog.reader_position (kind, name, win, last_id, done, delivered) FROM stdin;
target	halfway	1	01a22e34-0fc0-7360-9b2f-87225307a4bc	f	10
target	paused	1	01a22e34-0fee-742d-83a4-32a5b6f7fd5a	t	4
target	running	4	01a22e34-1a63-7af9-aed2-78b7bd17c3fa	t	24
consumer	reader	1	01a22e34-0fc0-733f-a224-d375dc4f5d62	f	9
consumer	orders	1	01a22e34-0feb-7beb-a64e-4a122e0a8559	f	2
consumer	done	1	01a22e34-1a63-7af9-aed2-78b7bd17c3fa	t	26
\.

COPY eventlog.reader_window (kind, name, win, from_snapshot, to_snapshot, start_after, start_snapshot, opened_at) FROM stdin;
target	halfway	1	734:734:	735:735:	\N	1:1:	2026-11-30 20:44:53.623672+00
target	paused	1	734:734:	736:736:	\N	1:1:	2026-11-30 20:44:53.624488+00
target	running	4	752:752:	754:754:	\N	1:1:	2026-11-30 20:44:56.301779+00
consumer	reader	1	1:1:	756:756:	\N	1:1:	2026-11-30 20:44:56.319287+00
consumer	orders	1	1:1:	759:759:	\N	1:1:	2026-11-30 20:44:56.351329+00
consumer	done	1	1:1:	760:760:	\N	1:1:	2026-11-30 20:44:56.919895+00
\.

COPY eventlog.retention (log, keep) FROM stdin;
events	1000 years
\.

COPY eventlog.targets (name, server, incarnation, paused, state, retried, dead, left_out, last_error, last_error_at, next_attempt_at, dropped_unread) FROM stdin;
running	16628	dc6845cc-d902-4b89-ab83-8c910920452e	f	running	0	2	0	\N	\N	\N	0
paused	16630	dc6845cc-d902-4b89-ab83-8c910920452e	t	running	0	1	0	\N	\N	\N	0
halfway	16629	dc6845cc-d902-4b89-ab83-8c910920452e	t	waiting	5	0	0	the endpoint answered 503	2026-11-30 20:44:56.244276+00	2026-11-30 20:44:58.794276+00	0
\.

ALTER TABLE ONLY eventlog.events_p20261130_2000
    ADD CONSTRAINT events_p20261130_2000_pkey PRIMARY KEY (event_id);

CREATE INDEX events_p20261130_2000_actor_id_event_id_idx ON eventlog.events_p20261130_2000 USING btree (actor_id, event_id) WHERE (actor_id IS NOT NULL);

CREATE INDEX events_p20261130_2000_event_name_event_id_idx ON eventlog.events_p20261130_2000 USING btree (event_name, event_id);

CREATE INDEX events_p20261130_2000_ingested_at_event_ts_idx ON eventlog.events_p20261130_2000 USING brin (ingested_at, event_ts);

CREATE INDEX events_p20261130_2000_resource_id_event_id_idx ON eventlog.events_p20261130_2000 USING btree (resource_id, event_id) WHERE (resource_id IS NOT NULL);

CREATE INDEX events_p20261130_2000_trace_id_event_id_idx ON eventlog.events_p20261130_2000 USING btree (trace_id, event_id) WHERE (trace_id IS NOT NULL);

CREATE INDEX events_p20261130_2000_xid_event_id_idx ON eventlog.events_p20261130_2000 USING btree (xid, event_id);

CREATE INDEX idempotency_keys_p20251218_key_hash_idx ON eventlog.idempotency_keys_p20251218 USING btree (key_hash);

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON eventlog.events_p20261130_2000 FOR EACH STATEMENT EXECUTE FUNCTION eventlog.refuse_change();

ALTER TABLE eventlog.events_p20261130_2000 ENABLE ALWAYS TRIGGER append_only;

