-- The options of a target: what the validator takes.
\t on
\pset format unaligned
LOAD 'eventlog';

-- 9: url and format are required
SELECT refusal(server($$url 'http://127.0.0.1:1/'$$));
SELECT refusal(server($$format 'ndjson'$$));
SELECT refusal('CREATE SERVER regress_eventlog_a FOREIGN DATA WRAPPER eventlog');

-- 9: an unknown option, at the server, at its user mapping, at the wrapper
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'ndjson', colour 'red'$$));
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'ndjson', api_key 'k'$$));
SELECT refusal('ALTER FOREIGN DATA WRAPPER eventlog OPTIONS (url ''http://127.0.0.1:1/'')');

-- 9: a bad value is told with what is wanted
SELECT refusal(server($$url 'ftp://127.0.0.1/', format 'ndjson'$$));
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'xml'$$));
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'ndjson', batch_events '0'$$));

-- 9: url: http or https, without user name and password
SELECT url, tried(server(format('url %L, format ''ndjson''', url)))
FROM unnest(ARRAY['http://127.0.0.1:1', 'https://example.com/v1/log?x=1', 'HTTPS://EXAMPLE.COM/', 'http://[::1]:8080/a',
                  'http://host', 'http://user@host/',
                  'http://user:secret@host/', 'http://:secret@host/', 'ftp://host/', 'file:///etc/passwd', 'host/path',
                  '/path', '', 'http://',
                  'http://host:99999/', 'http://ho st/', ' http://host/']) url;

-- 9: every other option at its last accepted and its first refused values
SELECT name, value, tried(server(format('url ''http://127.0.0.1:1/'', format ''ndjson'', %s %L', name, value)))
FROM (VALUES
    ('events', ARRAY['flagged', 'all', 'none', '', 'ALL']),
    ('start_at', ARRAY['now', 'beginning', '01ARZ3NDEKTSV4RRFFQ69G5FAV', '01563e3a-b5d3-d676-4c61-efb99302bd5b', 'then',
                       '', '01ARZ3NDEKTSV4RRFFQ69G5FA',
                       '01563e3ab5d3d6764c61efb99302bd5b', '8ZZZZZZZZZZZZZZZZZZZZZZZZZ',
                       '01563e3a-b5d3-d676-4c61-efb99302bd5g']),
    ('batch_events', ARRAY['1', '10000', '0', '10001', '-1', '1.5', '', ' 1', '1 ', '0x10', 'many',
                           '99999999999999999999']),
    ('batch_bytes', ARRAY['1024', '67108864', '1023', '67108865']),
    ('linger_ms', ARRAY['0', '60000', '-1', '60001']),
    ('timeout_ms', ARRAY['1', '600000', '0', '600001']),
    ('compression', ARRAY['gzip', 'none', 'zstd', '']),
    ('max_name_length', ARRAY['1', '256', '0', '257']),
    ('max_value_length', ARRAY['0', '1048576', '-1', '1048577']),
    ('user_principal', ARRAY['x', repeat('é', 64), '', ' ', repeat('é', 65)]),
    ('user_id', ARRAY['principal', 'actor', 'nobody', ''])) o(name, given), unnest(given) value;
SELECT format, tried(server(format('url ''http://127.0.0.1:1/'', format %L', format))) FROM unnest(ARRAY['ndjson',
    'statsig', 'NDJSON', '']) format;
SELECT count(*) FROM eventlog.targets;
