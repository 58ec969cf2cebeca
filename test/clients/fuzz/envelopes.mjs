// Random envelopes for log_envelope, and arrays of them.

import {argumentMakers, givesArgument} from './arguments.mjs';
import {anyText, damaged, deepJson, jsonDocument, jsonNumber, jsonValue} from './json.mjs';

// The forms: the key that tells each, what else it requires and takes.
const forms = [
    {
        told: 'eventName',
        required: [],
        keys: [
            'metadata',
            'actorId',
            'actor_id',
            'actorType',
            'eventType',
            'event_type',
            'eventTs',
            'event_ts',
            'value',
            'traceId',
            'sofa',
            'origin',
            'source',
            'idempotency_key',
            'forward_to_statsig',
        ],
    },
    {
        told: 'event_name',
        required: [],
        keys: [
            'metadata', 'resource_type', 'resourceId', 'schemaVersion', 'schema_version', 'app_version',
            'trace_id'
        ],
    },
    {
        told: 'service',
        required: ['eventType', 'eventTimestamp'],
        keys: ['actor', 'resource', 'metadata'],
    },
    {
        told: 'type',
        required: ['source'],
        keys: ['data', 'id', 'timestamp', 'schemaVersion', 'traceId'],
    },
];
const keysOfEveryForm = ['idempotencyKey', 'forwardToStatsig', 'appVersion'];
const foreignKeys = [
    'eventId',
    'event_id',
    'tenantId',
    'tenant_id',
    'id',
    '_eventLog',
    'type',
    'service',
    'eventName',
    'data',
];

// Keys whose argument of log_event has another name.
const argumentOfKey = {
    data: 'metadata',
    timestamp: 'event_ts',
    event_timestamp: 'event_ts',
    id: 'idempotency_key',
    service: 'source',
    type: 'event_name',
};
const parts = [
    '{"type": "user", "id": "u1"}',
    '{"type": "user", "id": "u1"}',
    '{"id": "u1"}',
    '{"type": null, "id": "u1"}',
    '{"type": " ", "id": "u1"}',
    '{"type": "user", "id": "u1", "name": "x"}',
];
const soundEnvelope = '{"type": "order.created", "source": "shop", "data": {"n": 1}}';
const trickyBatch = '[ {"eventName":"a]}\\\\\\"["} , {"eventName":"b"}, {"eventName":"c"} ]';

function argumentOf(key) {
    const snakeCase = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return argumentOfKey[snakeCase] ?? snakeCase;
}

/** JSON text of a value for the key of an envelope. */
function valueOf(random, key, limits) {
    const argument = argumentOf(key);
    if (random.chance(0.06)) return jsonValue(random);
    switch (argument) {
        case 'metadata':
            return jsonDocument(random, limits);
        case 'value':
            return jsonNumber(random);
        case 'forward_to_statsig':
            return random.pick(['true', 'false']);
        case 'actor':
        case 'resource':
            return random.pick(parts);
        default:
            return JSON.stringify(String((argumentMakers[argument] ?? anyText)(random, limits)));
    }
}

function formedEnvelope(random, limits) {
    const {told, required, keys} = random.pick(forms);
    const chosen = new Set([
        told,
        ...required,
        ...keys.filter((key) => givesArgument(random, argumentOf(key)) && random.chance(0.7)),
        ...keysOfEveryForm.filter(() => random.chance(0.1)),
    ]);
    if (random.chance(0.08)) chosen.add(random.pick(foreignKeys));
    if (random.chance(0.05)) chosen.delete(random.pick([...chosen]));
    const members = [...chosen].map((key) => `"${key}": ${valueOf(random, key, limits)}`);
    if (members.length > 0 && random.chance(0.05)) members.push(random.pick(members));
    if (random.chance(0.03)) members.push(`${JSON.stringify(anyText(random))}: ${jsonValue(random)}`);
    const text = `{${members.join(', ')}}`;
    return random.chance(0.05) ? damaged(random, text) : text;
}

/** JSON text of an envelope, a broken one more often than not. */
export function anyEnvelope(random, limits) {
    return random.choose([
        [30, () => formedEnvelope(random, limits)],
        [1, () => jsonDocument(random, limits)],
        [1, () => `{"eventName": "deep", "metadata": {"deep": ${deepJson(random, limits)}}}`],
    ]);
}

/** JSON text of an array of envelopes, most of them sound: one that is not gets all refused. */
export function anyBatch(random, limits) {
    const event = () => (random.chance(0.7) ? soundEnvelope : anyEnvelope(random, limits));
    return random.choose([
        [12, () => `[${random.list(random.below(5), event).join(random.pick([',', ' , ', '\n,\t']))}]`],
        [1, () => `[${Array(1 + random.below(300)).fill(soundEnvelope).join()}]`],
        [1, () => damaged(random, trickyBatch)],
        [1, () => jsonDocument(random, limits)],
        [1, () => `[${deepJson(random, limits)}]`],
    ]);
}
