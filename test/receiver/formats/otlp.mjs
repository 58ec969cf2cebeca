// OpenTelemetry's logs over HTTP as JSON, POST /v1/logs: opentelemetry/proto/logs/v1 in the JSON mapping of
// OTLP 1.x (64-bit integers are decimal strings, ids hexadecimal, enums integers, keys lowerCamelCase).
// Unknown keys, which a service must ignore, are refused: here they are mistakes.

import {demand, demandKnownKeys, isBearer, isObject, isText, parseJson, Refusal} from './checks.mjs';

const maxBytes = 64 * 1024 * 1024;
const uidKey = 'log.record.uid';
const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const decimal = /^\d{1,20}$/;
const hexId = (digits) => (value) => new RegExp(`^[0-9a-f]{${digits}}$`).test(value) && !/^0+$/.test(value);

export const otlp = {
    name: 'otlp',
    mediaTypes: ['application/json'],
    success: {status: 200, body: '{}'},
    authorised: (headers, key) => isBearer(headers, key) || headers['api-key'] === key,
    parse,
    idOf: (record) => uuidOfUlid(attribute(record, uidKey)),
    nameOf: (record) => record.eventName,
    /** The answer of an endpoint that leaves out so many records. */
    partialSuccess: (rejected, message) =>
        JSON.stringify({partialSuccess: {rejectedLogRecords: String(rejected), errorMessage: message}}),
};

/** The UUID of the same 128 bits; undefined without a ULID. */
export function uuidOfUlid(ulid) {
    if (ulid === undefined) return undefined;
    const bits = [...ulid].reduce((sum, digit) => sum * 32n + BigInt(crockford.indexOf(digit)), 0n);
    const hex = bits.toString(16).padStart(32, '0');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The string value of a record's attribute. */
function attribute(record, key) {
    return record.attributes?.find((pair) => pair.key === key)?.value.stringValue;
}

function parse(text) {
    if (Buffer.byteLength(text) > maxBytes) throw new Refusal(413, `body: must be at most ${maxBytes} bytes`);
    const body = parseJson(text, 'body');
    demand(isObject(body), 'body', 'an object');
    demandKnownKeys(body, ['resourceLogs'], 'body');
    return each(body.resourceLogs, 'resourceLogs', (entry, at) => {
        demandKnownKeys(entry, ['resource', 'scopeLogs', 'schemaUrl'], at);
        checkResource(entry.resource, `${at}.resource`);
        return each(entry.scopeLogs, `${at}.scopeLogs`, (scoped, scopeAt) => {
            demandKnownKeys(scoped, ['scope', 'logRecords', 'schemaUrl'], scopeAt);
            checkScope(scoped.scope, `${scopeAt}.scope`);
            return each(scoped.logRecords, `${scopeAt}.logRecords`, (record, recordAt) => {
                checkRecord(record, recordAt);
                return [record];
            });
        });
    });
}

/** What `visit` returns for each object of a list that must not be empty, in one list. */
function each(list, at, visit) {
    demand(Array.isArray(list) && list.length > 0, at, 'an array that is not empty');
    return list.flatMap((entry, index) => {
        demand(isObject(entry), `${at}[${index}]`, 'an object');
        return visit(entry, `${at}[${index}]`);
    });
}

function checkResource(resource, at) {
    demand(isObject(resource), at, 'an object');
    demandKnownKeys(resource, ['attributes', 'droppedAttributesCount'], at);
    checkPairs(resource.attributes, `${at}.attributes`);
    demand(isText(attribute(resource, 'service.name')), `${at}.attributes`, 'with a service.name');
}

function checkScope(scope, at) {
    demand(isObject(scope), at, 'an object');
    demandKnownKeys(scope, ['name', 'version', 'attributes', 'droppedAttributesCount'], at);
    demand(isText(scope.name), `${at}.name`, 'a non-empty string');
    demand(scope.version === undefined || isText(scope.version), `${at}.version`, 'a non-empty string');
    if (scope.attributes !== undefined) checkPairs(scope.attributes, `${at}.attributes`);
}

const isCount = (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32;
const isNanos = (value) => typeof value === 'string' && decimal.test(value) && BigInt(value) < 2n ** 64n;

const recordFields = {
    timeUnixNano: [isNanos, 'a decimal string of 64 bits'],
    observedTimeUnixNano: [isNanos, 'a decimal string of 64 bits'],
    severityNumber:
        [(value) => Number.isInteger(value) && value >= 0 && value <= 24, 'an integer from 0 to 24'],
    severityText: [isText, 'a non-empty string'],
    traceId: [hexId(32), '32 hexadecimal digits, not all zero'],
    spanId: [hexId(16), '16 hexadecimal digits, not all zero'],
    eventName: [isText, 'a non-empty string'],
    flags: [isCount, 'an integer of 32 bits'],
    droppedAttributesCount: [isCount, 'an integer of 32 bits'],
};

function checkRecord(record, at) {
    demandKnownKeys(record, [...Object.keys(recordFields), 'attributes', 'body'], at);
    for (const [name, [test, what]] of Object.entries(recordFields)) {
        demand(record[name] === undefined || test(record[name]), `${at}.${name}`, what);
    }
    demand(record.observedTimeUnixNano !== undefined, `${at}.observedTimeUnixNano`, 'given');
    if (record.body !== undefined) checkValue(record.body, `${at}.body`);
    checkPairs(record.attributes, `${at}.attributes`);
    const uid = attribute(record, uidKey);
    demand(uid === undefined || /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(uid), `${at}: ${uidKey}`, 'a ULID');
}

function checkPairs(pairs, at) {
    demand(Array.isArray(pairs), at, 'an array');
    const keys = new Set();
    pairs.forEach((pair, index) => {
        const pairAt = `${at}[${index}]`;
        demand(isObject(pair), pairAt, 'an object');
        demandKnownKeys(pair, ['key', 'value'], pairAt);
        demand(isText(pair.key), `${pairAt}.key`, 'a non-empty string');
        demand(!keys.has(pair.key), `${pairAt}.key`, `given once: ${pair.key}`);
        keys.add(pair.key);
        checkValue(pair.value, `${pairAt}.value`);
    });
}

const isInt64 = (value) => {
    if (typeof value === 'number') return Number.isSafeInteger(value);
    return typeof value === 'string' && /^-?\d{1,19}$/.test(value) &&
        BigInt.asIntN(64, BigInt(value)) === BigInt(value);
};

const valueKinds = {
    stringValue: (value) => typeof value === 'string',
    boolValue: (value) => typeof value === 'boolean',
    intValue: isInt64,
    doubleValue: (value) => typeof value === 'number' || ['NaN', 'Infinity', '-Infinity'].includes(value),
    bytesValue: (value) => typeof value === 'string',
    arrayValue: (value, at) => checkList(
        value, at,
        (values, valuesAt) => {
            demand(Array.isArray(values), valuesAt, 'an array');
            values.forEach((inner, index) => checkValue(inner, `${valuesAt}[${index}]`));
        }),
    kvlistValue: (value, at) => checkList(value, at, checkPairs),
};

function checkList(value, at, check) {
    demand(isObject(value), at, 'an object');
    demandKnownKeys(value, ['values'], at);
    check(value.values, `${at}.values`);
    return true;
}

/** An AnyValue: one of the kinds, or an empty object for none. */
function checkValue(value, at) {
    demand(isObject(value), at, 'an object');
    demandKnownKeys(value, Object.keys(valueKinds), at);
    const kinds = Object.keys(value);
    demand(kinds.length <= 1, at, 'of one kind');
    for (const kind of kinds)
        demand(valueKinds[kind](value[kind], `${at}.${kind}`), `${at}.${kind}`, 'a sound value');
}
