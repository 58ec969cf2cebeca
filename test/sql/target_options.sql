-- The options of a target that the validator accepts.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = error;

-- url and format are required.
SELECT refusal(server($$url 'http://127.0.0.1:1/'$$));
SELECT refusal(server($$format 'ndjson'$$));
SELECT refusal('CREATE SERVER regress_eventlog_a FOREIGN DATA WRAPPER eventlog');

-- An unknown option is refused at the server, at its user mapping, and at the wrapper.
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'ndjson', colour 'red'$$));
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'ndjson', api_key 'k'$$));
SELECT refusal('ALTER FOREIGN DATA WRAPPER eventlog OPTIONS (url ''http://127.0.0.1:1/'')');

-- The refusal of a bad value says which values are accepted.
SELECT refusal(server($$url 'ftp://127.0.0.1/', format 'ndjson'$$));
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'xml'$$));
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'ndjson', batch_events '0'$$));

-- url is http or https, without user name and password.
SELECT url, tried(server(format('url %L, format ''ndjson''', url)))
FROM unnest(ARRAY['http://127.0.0.1:1', 'https://example.com/v1/log?x=1', 'HTTPS://EXAMPLE.COM/', 'http://[::1]:8080/a',
                  'http://host', 'http://user@host/',
                  'http://user:secret@host/', 'http://:secret@host/', 'ftp://host/', 'file:///etc/passwd', 'host/path',
                  '/path', '', 'http://',
                  'http://host:99999/', 'http://ho st/', ' http://host/']) url;

-- Every other option has its last accepted and its first refused values.
SELECT name, value, tried(server(format('url ''http://127.0.0.1:1/'', format %L, %s %L',
                                        CASE WHEN name ~ '^(max_.*_length|user_.*)$' THEN 'statsig' ELSE 'ndjson' END, name, value)))
FROM (VALUES
    ('events', ARRAY['flagged', 'all', 'order.*', 'order.*, !order.viewed', '!order.viewed', '*', '', ' ', '!',
                     'order.*,', ',', 'ALL', 'Flagged', 'all, !order.viewed', '!flagged', repeat('é', 256), repeat('é', 257),
                     repeat('a,', 99) || 'a', repeat('a,', 100) || 'a']),
    ('start_at', ARRAY['now', 'beginning', '01ARZ3NDEKTSV4RRFFQ69G5FAV', '01563e3a-b5d3-d676-4c61-efb99302bd5b', 'then',
                       '', '01ARZ3NDEKTSV4RRFFQ69G5FA',
                       '01563e3ab5d3d6764c61efb99302bd5b', '8ZZZZZZZZZZZZZZZZZZZZZZZZZ',
                       '01563e3a-b5d3-d676-4c61-efb99302bd5g']),
    ('batch_events', ARRAY['1', '10000', '0', '10001', '-1', '1.5', '', ' 1', '1 ', '0x10', 'many',
                           '99999999999999999999']),
    ('batch_bytes', ARRAY['1024', '67108864', '1023', '67108865']),
    ('linger_ms', ARRAY['0', '60000', '-1', '60001']),
    ('timeout_ms', ARRAY['1', '600000', '0', '600001']),
    ('max_in_flight', ARRAY['1', '64', '0', '65']),
    ('headers', ARRAY['X-Tenant: acme', E'X-A: 1\nX-B: 2', '', 'X-A', 'X-A:', 'X A: 1', E'X-A: 1\x01', 'Host: x',
                      'Content-Type: text/plain', 'Authorization: Bearer x', 'Cookie: x', 'X-Api-Key: x']),
    ('ca_file', ARRAY['/etc/ssl/ca.pem', 'ca.pem', '']),
    ('proxy', ARRAY['http://proxy:3128', 'https://proxy', 'socks5://127.0.0.1:1080', 'socks5h://[::1]:1080', 'proxy:3128',
                    'socks5://proxy', 'ftp://proxy:21', 'http://user:secret@proxy:3128', '']),
    ('mode', ARRAY['', 'batch']),
    ('compression', ARRAY['gzip', 'none', 'zstd', '']),
    ('max_name_length', ARRAY['1', '256', '0', '257']),
    ('max_value_length', ARRAY['0', '1048576', '-1', '1048577']),
    ('user_principal', ARRAY['x', repeat('é', 64), '', ' ', repeat('é', 65)]),
    ('user_id', ARRAY['principal', 'actor', 'nobody', ''])) o(name, given), unnest(given) value;
SELECT format, tried(server(format('url ''http://127.0.0.1:1/'', format %L', format))) FROM unnest(ARRAY['ndjson',
    'statsig', 'NDJSON', '']) format;
SELECT count(*) FROM eventlog.targets;

-- Patterns that select nothing, and a misspelt word, are refused; so are options that the format does not have.
SELECT events, tried(server(format('url ''http://127.0.0.1:1/'', format ''ndjson'', events %L', events)))
FROM unnest(ARRAY['{order.*}', '[order.*]', 'order.*, {cart.*}', '! {order.*}', 'flaged', 'Flagd', 'fllaged', '!flaged', 'flaged*', 'flag',
                  'unflagged.x', '*{', 'call', 'a']) events;
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'ndjson', events '{order.*}'$$));
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'ndjson', events 'flaged'$$));
SELECT format, string_agg(name || ' ' || tried(server(format('url ''http://127.0.0.1:1/'', format %L, %s %L', format, name, value))), ', ' ORDER BY name)
FROM (VALUES ('max_name_length', '9'), ('max_value_length', '9'), ('user_id', 'actor'), ('user_principal', 'x')) o(name, value),
     unnest(ARRAY['statsig', 'segment', 'ndjson', 'cloudevents', 'otlp']) WITH ORDINALITY f(format, place)
GROUP BY place, format ORDER BY place;
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'ndjson', max_name_length '9'$$));

-- An option that belongs to the user mapping is told so.
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'ndjson', api_key 'k'$$));

-- A client certificate needs both files.
SELECT refusal(server($$url 'https://127.0.0.1:1/', format 'ndjson', client_cert_file '/c.pem'$$));
SELECT refusal(server($$url 'https://127.0.0.1:1/', format 'ndjson', client_key_file '/k.pem'$$));
SELECT tried(server($$url 'https://127.0.0.1:1/', format 'ndjson', client_cert_file '/c.pem', client_key_file '/k.pem'$$));

-- A credential header is refused where everyone can read it.
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'ndjson', headers 'Authorization: Bearer x'$$));
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'ndjson', headers 'X-Forward: Bearer x'$$));
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'ndjson', proxy 'http://user:supersecret@proxy:3128'$$));
SELECT refusal(server($$url 'http://user:supersecret@127.0.0.1:1/', format 'ndjson'$$));
SELECT header, tried(server(format('url ''http://127.0.0.1:1/'', format ''ndjson'', headers %L', header)))
FROM unnest(ARRAY['Proxy-Authorization: x', 'Set-Cookie: x', 'statsig-api-key: x', 'X-ClickHouse-Key: x', 'X-Auth-Token: x',
                  'X-Client-Secret: x', E'X-A: 1\nCookie: x', 'X-ClickHouse-User: x']) header;

-- eventlog.allowed_hosts decides: link-local and metadata addresses are refused unless it names them.
SELECT refusal(server($$url 'http://169.254.169.254/latest', format 'ndjson'$$));
SELECT url, tried(server(format('url %L, format ''ndjson''', url)))
FROM unnest(ARRAY['http://[fe80::1]/', 'http://[::ffff:169.254.169.254]/', 'http://0.0.0.0/', 'http://2852039166/', 'http://0xa9fea9fe/',
                  'http://127.0.0.1/', 'http://10.0.0.1/']) url;
SELECT tried(server($$url 'http://127.0.0.1:1/', format 'ndjson', proxy 'http://169.254.169.254:80'$$));
SELECT url, tried(server(format('url %L, format ''ndjson''', url)))
FROM unnest(ARRAY['http://metadata.google.internal/', 'http://METADATA/', 'http://169.254.169.254./', 'http://100.100.100.200/',
                  'http://168.63.129.16/', 'http://[fd00:ec2::254]/']) url;
-- Behind a proxy, other characters than those of a host name may be an address in disguise.
SELECT url, tried(server(format('url %L, format ''ndjson'', proxy ''http://127.0.0.1:3128''', url)))
FROM unnest(ARRAY['http://exämple.com/', 'http://１69.254.169.254/', 'http://169。254.169.254/', 'http://169.254.169.254../',
                  'http://[2001:0:808:808::5601:5601]/', 'http://xn--exmple-cua.com/']) url;
SET eventlog.allowed_hosts = '*, 0.0.0.0/0';
SELECT url, tried(server(format('url %L, format ''ndjson''', url)))
FROM unnest(ARRAY['http://metadata.google.internal/', 'http://169.254.169.254/', 'http://example.com/', 'http://8.8.8.8/']) url;
SET eventlog.allowed_hosts = '169.254.0.0/16';
SELECT tried(server($$url 'http://169.254.169.254/latest', format 'ndjson'$$)), tried(server($$url 'http://127.0.0.1:1/', format 'ndjson'$$));
SET eventlog.allowed_hosts = 'api.example.com, *.internal, 10.0.0.0/8:8080, [::1]:80';
SELECT url, tried(server(format('url %L, format ''ndjson''', url)))
FROM unnest(ARRAY['https://api.example.com/', 'https://API.EXAMPLE.COM./', 'https://example.com/', 'http://a.b.internal/', 'http://10.1.2.3:8080/',
                  'http://10.1.2.3/', 'http://[::1]/', 'http://[::1]:81/', 'http://collector:8080/']) url;
SELECT refusal(server($$url 'https://example.com/', format 'ndjson'$$));
-- A range does not apply to a name that a proxy resolves.
SELECT url, tried(server(format('url %L, format ''ndjson'', proxy ''http://p.internal:3128''', url)))
FROM unnest(ARRAY['https://api.example.com/', 'http://collector:8080/', 'http://10.1.2.3:8080/', 'http://10.1.2.3/']) url;
SELECT tried(server($$url 'https://api.example.com/', format 'ndjson', proxy 'http://p.example.com:3128'$$));
SELECT refusal($$SET eventlog.allowed_hosts = 'a, http://b'$$);
RESET eventlog.allowed_hosts;
SET ROLE pg_monitor;
SELECT refusal($$SET eventlog.allowed_hosts = '*'$$);
RESET ROLE;

-- Each format accepts its own modes.
SELECT format, mode, tried(server(format('url ''http://127.0.0.1:1/'', format %L, mode %L', format, mode)))
FROM (VALUES ('cloudevents', 'structured'), ('cloudevents', 'batch'), ('cloudevents', 'binary'), ('cloudevents', 'text'), ('ndjson', 'object'),
             ('ndjson', 'text'), ('otlp', 'batch'), ('segment', 'batch'), ('statsig', 'batch')) f(format, mode);
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'cloudevents', mode 'text'$$));
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'otlp', mode 'text'$$));

-- A file or variable that the server cannot read is told at once, and may become readable later.
BEGIN;
SELECT server($$url 'https://127.0.0.1:1/', format 'ndjson'$$) AS command \gset
:command;
RESET client_min_messages;
\set VERBOSITY default
ALTER SERVER regress_eventlog_a OPTIONS (ADD ca_file '/nonexistent/ca.pem');
ALTER SERVER regress_eventlog_a OPTIONS (SET ca_file '/');
ALTER SERVER regress_eventlog_a OPTIONS (DROP ca_file, ADD client_cert_file '/nonexistent/c.pem', ADD client_key_file '/nonexistent/k.pem');
CREATE USER MAPPING FOR PUBLIC SERVER regress_eventlog_a OPTIONS (api_key_file '/nonexistent/key');
ALTER USER MAPPING FOR PUBLIC SERVER regress_eventlog_a OPTIONS (DROP api_key_file, ADD api_key_file '/dev/null');
ALTER USER MAPPING FOR PUBLIC SERVER regress_eventlog_a OPTIONS (DROP api_key_file, ADD api_key_env 'EVENTLOG_NO_SUCH_VARIABLE');
ALTER USER MAPPING FOR PUBLIC SERVER regress_eventlog_a OPTIONS (DROP api_key_env, ADD api_key 'k');
ROLLBACK;
