// Random calls of the extension's functions, most of them malformed. A call is
//   {text, values, name}  what is sent, as node-postgres takes it
//   logs                  what an accepted call must have stored: {metadata} or {envelopes}, JSON text
//   holds                 the accepted call answers one row, whose column `holds` must be true
//   state                 the only SQLSTATE that is right
//   refused               whether acceptance is wrong

import {anyText, brokenText, damaged, deepJson, jsonDocument, jsonNumber, jsonValue} from './fuzz-json.mjs';

const argumentMakers = {
    event_name: (random) => random.chance(0.7) ? 'order.created' : anyText(random),
    metadata: (random, limits) => random.chance(0.1) ? null : jsonDocument(random, limits),
    event_type: mostly('type'),
    actor_id: mostly('actor-1'),
    actor_type: mostly('user'),
    resource_type: mostly('order'),
    resource_id: mostly('order-1'),
    source: mostly('shop'),
    origin: (random) => random.chance(0.9) ? random.pick(['backend', 'frontend']) : anyText(random),
    event_ts: anyTime,
    value: anyDouble,
    schema_version: anyVersion,
    trace_id: anyTraceId,
    sofa: mostly('cookie'),
    forward_to_statsig: (random) =>
        random.chance(0.9) ? random.pick(['true', 'f', 'on', '0', true, false]) : anyText(random),
    idempotency_key: (random) => random.chance(0.7) ? `key ${random.below(1000)}` : anyText(random),
    app_version: mostly('1.2.3'),
};
const argumentNames = Object.keys(argumentMakers);
const textArguments =
    argumentNames.filter((name) => !['metadata', 'origin', 'event_ts', 'value', 'forward_to_statsig'].includes(name));
// Those of which half a pair is refused, and those that are refused more often than not.
const rareArguments = ['actor_type', 'resource_type', 'resource_id', 'schema_version', 'trace_id', 'value', 'event_ts'];

const keysOfForms = [
    {name: 'eventName', metadata: 'metadata', keys: ['metadata', 'actorId', 'actor_id', 'eventType', 'event_type', 'eventTs',
        'event_ts', 'value', 'traceId', 'sofa', 'origin', 'source', 'idempotency_key', 'forward_to_statsig', 'actorType']},
    {name: 'event_name', metadata: 'metadata', keys: ['metadata', 'resource_type', 'resource_id', 'schemaVersion',
        'schema_version', 'app_version']},
    {name: 'service', metadata: 'metadata', keys: ['eventType', 'eventTimestamp', 'actor', 'resource', 'metadata']},
    {name: 'type', metadata: 'data', keys: ['source', 'data', 'id', 'timestamp', 'schemaVersion', 'traceId']},
];
const keysOfEveryForm = ['idempotencyKey', 'forwardToStatsig', 'appVersion'];
const foreignKeys = ['eventId', 'event_id', 'tenantId', 'tenant_id', 'id', '_eventLog', 'type', 'service', 'eventName', 'data'];

const options = [
    ['url', ['http://127.0.0.1:9/x', 'https://example.com', 'ftp://x', 'http://u:p@h/', '/x', 'http://[::1', '']],
    ['format', ['ndjson', 'statsig', 'xml', '']],
    ['events', ['all', 'flagged', 'order.*', '']],
    ['start_at', ['now', 'beginning', '01ARZ3NDEKTSV4RRFFQ69G5FAV', '017f22e2-79b0-7cc3-98c4-dc0c0c07398f', '8', 'NOW']],
    ['batch_events', ['1', '10000', '0', '10001', '1e3', '-1', ' 5', '99999999999999999999']],
    ['batch_bytes', ['1024', '1', '67108865']],
    ['timeout_ms', ['1000', '0', '']],
    ['compression', ['gzip', 'none', 'zstd']],
    ['max_name_length', ['64', '0', '257']],
    ['user_principal', ['service:x', ' ', 'x'.repeat(65)]],
    ['user_id', ['actor', 'principal', 'nobody']],
    ['api_key', ['secret']],
];

function mostly(sound) {
    return (random) => (random.chance(0.8) ? sound : anyText(random));
}

function anyTime(random) {
    return random.choose([
        [8, () => '2026-11-20T08:15:30.250Z'],
        [2, () => random.pick(['infinity', '-infinity', 'now', 'epoch', 'tomorrow', '', 'allballs'])],
        [2, () => random.pick(['294276-12-31 23:59:59.999999+00', '294277-01-01Z', '4714-11-24 BC', '4713-01-01 BC',
                               '290000-06-01Z', '2026-02-30', '24:00', '2026-11-20T08:15:30+99:00', '2026-W47-5',
                               '2026-11-20 08:15 Europe/Nowhere', '20261120T081530', '2026-11-20T24:00:00Z'])],
        [1, () => random.bytes(8)],
        [1, () => anyText(random)],
        [1, () => random.list(random.below(30), () => random.pick([...'0123456789-:TZ+. '])).join('')],
    ]);
}

function anyDouble(random) {
    return random.choose([
        [5, () => random.pick([1.5, -0, 1e308, '5e-324', 42])],
        [2, () => random.pick(['NaN', 'Infinity', '-inf', '1e309', '1e-400', '0x1p3', '', ' 1 ', '1.'])],
        [2, () => jsonNumber(random)],
        [1, () => random.bytes(8)],
        [1, () => anyText(random)],
    ]);
}

function anyVersion(random) {
    return random.choose([
        [5, () => random.pick(['1.2.3', '0.0.0', '1.0.0-alpha.1+001', '99999999999999999999.0.0', '1.0.0--', '1.0.0+0.build'])],
        [2, () => random.pick(['1.2', '01.2.3', '1.2.3-01', '1.2.3-', '1.2.3+', 'v1.2.3', '1.2.3-a..b', '1.2.3+a+b'])],
        [1, () => anyText(random)],
    ]);
}

function anyTraceId(random) {
    return random.choose([
        [5, () => random.hex(32)],
        [2, () => random.pick([random.hex(31), random.hex(33), '0'.repeat(32), random.hex(32).toUpperCase(), `00-${random.hex(32)}-${random.hex(16)}-01`])],
        [1, () => anyText(random)],
    ]);
}

/** JSON text as a JSONB parameter in the binary protocol, which lets through what text does not. */
function binaryJsonb(text) {
    return Buffer.concat([Buffer.from([1]), Buffer.isBuffer(text) ? text : Buffer.from(text)]);
}

const logEventText =
    `SELECT eventlog.log_event(${argumentNames.map((_, i) => `$${i + 1}`).join(', ')}) AS id`;

function logEvent(random, limits) {
    const given = argumentNames.filter(
        (name) => name === 'event_name' || random.chance(rareArguments.includes(name) ? 0.15 : 0.4));
    const call = argumentNames.map((name) => (given.includes(name) ? argumentMakers[name](random, limits) : null));
    if (random.chance(0.02)) call[0] = null;
    const metadata = call[1];
    if (metadata !== null && random.chance(0.2)) call[1] = binaryJsonb(metadata);
    return {name: 'log_event', text: logEventText, values: call, logs: {metadata: metadata ?? '{}'}};
}

/** One text argument is no UTF-8, and nothing else is wrong. */
function logEventBytes(random) {
    const values = argumentNames.map(() => null);
    values[0] = 'order.created';
    values[argumentNames.indexOf(random.pick(textArguments))] = brokenText(random);
    return {name: 'log_event', text: logEventText, values, state: '22021'};
}

function valueOfKey(random, key, limits) {
    const snake = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const own = {data: 'metadata', event_timestamp: 'event_ts', timestamp: 'event_ts', id: 'idempotency_key',
        service: 'source'}[snake] ?? snake;
    if (random.chance(0.06)) return jsonValue(random);
    if (own === 'metadata') return jsonDocument(random, limits);
    if (own === 'value') return jsonNumber(random);
    if (own === 'forward_to_statsig') return random.pick(['true', 'false']);
    if (own === 'actor' || own === 'resource') {
        return random.pick(['{"type": "user", "id": "u1"}', '{"id": "u1"}', '{"type": "t", "id": "i", "x": 1}',
                            '{"type": null, "id": "u"}', '{"type": " ", "id": "u"}', '{"type": "user", "id": "u1"}']);
    }
    const text = argumentMakers[own]?.(random, limits) ?? anyText(random);
    return JSON.stringify(Buffer.isBuffer(text) ? text.toString('hex') : String(text));
}

function envelope(random, limits) {
    const form = random.pick(keysOfForms);
    const wanted = form.keys.filter((key) => random.chance(rareArguments.includes(key) ? 0.1 : 0.3));
    const required = {service: ['eventType', 'eventTimestamp'], type: ['source']}[form.name] ?? [];
    const keys = new Set([form.name, ...required, ...wanted,
                          ...keysOfEveryForm.filter(() => random.chance(0.1))]);
    if (random.chance(0.08)) keys.add(random.pick(foreignKeys));
    if (random.chance(0.05)) keys.delete(random.pick([...keys]));
    const members = [...keys].map((key) => `"${key}": ${valueOfKey(random, key, limits)}`);
    if (members.length > 0 && random.chance(0.05)) members.push(random.pick(members));
    if (random.chance(0.03)) members.push(`${JSON.stringify(anyText(random))}: ${jsonValue(random)}`);
    const text = `{${members.join(', ')}}`;
    return random.chance(0.05) ? damaged(random, text) : text;
}

function anyEnvelope(random, limits) {
    return random.choose([
        [30, () => envelope(random, limits)],
        [1, () => jsonDocument(random, limits)],
        [1, () => `{"eventName": "x", "metadata": {"d": ${deepJson(random, limits)}}}`],
    ]);
}

function logEnvelope(random, limits) {
    const text = anyEnvelope(random, limits);
    return {
        name: 'log_envelope',
        text: 'SELECT eventlog.log_envelope($1) AS id',
        values: [random.chance(0.2) ? binaryJsonb(text) : text],
        logs: {envelopes: `[${text}]`},
    };
}

/** An array of envelopes, sound more often than each would be if they were picked alone. */
function batch(random, limits) {
    return random.choose([
        [12, () => {
             const events = random.list(
                 random.below(5),
                 () => random.chance(0.7) ? '{"type": "order.created", "source": "shop", "data": {"n": 1}}' :
                                            anyEnvelope(random, limits));
             return `[${events.join(random.pick([',', ' , ', '\n,\t']))}]`;
         }],
        [1, () => `[${'{"eventName":"e"},'.repeat(random.below(300))}{"eventName":"e"}]`],
        [1, () => damaged(random, '[ {"eventName":"a]}\\\\\\"["} , {"eventName":"b"}, {"eventName":"c"} ]')],
        [1, () => jsonDocument(random, limits)],
        [1, () => `[${deepJson(random, limits)}]`],
    ]);
}

function logEvents(random, limits) {
    const text = batch(random, limits);
    return {
        name: 'log_events',
        text: 'SELECT eventlog.log_events($1) AS id',
        values: [random.chance(0.2) ? binaryJsonb(text) : text],
        logs: {envelopes: text},
    };
}

function logEventsJson(random, limits) {
    const text = batch(random, limits);
    return {
        name: 'log_events_json',
        text: 'SELECT eventlog.log_events_json($1) AS id',
        values: [random.chance(0.2) ? Buffer.from(text) : text],
        logs: {envelopes: text},
    };
}

/** A document with bytes that are no UTF-8, within a string. */
function logJsonBytes(random) {
    const bytes = Buffer.concat([
        Buffer.from('{"eventName": "x", "metadata": {"k": "'), brokenText(random, 'value'), Buffer.from('"}}')
    ]);
    return random.pick([
        {name: 'log_envelope', text: 'SELECT eventlog.log_envelope($1) AS id', values: [binaryJsonb(bytes)], state: '22021'},
        {name: 'log_events_json', text: 'SELECT eventlog.log_events_json($1) AS id', values: [bytes], state: '22021'},
    ]);
}

function anyUuid(random) {
    return random.choose([
        [6, () => random.bytes(16)],
        [3, () => random.hex(32)],
        [1, () => random.pick(['f'.repeat(32), '0'.repeat(32), `{${random.hex(32)}}`, random.hex(31), random.hex(33)])],
        [1, () => anyText(random)],
    ]);
}

function ulid(random) {
    return {
        name: 'ulid',
        text: 'SELECT eventlog.from_ulid(eventlog.ulid($1::uuid)) = $1::uuid AS holds',
        values: [anyUuid(random)],
        holds: true,
    };
}

function eventTime(random) {
    return {
        name: 'event_time',
        text: `SELECT extract(epoch FROM eventlog.event_time($1::uuid)) * 1000
                      = ('x' || left(replace($1::uuid::text, '-', ''), 12))::bit(48)::bigint AS holds`,
        values: [anyUuid(random)],
        holds: true,
    };
}

function fromUlid(random) {
    const alphabet = '0123456789abcdefghjkmnpqrstvwxyzABCDEFGHJKMNPQRSTVWXYZiIlLoO';
    const text = random.choose([
        [6, () => random.below(8) + random.list(25, () => random.pick(alphabet)).join('')],
        [2, () => random.list(24 + random.below(5), () => random.pick(`${alphabet}uU-`)).join('')],
        [1, () => anyText(random)],
        [1, () => brokenText(random)],
    ]);
    return {
        name: 'from_ulid',
        text: `SELECT eventlog.ulid(eventlog.from_ulid($1)) = translate(upper($1), 'ILO', '110') AS holds`,
        values: [text],
        holds: true,
        refused: Buffer.isBuffer(text),
    };
}

const settings = {
    'eventlog.source': anyText,
    'eventlog.actor_id': anyText,
    'eventlog.actor_type': anyText,
    'eventlog.app_version': anyText,
    'eventlog.traceparent': (random) => random.choose([
        [4, () => `00-${random.hex(32)}-${random.hex(16)}-${random.hex(2)}`],
        [2, () => random.pick([`00-${'0'.repeat(32)}-${random.hex(16)}-01`, `ff-${random.hex(32)}-${random.hex(16)}-01`,
                               `01-${random.hex(32)}-${random.hex(16)}-01-more`, `00-${random.hex(32)}-${random.hex(16)}-01-`, ''])],
        [1, anyText],
    ]),
    'eventlog.forward_default': (random) => random.chance(0.7) ? random.pick(['on', 'off', 'true', '0']) : anyText(random),
};

function quoted(text) { return `'${text.replaceAll('\0', '').replaceAll('\'', '\'\'')}'`; }

function set(random) {
    const name = random.pick(Object.keys(settings));
    const value = settings[name](random);
    return random.choose([
        [3, () => ({text: `SET ${name} TO ${quoted(value)}`, values: []})],
        [3, () => ({name: 'set_config', text: 'SELECT set_config($1, $2, false)', values: [name, value]})],
        [1, () => ({name: 'set_config', text: 'SELECT set_config($1, $2, false)', values: [name, brokenText(random)], state: '22021'})],
        [2, () => ({text: `RESET ${name}`, values: []})],
        [1, () => ({text: `SET eventlog.no_such_setting TO ${quoted(value)}`, values: [], refused: true})],
    ]);
}

function createServer(random) {
    const chosen = options.filter(([name]) => random.chance(['url', 'format'].includes(name) ? 0.9 : 0.15));
    const texts = chosen.map(([name, values]) =>
        `${name} ${quoted(random.chance(0.8) ? random.pick(values.slice(0, 2)) : random.chance(0.7) ? random.pick(values) : anyText(random))}`);
    if (random.chance(0.1)) texts.push(`"${random.pick(['no_such_option', 'URL', 'x'.repeat(70)])}" 'x'`);
    if (random.chance(0.05) && texts.length > 0) texts.push(texts[0]);
    return {name: 'create_server', text: 'SELECT create_and_drop_server($1)', values: [texts.length > 0 ? `OPTIONS (${texts.join(', ')})` : '']};
}

/** What a call of createServer needs: the target is gone again before anything is sent to it. */
export const createServerHelper = `
    CREATE FUNCTION create_and_drop_server(clause text) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        server text := 'fuzz_' || pg_backend_pid();
    BEGIN
        EXECUTE format('CREATE SERVER %I FOREIGN DATA WRAPPER eventlog %s', server, clause);
        EXECUTE format('DROP SERVER %I', server);
    END $$`;

/**
 * A random call.
 * @param random {Random}
 * @param limits {{maxDepth: number}} the levels to which the server's parser of JSON goes down
 */
export function anyCall(random, limits) {
    return random.choose([
        [340, () => logEvent(random, limits)],
        [220, () => logEnvelope(random, limits)],
        [110, () => logEvents(random, limits)],
        [130, () => logEventsJson(random, limits)],
        [30, () => logEventBytes(random)],
        [30, () => logJsonBytes(random)],
        [30, () => ulid(random)],
        [30, () => fromUlid(random)],
        [20, () => eventTime(random)],
        [40, () => set(random)],
        [20, () => createServer(random)],
    ]);
}
