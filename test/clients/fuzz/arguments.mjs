// The arguments of log_event: for each a maker of random values, sound more often than not.

import {anyText, jsonDocument, jsonNumber} from './json.mjs';

const times = [
    'infinity',
    '-infinity',
    'now',
    'epoch',
    'tomorrow',
    '',
    'allballs',
    '294276-12-31 23:59:59.999999+00',
    '294277-01-01Z',
    '280000-06-01Z',
    '4714-11-24 BC',
    '4713-01-01 BC',
    '2026-02-30',
    '24:00',
    '20261120T081530',
    '2026-11-20T08:15:30+99:00',
    '2026-W47-5',
    '2026-11-20 08:15 Europe/Nowhere',
    '2026-11-20T24:00:00Z',
];
const soundDoubles = [1.5, -0, 1e308, '5e-324', 42];
const oddDoubles = ['NaN', 'Infinity', '-inf', '1e309', '1e-400', '0x1p3', '', ' 1 ', '1.'];
const soundVersions = [
    '1.2.3',
    '0.0.0',
    '1.0.0-alpha.1+001',
    '99999999999999999999.0.0',
    '1.0.0--',
    '1.0.0+0.build',
];
const brokenVersions = [
    '1.2',
    '01.2.3',
    '1.2.3-01',
    '1.2.3-',
    '1.2.3+',
    'v1.2.3',
    '1.2.3-a..b',
    '1.2.3+a+b',
];

function mostly(sound) { return (random) => (random.chance(0.8) ? sound : anyText(random)); }

function anyTime(random) {
    return random.choose([
        [8, () => '2026-11-20T08:15:30.250Z'],
        [4, () => random.pick(times)],
        [1, () => random.bytes(8)],
        [1, () => anyText(random)],
        [1, () => random.list(random.below(30), () => random.pick('0123456789-:TZ+. ')).join('')],
    ]);
}

function anyDouble(random) {
    return random.choose([
        [5, () => random.pick(soundDoubles)],
        [2, () => random.pick(oddDoubles)],
        [2, () => jsonNumber(random)],
        [1, () => random.bytes(8)],
        [1, () => anyText(random)],
    ]);
}

function anyVersion(random) {
    return random.choose([
        [5, () => random.pick(soundVersions)],
        [2, () => random.pick(brokenVersions)],
        [1, () => anyText(random)],
    ]);
}

function anyTraceId(random) {
    return random.choose([
        [5, () => random.hex(32)],
        [1, () => random.hex(random.pick([31, 33]))],
        [1, () => random.pick(['0'.repeat(32), 'A'.repeat(32), anyTraceparent(random)])],
        [1, () => anyText(random)],
    ]);
}

/** A W3C traceparent, now and then a broken one. */
export function anyTraceparent(random) {
    const [version, trace, parent] = [random.hex(2), random.hex(32), random.hex(16)];
    return random.choose([
        [8, () => `00-${trace}-${parent}-01`],
        [2, () => `${version}-${trace}-${parent}-01${random.pick(['', '-', '-more', 'more'])}`],
        [1, () => `00-${'0'.repeat(32)}-${parent}-01`],
        [1, () => `00-${trace}-${'0'.repeat(16)}-01`],
        [1, () => anyText(random)],
    ]);
}

/**
 * By the names of log_event's arguments, in their order: functions of a Random and the limits of json.mjs.
 */
export const argumentMakers = {
    event_name: (random) => (random.chance(0.7) ? 'order.created' : anyText(random)),
    metadata: (random, limits) => (random.chance(0.1) ? null : jsonDocument(random, limits)),
    event_type: mostly('type'),
    actor_id: mostly('actor-1'),
    actor_type: mostly('user'),
    resource_type: mostly('order'),
    resource_id: mostly('order-1'),
    source: mostly('shop'),
    origin: (random) => (random.chance(0.9) ? random.pick(['backend', 'frontend']) : anyText(random)),
    event_ts: anyTime,
    value: anyDouble,
    schema_version: anyVersion,
    trace_id: anyTraceId,
    sofa: mostly('cookie'),
    forward_to_statsig: (random) =>
        (random.chance(0.9) ? random.pick(['true', 'f', 'on', '0', true, false]) : anyText(random)),
    idempotency_key: (random) => (random.chance(0.7) ? `key ${random.below(1000)}` : anyText(random)),
    app_version: mostly('1.2.3'),
};

export const argumentNames = Object.keys(argumentMakers);

const ofOtherTypes = ['metadata', 'origin', 'event_ts', 'value', 'forward_to_statsig'];
export const textArguments = argumentNames.filter((name) => !ofOtherTypes.includes(name));

const oftenRefused = [
    'actor_type',
    'resource_type',
    'resource_id',
    'schema_version',
    'trace_id',
    'value',
    'event_ts',
];

/** Whether to give this argument: seldom where it gets most calls refused, so that others are tried too. */
export function givesArgument(random, name) {
    return name === 'event_name' || random.chance(oftenRefused.includes(name) ? 0.15 : 0.4);
}
