// The events that two targets, one in each format, deliver equal the stored ones.

import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';

import {Database} from './database.mjs';
import {canonical, parseExactly} from './exact-json.mjs';
import {logBatch, logEvent} from './log.mjs';
import {events} from './payloads.mjs';
import {createTargets, Receiver, targets, untilDelivered} from './targets.mjs';

const [ndjsonPath, statsigPath] = targets.map(({path}) => path);

// These events have what real payloads lack: digits that a double cannot hold, keys that UTF-16 orders differently, every kind
// of escape and of value, and columns that they leave NULL.
const oddities = [
    {
        eventName: 'odd.numbers',
        value: -0.1,
        metadata:
            '{"precise": 3.14159265358979323846264338327950288, "big": 123456789012345678901234567890,' +
            ' "scaled": 1.500, "exponent": 1e30, "tiny": 1E-25, "minus": -0.0, "deep": [{"n": 1.10}, -7e0]}',
    },
    {
        eventName: 'odd.keys',
        metadata:
            '{"nested": {"\\ue000": 1, "\\ud83d\\ude00": 2, "z": 3, "aa": 4, "B": 5, "": 6, "\\u00e9": 7},' +
            ' "\\ud83d\\ude00": "smile", "": "empty", "\\ue000": "private", "_eventId": "the caller\'s own"}',
    },
    {
        eventName: 'odd.texts',
        metadata: '{"escapes": "\\" \\\\ \\/ \\b\\f\\n\\r\\t \\u0001\\u001f\\u007f\\u2028",' +
            ' "nested": ["\\" \\\\ \\/ \\b\\f\\n\\r\\t \\u0001\\u001f\\u007f\\u2028"], "blank": ""}',
    },
    {
        eventName: 'odd.values',
        metadata: '{"yes": true, "no": false, "nothing": null, "list": [], "object": {},' +
            ' "mixed": [null, true, [[]], {"a": null}]}',
    },
    {
        eventName: 'odd.depth',
        metadata: `{"deep": ${'[{"a":'.repeat(500)}0${'}]'.repeat(500)}}`,
    },
    {
        eventName: 'odd.columns',
        eventType: 'type',
        origin: 'frontend',
        eventTs: '1969-12-31T23:59:59.999999Z',
        schemaVersion: '1.2.3-rc.1+build',
        traceId: '0af7651916cd43dd8448eb211c80319c',
        appVersion: '2026.11',
        sofa: 'cookie \u{1f36a}',
        metadata: '{}',
    },
];

/** Logs the oddities as JSON text, so that this side has no part in how numbers are written; their ids. */
async function logOddities(client) {
    const envelopes = oddities.map(({metadata, ...envelope}) => {
        const text = JSON.stringify({...envelope, source: 'oddities', forwardToStatsig: true});
        return `${text.slice(0, -1)},"metadata":${metadata}}`;
    });
    const {rows} = await client.query('SELECT eventlog.log_events_json($1) AS id', [`[${envelopes.join()}]`]);
    return rows.map(({id}) => id);
}

/** Logs all payloads one by one, then once more in a batch; the ids in that order. */
async function logPayloads(client) {
    const ids = [];
    for (const event of events) ids.push(await logEvent(client, event, {forward: true}));
    const batch = events.map((event) => ({
                                 eventName: event.event_name,
                                 source: event.source,
                                 metadata: event.metadata,
                                 forwardToStatsig: true,
                             }));
    ids.push(...await logBatch(client, 'log_events', batch));
    return ids;
}

/** The stored rows by id: all columns of eventlog.events but xid, times as ISO 8601, NULL left out. */
async function storedRows(client) {
    const isoFormat = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"';
    const {rows} = await client.query(
        `SELECT event_id, floor(extract(epoch FROM event_ts) * 1000)::text AS millis,
                (to_jsonb(e) - 'xid' || jsonb_build_object(
                    'event_ts', to_char(event_ts AT TIME ZONE 'UTC', $1::text),
                    'ingested_at', to_char(ingested_at AT TIME ZONE 'UTC', $1::text)))::text AS columns
         FROM eventlog.events e`,
        [isoFormat]);
    return new Map(rows.map(({event_id: id, millis, columns}) => {
        const given = Object.entries(parseExactly(columns)).filter(([, value]) => value !== null);
        return [id, {...Object.fromEntries(given), millis}];
    }));
}

/** The line of NDJSON that a row must have become. */
function ndjsonOf({millis, ...columns}) { return canonical(columns); }

/** The Statsig event that a row must have become. */
function statsigOf({event_id: id, event_name: eventName, millis, value, metadata}) {
    const texts = Object.entries(metadata)
                      .filter(([key, value]) => key !== '_eventLog' && key !== '_eventId' && value !== null)
                      .map(([key, value]) => [key, statsigText(value)]);
    return {
        eventName,
        user: {userID: 'service:events'},
        time: Number(millis),
        ...(value === undefined ? {} : {value: Number(canonical(value))}),
        metadata: {...Object.fromEntries(texts), _eventId: id},
    };
}

/** A string is sent as it is, anything else as its JSON text. */
function statsigText(value) {
    const text = canonical(value);
    return text.startsWith('"') ? value : text;
}

function assertDelivery(requests, ids, idOf) {
    assert.ok(requests.length > 0);
    for (const {status, accepted, answered} of requests) {
        assert.deepEqual({accepted, answered}, {accepted: true, answered: true}, `answered ${status}`);
    }
    // Nothing failed, so nothing came twice; every call was a transaction of its own, so the order is theirs.
    assert.deepEqual(requests.flatMap(({events}) => events.map(idOf)), ids);
}

describe('forwarding', () => {
    const database = new Database('forward');
    const receiver = new Receiver();
    let client;
    let ids;
    let rows;
    let status;
    before(async () => {
        await receiver.start({keepBodies: true});
        await database.create();
        client = await database.connect();
        await createTargets(client, receiver);
        ids = [...await logOddities(client), ...await logPayloads(client)];
        status = await untilDelivered(client);
        rows = await storedRows(client);
        assert.equal(rows.size, ids.length);
    });
    after(async () => {
        await receiver.stop();
        await database.drop();
    });

    test('NDJSON has every row, column by column, once and in order', () => {
        const requests = receiver.requests(ndjsonPath);
        assertDelivery(requests, ids, (event) => event.event_id);
        for (const {events: received} of requests) {
            for (const line of received) {
                assert.deepEqual(line, JSON.parse(ndjsonOf(rows.get(line.event_id))));
            }
        }
    });

    test('NDJSON has every digit: the bytes of each request are those of its rows', () => {
        for (const {events: received, bytes, encoding} of receiver.requests(ndjsonPath)) {
            assert.equal(encoding, null);
            const expected = received.map(({event_id: id}) => `${ndjsonOf(rows.get(id))}\n`).join('');
            assert.equal(bytes, Buffer.byteLength(expected));
        }
    });

    test('Statsig has every event, its metadata flat and exact, once and in order', () => {
        const requests = receiver.requests(statsigPath);
        assertDelivery(requests, ids, (event) => event.metadata._eventId);
        for (const {events: received} of requests) {
            for (const event of received) {
                assert.deepEqual(event, statsigOf(rows.get(event.metadata._eventId)));
            }
        }
    });

    test('forward_status tells of the delivery', () => {
        for (const row of status) {
            const {state, lag_seconds: lag, sent, retried, dead, last_error: lastError} = row;
            assert.deepEqual(
                {state, lag, sent: Number(sent), retried: Number(retried), dead: Number(dead), lastError},
                {state: 'running', lag: 0, sent: ids.length, retried: 0, dead: 0, lastError: null},
                row.target);
        }
    });

    test('an event that rolled back is not sent', async () => {
        await client.query('BEGIN');
        const lost = await logEvent(client, {...events[0], idempotency_key: 'lost'}, {forward: true});
        await client.query('ROLLBACK');
        const kept = await logEvent(client, {...events[0], idempotency_key: 'kept'}, {forward: true});
        await untilDelivered(client);
        const sent =
            receiver.requests(ndjsonPath).flatMap(({events}) => events.map((event) => event.event_id));
        assert.deepEqual(sent, [...ids, kept]);
        assert.ok(!sent.includes(lost));
    });

    test('an event that Statsig would drop is a dead letter there, not elsewhere', async () => {
        const name = 'odd{name}';
        const id = await logEvent(client, {...events[0], event_name: name, idempotency_key: name});
        await untilDelivered(client);
        assert.equal(receiver.requests(ndjsonPath).at(-1).events.at(-1).event_id, id);
        const statsig = receiver.requests(statsigPath).flatMap(({events}) => events);
        assert.ok(statsig.every(({eventName}) => eventName !== name));
        const {rows: letters} =
            await client.query('SELECT target, event_id, status FROM eventlog.dead_letters');
        assert.deepEqual(letters, [{target: 'statsig', event_id: id, status: null}]);
    });
});
