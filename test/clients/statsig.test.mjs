// The same events by Statsig's own SDK for Node and by the extension, to the same endpoint: what differs
// between their requests is listed below with its reason, and nothing else does.

import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import Statsig from 'statsig-node';

import {Database} from './database.mjs';
import {apiKey, createTarget, Receiver, untilDelivered, untilWorkerRuns} from './targets.mjs';

const principal = 'service:events';
const paths = {
    ours: '/ours/v1/log_event',
    theirs: '/theirs/v1/log_event'
};

// The events have two shapes, since the differences must not depend on the shape.
const logged = [
    {
        eventName: 'order.placed',
        time: 1795244042012,
        value: 19.5,
        metadata: {plan: 'pro', note: 'caf\u00e9 "\u{1f36a}"\n', empty: ''},
    },
    {eventName: 'order.viewed', time: 1795244042013, value: -3, metadata: {plan: 'free'}},
];

const nameOnly = {
    eventName: 'order.bare',
    time: 1795244042014
};

const absent = undefined;
const any = Symbol('any');

// Each difference: the key, what we send, what the SDK sends (`any`: it is there), and why.
const inHeaders = [
    ['accept-encoding', any, any, 'each asks for what it can decode'],
    ['connection', absent, any, 'HTTP/1.1 keeps a connection without being told to'],
    ['content-type', 'application/json', 'application/json; charset=UTF-8', 'JSON is UTF-8 (RFC 8259)'],
    ['statsig-event-count', absent, any, 'the service counts the events of the body'],
    ['statsig-sdk-type', absent, 'statsig-node', 'said in statsigMetadata'],
    ['statsig-sdk-version', absent, any, 'said in statsigMetadata'],
    ['statsig-server-session-id', absent, any, 'a database has no session of the SDK'],
    ['user-agent', any, any, 'each tells its own name'],
];
// Length, compression (a matter of size and of the target's options) and time of a request are its own.
const ofEachRequest = ['host', 'content-length', 'content-encoding', 'statsig-client-time'];
const inEnvelope = [
    ['statsigMetadata.languageVersion', absent, any, 'there is no language to tell'],
    ['statsigMetadata.sdkType', 'eventlog', 'statsig-node', 'each tells its own name'],
    ['statsigMetadata.sdkVersion', any, any, 'each tells its own version'],
    ['statsigMetadata.sessionID', absent, any, 'a database has no session of the SDK'],
];
const inEveryEvent = [
    ['metadata._eventId', any, absent, 'the key by which readers of exports find repeats'],
    ['secondaryExposures', absent, [], 'custom events have no exposures'],
    ['statsigMetadata', absent, {}, 'sampling of exposures, which there are none of'],
    ['user.privateAttributes', absent, null, 'we send no user but the principal'],
];
const inBareEvent = [
    ['value', absent, null, 'what is NULL is left out'],
];

/** The keys of an object down to values that are no objects with keys, as a.b, with these values. */
function flat(object, prefix = '') {
    return Object.entries(object).flatMap(([key, value]) => {
        const hasKeys = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
        return hasKeys && !Array.isArray(value) ? flat(value, `${prefix}${key}.`) : [[prefix + key, value]];
    });
}

/** [key, ours, theirs] of each key that differs, in the order of the keys. */
function differencesOf(ours, theirs) {
    const [our, their] = [ours, theirs].map((object) => new Map(flat(object)));
    const keys = [...new Set([...our.keys(), ...their.keys()])].sort();
    const isEqual = (key) =>
        JSON.stringify(our.get(key)) === JSON.stringify(their.get(key)) && our.has(key) === their.has(key);
    return keys.filter((key) => !isEqual(key)).map((key) => [key, our.get(key), their.get(key)]);
}

/** Asserts that these are the differences, and tells them with their reasons. */
function assertDifferences(t, what, ours, theirs, explained) {
    const found = differencesOf(ours, theirs);
    const expected = [...explained].sort(([a], [b]) => (a < b ? -1 : 1));
    assert.deepEqual(found.map(([key]) => key), expected.map(([key]) => key), what);
    found.forEach(([key, our, their], index) => {
        const [, ourExpected, theirExpected, reason] = expected[index];
        assertSide(our, ourExpected, `${what}: ${key}, ours`);
        assertSide(their, theirExpected, `${what}: ${key}, theirs`);
        t.diagnostic(`${what}: ${key}: ${shown(our)} / ${shown(their)}: ${reason}`);
    });
}

function assertSide(found, expected, what) {
    if (expected === any)
        assert.notEqual(found, undefined, what);
    else
        assert.deepEqual(found, expected, what);
}

function shown(value) { return value === undefined ? 'absent' : JSON.stringify(value); }

async function logByExtension(client, {eventName, time, value = null, metadata = {}}) {
    await client.query(
        `SELECT eventlog.log_event(event_name => $1, event_ts => $2, value => $3, metadata => $4, source => 'shop')`,
        [eventName, new Date(time), value, metadata]);
}

async function logBySdk(url, events) {
    const noConfig = {dynamic_configs: [], feature_gates: [], layer_configs: [], has_updates: true, time: 1};
    await Statsig.initialize(apiKey, {
        api: url.slice(0, url.lastIndexOf('/')),
        bootstrapValues: JSON.stringify(noConfig),
        disableIdListsSync: true,
        disableRulesetsSync: true,
        initStrategyForIDLists: 'none',
        initStrategyForIP3Country: 'none',
        postLogsRetryLimit: 0,
    });
    for (const event of events) Statsig.logEventObject({...event, user: {userID: principal}});
    await Statsig.flush();
    await Statsig.shutdownAsync();
}

describe('Statsig\'s SDK', () => {
    const database = new Database('statsig');
    const receiver = new Receiver();
    const requests = {};
    const events = {};
    before(async () => {
        await receiver.start({keepBodies: true, keepRequests: true});
        await database.create();
        const client = await database.connect();
        const target = {name: 'ours', format: 'statsig', path: paths.ours};
        await createTarget(client, receiver, target);
        await untilWorkerRuns(client);
        for (const event of [...logged, nameOnly]) await logByExtension(client, event);
        await untilDelivered(client, [target.name]);
        await logBySdk(receiver.url(paths.theirs), [...logged, nameOnly]);
        for (const [side, path] of Object.entries(paths)) {
            requests[side] = receiver.requests(path);
            const own = ({eventName}) => !eventName.startsWith('statsig::');
            events[side] = requests[side].flatMap((request) => request.events).filter(own);
        }
    });
    after(async () => {
        await receiver.stop();
        await database.drop();
    });

    test('the endpoint accepts the requests of both', () => {
        for (const side of Object.keys(paths)) {
            assert.ok(requests[side].length > 0, side);
            assert.deepEqual([...new Set(requests[side].map(({status}) => status))], [202], side);
            assert.deepEqual(
                events[side].map(({eventName}) => eventName),
                [...logged, nameOnly].map(({eventName}) => eventName), side);
        }
    });

    test('the headers differ where explained', (t) => {
        const headersOf = (side) => {
            const {headers} = requests[side][0];
            assert.ok(Math.abs(headers['statsig-client-time'] - Date.now()) < 3600_000, side);
            return Object.fromEntries(
                Object.entries(headers).filter(([name]) => !ofEachRequest.includes(name)));
        };
        assertDifferences(t, 'header', headersOf('ours'), headersOf('theirs'), inHeaders);
    });

    test('the envelopes differ where explained', (t) => {
        const envelopeOf = (side) => {
            const {events, ...envelope} = JSON.parse(requests[side][0].text);
            return envelope;
        };
        assertDifferences(t, 'body', envelopeOf('ours'), envelopeOf('theirs'), inEnvelope);
    });

    test('the events differ where explained, whatever they hold', (t) => {
        logged.forEach(({eventName}, index) => {
            assertDifferences(t, eventName, events.ours[index], events.theirs[index], inEveryEvent);
        });
    });

    test('what an event does not have is left out by us and null in theirs', (t) => {
        const {metadata, ...theirs} = events.theirs.at(-1);
        assert.equal(metadata, null);
        assertDifferences(
            t, nameOnly.eventName, events.ours.at(-1), theirs, [...inEveryEvent, ...inBareEvent]);
    });
});
