-- What pg_dump wrote of a log that version 0.1.0 had written, in database logs of PostgreSQL 15; @PORT@ stands for the endpoint's port.

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

CREATE SERVER running FOREIGN DATA WRAPPER eventlog OPTIONS (
    events 'all',
    format 'ndjson',
    start_at 'beginning',
    url 'http://127.0.0.1:@PORT@/running'
);

SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE eventlog.events_p20261121_0900 (
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

COMMENT ON COLUMN eventlog.events_p20261121_0900.event_id IS 'UUIDv7 made by the extension';

COMMENT ON COLUMN eventlog.events_p20261121_0900.event_name IS 'what happened, 1 to 256 characters';

COMMENT ON COLUMN eventlog.events_p20261121_0900.event_type IS 'a class of events, where the application has one';

COMMENT ON COLUMN eventlog.events_p20261121_0900.source IS 'the service or module that logged it';

COMMENT ON COLUMN eventlog.events_p20261121_0900.origin IS 'where it arose';

COMMENT ON COLUMN eventlog.events_p20261121_0900.actor_type IS 'kind of the one who did it';

COMMENT ON COLUMN eventlog.events_p20261121_0900.actor_id IS 'who did it';

COMMENT ON COLUMN eventlog.events_p20261121_0900.resource_type IS 'kind of what it was done to';

COMMENT ON COLUMN eventlog.events_p20261121_0900.resource_id IS 'what it was done to';

COMMENT ON COLUMN eventlog.events_p20261121_0900.tenant_id IS 'the tenant, from the trusted context only';

COMMENT ON COLUMN eventlog.events_p20261121_0900.event_ts IS 'when it happened; equal to ingested_at where the caller did not say';

COMMENT ON COLUMN eventlog.events_p20261121_0900.ingested_at IS 'when the row was written, by the clock';

COMMENT ON COLUMN eventlog.events_p20261121_0900.value IS 'a number that belongs to the event; finite';

COMMENT ON COLUMN eventlog.events_p20261121_0900.metadata IS 'the caller''s JSON object, and the reserved key _eventLog';

COMMENT ON COLUMN eventlog.events_p20261121_0900.schema_version IS 'semantic version of the payload''s schema';

COMMENT ON COLUMN eventlog.events_p20261121_0900.trace_id IS 'W3C trace id';

COMMENT ON COLUMN eventlog.events_p20261121_0900.app_version IS 'version of the application that logged it';

COMMENT ON COLUMN eventlog.events_p20261121_0900.sofa IS 'anonymous visitor cookie';

COMMENT ON COLUMN eventlog.events_p20261121_0900.xid IS 'number of the transaction that wrote it, for readers of the log; no use for applications';

ALTER TABLE ONLY eventlog.events ATTACH PARTITION eventlog.events_p20261121_0900 FOR VALUES FROM ('01a1fd55-7a80-0000-0000-000000000000') TO ('01a1fd8c-6900-0000-0000-000000000000');

COPY eventlog.dead_letters (target, event_id, status, reason, body, attempts, first_attempt_at, last_attempt_at, redriven_at) FROM stdin;
running	01a1fd83-83f9-746e-b97f-f0e6c57a9f8a	400	the endpoint answered 400	{"success":false,"message":"events[0]: the name refused is refused"}	5	2026-11-21 09:50:17.082356+00	2026-11-21 09:50:17.115897+00	\N
running	01a1fd83-83f9-755c-b015-cfbd3a82a9c4	400	the endpoint answered 400	{"success":false,"message":"events[0]: the name refused is refused"}	5	2026-11-21 09:50:17.082356+00	2026-11-21 09:50:17.115995+00	\N
\.

COPY eventlog.events_p20261121_0900 (event_id, event_name, event_type, source, origin, actor_type, actor_id, resource_type, resource_id, tenant_id, event_ts, ingested_at, value, metadata, schema_version, trace_id, app_version, sofa, xid) FROM stdin;
01a1fd83-83f8-7dba-b968-2dd74a44d0ae	of 0.1.0	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.080858+00	2026-11-21 09:50:17.080858+00	1	{"i": 1, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-83f9-7435-b9dc-a30fcf125fd9	of 0.1.0	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.081263+00	2026-11-21 09:50:17.081263+00	2	{"i": 2, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-83f9-746e-b97f-f0e6c57a9f8a	refused	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.081277+00	2026-11-21 09:50:17.081277+00	3	{"i": 3, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-83f9-7487-a2bc-e07fb177c425	of 0.1.0	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.081283+00	2026-11-21 09:50:17.081283+00	4	{"i": 4, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-83f9-74a7-92a9-4edb327130db	of 0.1.0	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.081291+00	2026-11-21 09:50:17.081291+00	5	{"i": 5, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-83f9-74bc-a0a4-1d1932f74324	of 0.1.0	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.081296+00	2026-11-21 09:50:17.081296+00	6	{"i": 6, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-83f9-74d4-8bba-21dc06fd85ee	of 0.1.0	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.081302+00	2026-11-21 09:50:17.081302+00	7	{"i": 7, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-83f9-74e9-88d3-4a50da5a5ec7	of 0.1.0	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.081307+00	2026-11-21 09:50:17.081307+00	8	{"i": 8, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-83f9-74fd-90e0-5dfb2c86b629	of 0.1.0	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.081312+00	2026-11-21 09:50:17.081312+00	9	{"i": 9, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-83f9-7512-a9c1-dbb487bf5d34	of 0.1.0	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.081317+00	2026-11-21 09:50:17.081317+00	10	{"i": 10, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-83f9-752f-9a65-ce5dc651188c	of 0.1.0	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.081324+00	2026-11-21 09:50:17.081324+00	11	{"i": 11, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-83f9-7547-bb8a-da1f7670ae34	of 0.1.0	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.08133+00	2026-11-21 09:50:17.08133+00	12	{"i": 12, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-83f9-755c-b015-cfbd3a82a9c4	refused	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.081335+00	2026-11-21 09:50:17.081335+00	13	{"i": 13, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-83f9-7570-80ad-5552eaa863c7	of 0.1.0	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.08134+00	2026-11-21 09:50:17.08134+00	14	{"i": 14, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-83f9-7589-94cc-3fd97a4af87b	of 0.1.0	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.081346+00	2026-11-21 09:50:17.081346+00	15	{"i": 15, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-83f9-759d-a8ed-b68206c93dd3	of 0.1.0	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.081351+00	2026-11-21 09:50:17.081351+00	16	{"i": 16, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-83f9-75b2-9855-d23fe0975b84	of 0.1.0	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.081356+00	2026-11-21 09:50:17.081356+00	17	{"i": 17, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-83f9-75d2-8265-3268c97b0106	of 0.1.0	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.081364+00	2026-11-21 09:50:17.081364+00	18	{"i": 18, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-83f9-75e7-9e9e-b133868ad4c9	of 0.1.0	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.081369+00	2026-11-21 09:50:17.081369+00	19	{"i": 19, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-83f9-75fb-b9c2-8bd9ce6e16b1	of 0.1.0	\N	postgres	backend	\N	ada	\N	\N	\N	2026-11-21 09:50:17.081374+00	2026-11-21 09:50:17.081374+00	20	{"i": 20, "_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	731
01a1fd83-8fc2-7666-b466-063d833c6d9e	of 0.1.0	\N	postgres	backend	\N	\N	\N	\N	\N	2026-11-21 09:50:20.098217+00	2026-11-21 09:50:20.0984+00	\N	{"_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	752
01a1fd83-8fc2-76f9-8352-c8bb1a7e0f07	of 0.1.0	\N	postgres	backend	\N	\N	\N	\N	\N	2026-11-21 09:50:20.098217+00	2026-11-21 09:50:20.098436+00	\N	{"_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	752
01a1fd83-8fc2-7712-9ae3-d2a3feff87d0	of 0.1.0	\N	postgres	backend	\N	\N	\N	\N	\N	2026-11-21 09:50:20.098217+00	2026-11-21 09:50:20.098442+00	\N	{"_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	752
01a1fd83-8fc2-772b-bd97-610072b02ae4	of 0.1.0	\N	postgres	backend	\N	\N	\N	\N	\N	2026-11-21 09:50:20.098217+00	2026-11-21 09:50:20.098448+00	\N	{"_eventLog": {"caller": {"actorId": "postgres", "principalId": "postgres"}, "forwardToStatsig": false}}	\N	\N	\N	\N	752
\.

COPY eventlog.reader_position (kind, name, win, last_id, done, delivered) FROM stdin;
target	halfway	1	01a1fd83-83f9-7512-a9c1-dbb487bf5d34	f	10
target	running	2	01a1fd83-8fc2-772b-bd97-610072b02ae4	t	22
\.

COPY eventlog.reader_window (kind, name, win, from_snapshot, to_snapshot, start_after, start_snapshot) FROM stdin;
target	halfway	1	1:1:	734:734:	\N	1:1:
target	running	2	752:752:	753:753:	\N	1:1:
\.

COPY eventlog.targets (name, server, incarnation, paused, state, retried, dead, left_out, last_error, last_error_at, next_attempt_at) FROM stdin;
running	16489	20ca55a3-4bb0-4188-8db8-3995fed7814c	f	running	0	2	0	\N	\N	\N
halfway	16490	20ca55a3-4bb0-4188-8db8-3995fed7814c	t	waiting	14	0	0	the endpoint answered 503	2026-11-21 09:50:19.829251+00	2026-11-21 09:50:20.105251+00
\.

ALTER TABLE ONLY eventlog.events_p20261121_0900
    ADD CONSTRAINT events_p20261121_0900_pkey PRIMARY KEY (event_id);

CREATE INDEX events_p20261121_0900_actor_id_event_id_idx ON eventlog.events_p20261121_0900 USING btree (actor_id, event_id) WHERE (actor_id IS NOT NULL);

CREATE INDEX events_p20261121_0900_event_name_event_id_idx ON eventlog.events_p20261121_0900 USING btree (event_name, event_id);

CREATE INDEX events_p20261121_0900_resource_id_event_id_idx ON eventlog.events_p20261121_0900 USING btree (resource_id, event_id) WHERE (resource_id IS NOT NULL);

CREATE INDEX events_p20261121_0900_trace_id_event_id_idx ON eventlog.events_p20261121_0900 USING btree (trace_id, event_id) WHERE (trace_id IS NOT NULL);

CREATE INDEX events_p20261121_0900_xid_event_id_idx ON eventlog.events_p20261121_0900 USING btree (xid, event_id);

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON eventlog.events_p20261121_0900 FOR EACH STATEMENT EXECUTE FUNCTION eventlog.refuse_change();

ALTER TABLE eventlog.events_p20261121_0900 ENABLE ALWAYS TRIGGER append_only;

