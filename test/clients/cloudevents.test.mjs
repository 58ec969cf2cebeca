// What targets of format cloudevents send in each mode is read by CNCF's package, and is what is stored; and
// the endpoint takes what that package sends, by the same rules.

import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {CloudEvent, emitterFor, HTTP, httpTransport, Mode} from 'cloudevents';

import {Database} from './database.mjs';
import {logEvent} from './log.mjs';
import {events as payloads} from './payloads.mjs';
import {apiKey, createTarget, Receiver, untilDelivered, untilWorkerRuns} from './targets.mjs';

const modes = ['structured', 'batch', 'binary'];
const pathOf = (mode) => `/${mode}`;
const everyNth = 7;

// These events have values that must be encoded in headers, and absent values.
const oddities = [
    {
        event_name: 'odd.texts',
        resource_type: 'caf\u00e9 "menu"',
        resource_id: '100% \u{1f36a}/a b',
        actor_type: 'user',
        actor_id: 'j\u00f6rg\u2028"x"',
        metadata: {text: '\u{1f36a}\u2028 "\n', nested: [{deep: [null, true, -1.5]}]},
    },
    {event_name: 'odd.nothing', metadata: {}},
].map((event) => ({
          ...event,
          source: 'oddities',
          event_ts: new Date(1795244042012),
          idempotency_key: event.event_name,
      }));

/** The events of a request, as the package reads it. Credentials, which the record hides, are left out. */
function read({headers, text}) {
    const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== null));
    const found = [HTTP.toEvent({headers: given, body: text})].flat();
    for (const event of found) assert.equal(event.validate(), true);
    return found;
}

/** An attribute, which the package leaves as it was encoded for a header. */
function attribute(event, name, mode) {
    const value = event[name];
    return mode === 'binary' && value !== undefined ? decodeURIComponent(value) : value;
}

/** Asserts that the event is what the row must have become. */
function assertEvent(event, row, mode) {
    const at = (name) => attribute(event, name, mode);
    assert.equal(event.specversion, '1.0');
    assert.equal(at('source'), row.source);
    assert.equal(at('type'), row.event_name);
    assert.equal(Date.parse(at('time')), row.event_ts.getTime());
    assert.equal(Date.parse(at('ingestedat')), row.ingested_at.getTime());
    assert.equal(event.datacontenttype, 'application/json');
    assert.equal(
        at('subject'), row.resource_id === null ? undefined : `${row.resource_type}/${row.resource_id}`);
    assert.equal(at('authid'), row.actor_id ?? undefined);
    assert.equal(at('tenantid'), row.tenant_id ?? undefined);
    const {_eventLog, ...metadata} = row.metadata;
    assert.deepEqual(event.data, metadata);
}

describe('the package sends to the endpoint', () => {
    const receiver = new Receiver();
    before(() => receiver.start({keepRequests: true}));
    after(() => receiver.stop());

    const sent =
        {source: '/shop', type: 'order.placed', subject: 'order/7', tenantid: 't1', data: {total: 1.5}};
    const send = async (mode, event) => {
        const headers = {authorization: `Bearer ${apiKey}`};
        const emit = emitterFor(httpTransport(receiver.url(pathOf(mode))), {mode});
        await emit(event, {headers});
    };

    for (const mode of [Mode.STRUCTURED, Mode.BINARY]) {
        test(`in ${mode} mode`, async () => {
            const event = new CloudEvent(sent);
            await send(mode, event);
            const [request] = receiver.requests(pathOf(mode));
            assert.deepEqual([request.status, request.ids], [202, [event.id]]);
            const [{id, data}] = read(request);
            assert.deepEqual([id, data], [event.id, sent.data]);
        });
    }

    // The package reads batches and cannot write them.
    test('in batch mode, put together from events of the package', async () => {
        const batch = [new CloudEvent(sent), new CloudEvent(sent)];
        const answer = await fetch(receiver.url('/batch'), {
            method: 'POST',
            headers: {
                'authorization': `Bearer ${apiKey}`,
                'content-type': 'application/cloudevents-batch+json',
            },
            body: JSON.stringify(batch),
        });
        assert.equal(answer.status, 202);
        const [request] = receiver.requests('/batch');
        assert.deepEqual(read(request).map(({id}) => id), batch.map(({id}) => id));
    });
});

describe('the package reads what targets send', () => {
    const database = new Database('cloudevents');
    const receiver = new Receiver();
    const rows = new Map();
    const ids = [];
    before(async () => {
        await receiver.start({keepRequests: true});
        await database.create();
        const client = await database.connect();
        for (const mode of modes) {
            const target = {name: mode, format: 'cloudevents', path: pathOf(mode), options: {mode}};
            await createTarget(client, receiver, target);
        }
        await untilWorkerRuns(client);
        const some = payloads.filter((_, index) => index % everyNth === 0);
        for (const event of [...oddities, ...some]) ids.push(await logEvent(client, event));
        await untilDelivered(client, modes);
        const {rows: found} = await client.query('SELECT * FROM eventlog.events');
        for (const row of found) rows.set(row.event_id, row);
        assert.equal(rows.size, ids.length);
    });
    after(async () => {
        await receiver.stop();
        await database.drop();
    });

    for (const mode of modes) {
        test(`in ${mode} mode: every event, once and in order, as it is stored`, () => {
            const requests = receiver.requests(pathOf(mode));
            for (const {format, status} of requests) {
                assert.deepEqual([format, status], [`cloudevents-${mode}`, 202]);
            }
            const events = requests.flatMap(read);
            assert.deepEqual(events.map(({id}) => id), ids);
            for (const event of events) assertEvent(event, rows.get(event.id), mode);
            if (mode !== 'batch') assert.equal(requests.length, ids.length);
        });
    }
});
