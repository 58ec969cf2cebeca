// Real payloads through every entrance: what is stored is what was sent.

import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';

import {Database} from './database.mjs';
import {asKnownTo, envelopeForms, logBatch, logEnvelope, logEvent} from './log.mjs';
import {digests, events, servers} from './payloads.mjs';

const defaultMaxBytes = 65536;
const defaultMaxKeys = 256;
const batchEntrances = ['log_events', 'log_events_json'];
const forms = Object.keys(envelopeForms);

// The columns of eventlog.events of which a caller says nothing here, but for ids and clock times.
const untouched = {
    event_type: null,
    origin: 'backend',
    tenant_id: null,
    value: null,
    schema_version: null,
    trace_id: null,
    app_version: null,
    sofa: null,
};

const bytesOf = (document) => Buffer.byteLength(JSON.stringify(document));

/** The same events for another test: a key of an earlier one would give the earlier event back. */
function keyed(list, test) {
    return list.map((event) => ({...event, idempotency_key: `${test}/${event.idempotency_key}`}));
}

/** Asserts that these events, and no others since `countBefore`, are stored under these ids. */
async function assertStored(client, ids, sent, countBefore) {
    assert.equal(await count(client), countBefore + sent.length);
    assert.equal(ids.length, sent.length);
    assert.deepEqual([...ids].sort(), ids, 'ids grow in the order of the calls');

    const {rows} = await client.query(
        'SELECT * FROM eventlog.events WHERE event_id = ANY ($1) ORDER BY event_id', [ids]);
    assert.deepEqual(rows.map((row) => row.event_id), ids);
    rows.forEach((row, index) => assertRow(row, sent[index]));
    assert.deepEqual(await idsStoredOtherwise(client, ids, sent), [], 'equal as jsonb');
}

function assertRow(row, {metadata, idempotency_key: idempotencyKey, ...columns}) {
    const {event_id: id, ingested_at: ingestedAt, xid, metadata: stored, ...others} = row;
    const {_eventLog: envelope, ...callers} = stored;
    assert.deepEqual(others, {...untouched, ...columns}, id);
    assert.deepEqual(callers, metadata, id);
    assert.deepEqual(Object.keys(envelope).sort(), ['caller', 'forwardToStatsig', 'idempotencyKey']);
    assert.equal(envelope.idempotencyKey, idempotencyKey);
    assert.equal(envelope.forwardToStatsig, false);
    assert.ok(Math.abs(Date.now() - ingestedAt) < 3600_000, `${id} was ingested at ${ingestedAt}`);
    assert.match(xid, /^\d+$/);
}

/** The ids whose metadata the server finds to differ from what was sent: it compares every digit. */
async function idsStoredOtherwise(client, ids, sent) {
    const {rows} = await client.query(
        `SELECT e.event_id
         FROM unnest($1::uuid[], $2::jsonb[]) AS sent (event_id, metadata)
         JOIN eventlog.events e USING (event_id)
         WHERE e.metadata - '_eventLog' <> sent.metadata`,
        [ids, sent.map(({metadata}) => JSON.stringify(metadata))]);
    return rows.map(({event_id: id}) => id);
}

async function count(client) {
    const {rows} = await client.query('SELECT count(*)::int AS events FROM eventlog.events');
    return rows[0].events;
}

/**
 * Asserts that the call is refused for a limit of metadata, with the number that was found, and writes nothing. `column` is the
 * name by which the caller gave the metadata.
 */
async function assertRefused(client, call, {rule, limit, found, index, column: given = 'metadata'}) {
    const countBefore = await count(client);
    await assert.rejects(call, (error) => {
        const {code, constraint, column, detail} = error;
        assert.deepEqual({code, constraint, column}, {code: '54000', constraint: rule, column: given});
        for (const number of [limit, found]) assert.ok(detail.includes(number), `${number} in: ${detail}`);
        if (index !== undefined) assert.ok(detail.includes(`index is ${index}.`), detail);
        return true;
    });
    assert.equal(await count(client), countBefore);
}

describe('web-hook payloads', () => {
    const database = new Database('webhooks');
    let client;
    before(async () => {
        await database.create();
        client = await database.connect();
    });
    after(() => database.drop());

    test('log_event with prepared parameters stores every payload', async () => {
        const countBefore = await count(client);
        const sent = keyed(events, 'log_event');
        const ids = [];
        for (const event of sent) ids.push(await logEvent(client, event));
        await assertStored(client, ids, sent, countBefore);
    });

    test('log_event on many pipelined connections stores every payload', async () => {
        const countBefore = await count(client);
        const clients = await Promise.all(Array.from({length: 4}, () => database.connect({pipeline: true})));
        const sent = keyed(events, 'pipelined');
        const ids =
            await Promise.all(sent.map((event, index) => logEvent(clients[index % clients.length], event)));
        const inOrder = ids.map((_, index) => index).sort((a, b) => (ids[a] < ids[b] ? -1 : 1));
        await assertStored(
            client, inOrder.map((index) => ids[index]), inOrder.map((index) => sent[index]), countBefore);
    });

    for (const form of forms) {
        test(`log_envelope stores every payload in the ${form} form`, async () => {
            const countBefore = await count(client);
            const sent = keyed(events, form);
            const ids = [];
            for (const event of sent) ids.push(await logEnvelope(client, envelopeForms[form](event)));
            await assertStored(client, ids, sent.map((event) => asKnownTo(form, event)), countBefore);
        });
    }

    for (const entrance of batchEntrances) {
        test(`${entrance} stores batches of mixed forms`, async () => {
            const countBefore = await count(client);
            const sent = keyed(events, entrance).map((event, index) => [forms[index % forms.length], event]);
            const ids = [];
            for (let start = 0; start < sent.length; start += 50) {
                const batch = sent.slice(start, start + 50);
                ids.push(...await logBatch(
                    client, entrance, batch.map(([form, event]) => envelopeForms[form](event))));
            }
            await assertStored(client, ids, sent.map(([form, event]) => asKnownTo(form, event)), countBefore);
        });

        test(`${entrance} stores all payloads of a server at once`, async () => {
            for (const server of servers) {
                const countBefore = await count(client);
                const sent = keyed(events.filter(({source}) => source === server), `${entrance}/whole`);
                const ids = await logBatch(client, entrance, sent.map(envelopeForms.native));
                await assertStored(client, ids, sent, countBefore);
            }
        });
    }
});

describe('payloads over the limits', () => {
    const database = new Database('webhooks_limits');
    let client;
    before(async () => {
        await database.create();
        client = await database.connect();
    });
    after(() => database.drop());

    const isTooLarge = ({metadata}) => bytesOf(metadata) > defaultMaxBytes;
    const all = digests();
    const tooLarge = all.filter(isTooLarge);
    const small = all.filter((event) => !isTooLarge(event));

    /** An event whose metadata has a top-level key for each of these deliveries. */
    function catalogue(deliveries, idempotencyKey) {
        const metadata =
            Object.fromEntries(deliveries.map((event) => [event.idempotency_key, event.event_name]));
        return {...events[0], idempotency_key: idempotencyKey, metadata};
    }

    test('metadata over 65,536 bytes is refused by every entrance, smaller is stored', async () => {
        assert.ok(tooLarge.length > 10 && small.length > 10);
        const countBefore = await count(client);
        for (const event of tooLarge) {
            const refusal = {rule: 'metadata_bytes', limit: defaultMaxBytes, found: bytesOf(event.metadata)};
            await assertRefused(client, () => logEvent(client, event), refusal);
            for (const form of forms) {
                const column = form === 'platform' ? 'data' : 'metadata';
                await assertRefused(client, () => logEnvelope(client, envelopeForms[form](event)), {...refusal, column});
            }
        }
        const ids = [];
        for (const event of small) ids.push(await logEvent(client, event));
        await assertStored(client, ids, small, countBefore);
    });

    for (const entrance of batchEntrances) {
        test(`${entrance} refuses the whole batch for one event over 65,536 bytes`, async () => {
            for (const event of tooLarge) {
                const batch = [...small.slice(0, 3), event, ...small.slice(3, 6)].map(envelopeForms.native);
                await assertRefused(client, () => logBatch(client, entrance, batch), {
                    rule: 'metadata_bytes',
                    limit: defaultMaxBytes,
                    found: bytesOf(event.metadata),
                    index: 3,
                });
            }
        });
    }

    test('with max_metadata_bytes raised they are stored', async () => {
        const raised = await database.connect({options: '-c eventlog.max_metadata_bytes=1MB'});
        const countBefore = await count(raised);
        const sent = keyed(tooLarge, 'raised');
        const ids = [];
        for (const event of sent) ids.push(await logEvent(raised, event));
        for (const entrance of batchEntrances) {
            const batch = keyed(tooLarge, entrance);
            sent.push(...batch);
            ids.push(...await logBatch(raised, entrance, batch.map(envelopeForms.platform)));
        }
        const known =
            sent.map((event, index) => (index < tooLarge.length ? event : asKnownTo('platform', event)));
        await assertStored(raised, ids, known, countBefore);
    });

    test('not even then is metadata over 1 MiB stored', async () => {
        const raised = await database.connect({options: '-c eventlog.max_metadata_bytes=1MB'});
        const event = {...events[0], metadata: {deliveries: events.map(({metadata}) => metadata)}};
        const found = bytesOf(event.metadata);
        await assertRefused(
            raised, () => logEvent(raised, event), {rule: 'metadata_bytes', limit: 1048576, found});
    });

    test('more than 256 top-level keys are refused, until max_metadata_keys is raised', async () => {
        const full = catalogue(events.slice(0, defaultMaxKeys), 'full');
        const over = catalogue(events, 'over');
        await assertRefused(
            client, () => logEvent(client, over),
            {rule: 'metadata_keys', limit: defaultMaxKeys, found: events.length});
        const raised = await database.connect({options: '-c eventlog.max_metadata_keys=1000'});
        const countBefore = await count(client);
        const sent = [full, over];
        const ids = [await logEvent(client, sent[0]), await logEvent(raised, sent[1])];
        await assertStored(raised, ids, sent, countBefore);
    });
});
