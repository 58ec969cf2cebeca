-- The options of user mappings: keys, headers, signatures, and the options that only a superuser may set.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = error;
DROP SERVER IF EXISTS regress_eventlog_c CASCADE;
DROP ROLE IF EXISTS regress_eventlog_sender;
CREATE ROLE regress_eventlog_sender;
BEGIN;
CREATE SERVER regress_eventlog_c FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson');
SELECT eventlog.pause_target('regress_eventlog_c');
COMMIT;

CREATE FUNCTION mapping(options text) RETURNS text
    LANGUAGE sql AS $$SELECT 'CREATE USER MAPPING FOR PUBLIC SERVER regress_eventlog_c OPTIONS (' || options || ')'$$;

-- Every option has its accepted and refused values.
SELECT name, value, tried(mapping(format('%s %L', name, value)))
FROM (VALUES
    ('api_key', ARRAY['secret', 'é', '', E'a\nb', E'a\x7f']),
    ('api_key_file', ARRAY['/run/secrets/key', 'key', '']),
    ('api_key_env', ARRAY['STATSIG_KEY', '_k1', '1K', 'A-B', '']),
    ('headers', ARRAY['Authorization: Bearer x', E'X-ClickHouse-User: u\nX-ClickHouse-Key: k', 'Proxy-Authorization: Basic eA==', 'x', 'Host: x']),
    ('signing_secret', ARRAY['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_c2hvcnQ=', 'secret', '']))
    o(name, given), unnest(given) value;

-- A mapping accepts one key at most.
SELECT refusal(mapping($$api_key 'k', api_key_file '/k'$$));
SELECT refusal(mapping($$api_key_env 'K', api_key_file '/k'$$));

-- The message of a refused secret does not repeat it.
SELECT refusal(mapping($$signing_secret 'whsec_supersecret'$$));
SELECT refusal(mapping($$headers E'X-Api-Key: supersecret\x01'$$));
SELECT refusal(mapping($$api_key E'supersecret\n'$$));

-- Only a superuser may set options that read the server's files or environment.
GRANT USAGE ON FOREIGN DATA WRAPPER eventlog TO regress_eventlog_sender;
ALTER SERVER regress_eventlog_c OWNER TO regress_eventlog_sender;
SET ROLE regress_eventlog_sender;
SELECT refusal(mapping($$api_key_file '/etc/passwd'$$));
SELECT name, tried(mapping(format('%s %L', name, value)))
FROM (VALUES ('api_key_env', 'HOME'), ('api_key', 'k'), ('headers', 'X-Api-Key: k'),
             ('signing_secret', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')) o(name, value);
SELECT name, tried(format('ALTER SERVER regress_eventlog_c OPTIONS (ADD %s %L)', name, value))
FROM (VALUES ('ca_file', '/ca.pem'), ('client_cert_file', '/c.pem'), ('client_key_file', '/k.pem'), ('headers', 'X-Tenant: a'),
             ('proxy', 'http://proxy:3128')) o(name, value);
RESET ROLE;
ALTER SERVER regress_eventlog_c OPTIONS (ADD ca_file '/ca.pem');
SET ROLE regress_eventlog_sender;
SELECT refusal($$ALTER SERVER regress_eventlog_c OPTIONS (SET url 'http://127.0.0.1:2/')$$);
SELECT tried($$ALTER SERVER regress_eventlog_c OPTIONS (DROP ca_file, SET url 'http://127.0.0.1:2/')$$);
RESET ROLE;

-- An owner of a server can drop but not change options that a superuser put into its mapping.
CREATE USER MAPPING FOR PUBLIC SERVER regress_eventlog_c OPTIONS (api_key_env 'K');
SET ROLE regress_eventlog_sender;
SELECT refusal($$ALTER USER MAPPING FOR PUBLIC SERVER regress_eventlog_c OPTIONS (ADD headers 'X-A: 1')$$);
SELECT tried($$ALTER USER MAPPING FOR PUBLIC SERVER regress_eventlog_c OPTIONS (SET api_key_env 'PGPASSWORD')$$),
       tried($$ALTER USER MAPPING FOR PUBLIC SERVER regress_eventlog_c OPTIONS (DROP api_key_env, ADD api_key 'k')$$),
       tried($$DROP USER MAPPING FOR PUBLIC SERVER regress_eventlog_c$$);
RESET ROLE;

DROP SERVER regress_eventlog_c CASCADE;
DROP FUNCTION mapping;
DROP OWNED BY regress_eventlog_sender;
DROP ROLE regress_eventlog_sender;
