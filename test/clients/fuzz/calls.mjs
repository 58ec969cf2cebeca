// Random calls of the extension's functions, most of them malformed. A call is
//   {name, text, values}  what is sent, as node-postgres takes it
//   logs                  JSON text that an accepted call has stored: {metadata} or {envelopes}
//   holds                 an accepted call answers a row whose column `holds` must be true
//   state                 the only SQLSTATE that is right
//   refused               accepting it would be wrong

import {anyTraceparent, argumentMakers, argumentNames, givesArgument, textArguments} from './arguments.mjs';
import {anyBatch, anyEnvelope} from './envelopes.mjs';
import {anyText, brokenText} from './json.mjs';

const logEventText =
    `SELECT eventlog.log_event(${argumentNames.map((_, i) => `$${i + 1}`).join(', ')}) AS id`;

const settings = {
    'eventlog.source': anyText,
    'eventlog.actor_id': anyText,
    'eventlog.actor_type': anyText,
    'eventlog.app_version': anyText,
    'eventlog.traceparent': anyTraceparent,
    'eventlog.forward_default': (random) =>
        (random.chance(0.7) ? random.pick(['on', 'off', 'true', '0']) : anyText(random)),
};

// The first two values of each option are sound.
const options = {
    url: ['http://127.0.0.1:9/x', 'https://example.com', 'ftp://x', 'http://u:p@h/', '/x', 'http://[::1', ''],
    format: ['ndjson', 'statsig', 'xml', ''],
    events: ['all', 'flagged', 'order.*', ''],
    start_at: [
        'now', '01ARZ3NDEKTSV4RRFFQ69G5FAV', 'beginning', '017f22e2-79b0-7cc3-98c4-dc0c0c07398f', '8', 'NOW'
    ],
    batch_events: ['1', '10000', '0', '10001', '1e3', '-1', ' 5', '99999999999999999999'],
    batch_bytes: ['1024', '67108864', '1', '67108865'],
    timeout_ms: ['1000', '1', '0', ''],
    compression: ['gzip', 'none', 'zstd'],
    max_name_length: ['64', '256', '0', '257'],
    user_principal: ['service:x', 'y', ' ', 'x'.repeat(65)],
    user_id: ['actor', 'principal', 'nobody'],
    api_key: ['secret', 'of a mapping'],
};

const crockford = '0123456789abcdefghjkmnpqrstvwxyzABCDEFGHJKMNPQRSTVWXYZiIlLoO';

/** JSONB in the binary protocol: a version and the text. */
function binaryJsonb(text) { return Buffer.concat([Buffer.of(1), Buffer.from(text)]); }

function logEvent(random, limits) {
    const values = argumentNames.map(
        (name) => (givesArgument(random, name) ? argumentMakers[name](random, limits) : null));
    const at = argumentNames.indexOf('metadata');
    const logs = {metadata: values[at] ?? '{}'};
    if (values[at] !== null && random.chance(0.2)) values[at] = binaryJsonb(values[at]);
    if (random.chance(0.02)) values[argumentNames.indexOf('event_name')] = null;
    return {name: 'log_event', text: logEventText, values, logs};
}

/** A text argument is no UTF-8, and nothing else is wrong. */
function logEventBytes(random) {
    const broken = random.pick(textArguments);
    const values = argumentNames.map(
        (name) =>
            (name === broken           ? brokenText(random) :
                 name === 'event_name' ? 'order.created' :
                                         null));
    return {name: 'log_event', text: logEventText, values, state: '22021'};
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

function logEvents(random, limits) {
    const text = anyBatch(random, limits);
    return {
        name: 'log_events',
        text: 'SELECT eventlog.log_events($1) AS id',
        values: [random.chance(0.2) ? binaryJsonb(text) : text],
        logs: {envelopes: text},
    };
}

function logEventsJson(random, limits) {
    const text = anyBatch(random, limits);
    return {
        name: 'log_events_json',
        text: 'SELECT eventlog.log_events_json($1) AS id',
        values: [random.chance(0.2) ? Buffer.from(text) : text],
        logs: {envelopes: text},
    };
}

/** A document that has bytes that are no UTF-8 within a string. */
function logJsonBytes(random) {
    const [open, close] = ['{"eventName": "x", "metadata": {"k": "', '"}}'].map((text) => Buffer.from(text));
    const bytes = Buffer.concat([open, brokenText(random), close]);
    const [entrance, value] = random.pick([['log_envelope', binaryJsonb(bytes)], ['log_events_json', bytes]]);
    return {name: entrance, text: `SELECT eventlog.${entrance}($1) AS id`, values: [value], state: '22021'};
}

function anyUuid(random) {
    return random.choose([
        [6, () => random.bytes(16)],
        [4, () => random.hex(32)],
        [1, () => random.pick(['f', '0', '8']).repeat(random.pick([31, 32, 32, 33]))],
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
    const text = random.choose([
        [6, () => random.below(8) + random.list(25, () => random.pick(crockford)).join('')],
        [2, () => random.list(24 + random.below(5), () => random.pick(`${crockford}uU-`)).join('')],
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

/** A statement's text ends at a NUL. */
function quoted(text) { return `'${text.replaceAll('\0', '').replaceAll('\'', '\'\'')}'`; }

function set(random) {
    const name = random.pick(Object.keys(settings));
    const value = settings[name](random);
    const setConfig = {name: 'set_config', text: 'SELECT set_config($1, $2, false)'};
    return random.choose([
        [3, () => ({text: `SET ${name} TO ${quoted(value)}`})],
        [3, () => ({...setConfig, values: [name, value]})],
        [1, () => ({...setConfig, values: [name, brokenText(random)], state: '22021'})],
        [2, () => ({text: `RESET ${name}`})],
        [1, () => ({text: `SET eventlog.no_such_setting TO ${quoted(value)}`, refused: true})],
    ]);
}

function createServer(random) {
    const chosen =
        Object.keys(options).filter((name) => random.chance(['url', 'format'].includes(name) ? 0.9 : 0.15));
    const value = (name) => random.choose([
        [12, () => random.pick(options[name].slice(0, 2))],
        [2, () => random.pick(options[name])],
        [1, () => anyText(random)],
    ]);
    const texts = chosen.map((name) => `${name} ${quoted(value(name))}`);
    if (random.chance(0.1)) texts.push(`"${random.pick(['no_such_option', 'URL', 'x'.repeat(70)])}" 'x'`);
    if (random.chance(0.05) && texts.length > 0) texts.push(texts[0]);
    return {
        name: 'create_server',
        text: 'SELECT create_and_drop_server($1)',
        values: [texts.length > 0 ? `OPTIONS (${texts.join(', ')})` : ''],
    };
}

/** What the calls that create a server need: it is gone again before anything is sent to it. */
export const helpers = `
    CREATE FUNCTION create_and_drop_server(clause text) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        server text := 'fuzz_' || pg_backend_pid();
    BEGIN
        EXECUTE format('CREATE SERVER %I FOREIGN DATA WRAPPER eventlog %s', server, clause);
        EXECUTE format('DROP SERVER %I', server);
    END $$`;

/** A random call; `limits` are those of json.mjs. */
export function anyCall(random, limits) {
    return random.choose([
        [340, () => logEvent(random, limits)],
        [220, () => logEnvelope(random, limits)],
        [110, () => logEvents(random, limits)],
        [130, () => logEventsJson(random, limits)],
        [30, () => logEventBytes(random)],
        [30, () => logJsonBytes(random)],
        [30, () => ulid(random)],
        [20, () => eventTime(random)],
        [30, () => fromUlid(random)],
        [40, () => set(random)],
        [20, () => createServer(random)],
    ]);
}
