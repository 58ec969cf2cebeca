// Tests of the wire formats beside Statsig's and NDJSON's: what is taken, under which id, and that each
// violation is refused and named. Those two are in receiver.test.mjs.

import assert from 'node:assert/strict';
import {join} from 'node:path';
import {test} from 'node:test';
import {gzipSync} from 'node:zlib';

import {folderFor, linesOf, receiverFor} from './harness.mjs';
import {ndjsonBatch} from './requests.mjs';

/** Sends each body and expects 400 and its message. */
async function assertRefused(send, request, cases) {
    for (const [body, message] of cases) {
        const text = typeof body === 'string' ? body : JSON.stringify(body);
        const answer = await send(text, request);
        assert.deepEqual([answer.status, JSON.parse(answer.body).message], [400, message]);
    }
}

const basic = (user) => `Basic ${Buffer.from(user).toString('base64')}`;

// ---- CloudEvents -----------------------------------------------------------------------------------------

const structured = {
    path: '/',
    headers: {'Content-Type': 'application/cloudevents+json; charset=utf-8'}
};
const batched = {
    path: '/',
    headers: {'Content-Type': 'application/cloudevents-batch+json'}
};
const binary = (headers) => ({path: '/hook', headers: {...binaryHeaders, ...headers}});

const binaryHeaders = {
    'ce-specversion': '1.0',
    'ce-id': 'a',
    'ce-source': '/orders',
    'ce-type': 'order.placed',
    'Content-Type': 'application/json',
};

function cloudEvent(id, changes = {}) {
    return {
        specversion: '1.0',
        id,
        source: '/orders',
        type: 'order.placed',
        time: '2026-11-20T08:15:30.25Z',
        subject: 'order/7',
        dataschema: 'urn:schema:1',
        datacontenttype: 'application/json',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        flagged: true,
        amount: -5,
        data: {total: 1.5},
        ...changes,
    };
}

test('cloudevents: structured, batch and binary are accepted', async (t) => {
    const record = join(folderFor(t), 'record');
    const {send, control} = await receiverFor(t, {record});
    const one = await send(JSON.stringify(cloudEvent('a')), structured);
    assert.deepEqual([one.status, one.body], [202, '']);
    const several =
        JSON.stringify([cloudEvent('b'), cloudEvent('c', {data: undefined, data_base64: 'aGk='})]);
    assert.equal((await send(several, batched)).status, 202);
    assert.equal((await send('[]', batched)).status, 202);
    assert.equal((await send('{"total":1}', binary({'ce-id': 'd'}))).status, 202);
    assert.equal((await send('', binary({'ce-id': 'e', 'Content-Type': undefined}))).status, 202);
    assert.equal((await send('hi', binary({'ce-id': 'f', 'Content-Type': 'text/plain'}))).status, 202);
    assert.deepEqual(await control('GET /ids'), ['a', 'b', 'c', 'd', 'e', 'f']);
    const mode = (name) => `cloudevents-${name}`;
    assert.deepEqual(
        linesOf(record).map(({format}) => format),
        [mode('structured'), mode('batch'), mode('batch'), mode('binary'), mode('binary'), mode('binary')]);
});

test('cloudevents: a binary event is told as a structured one, its headers decoded', async (t) => {
    const record = join(folderFor(t), 'record');
    const {send} = await receiverFor(t, {record, keepBodies: true});
    const request = binary({'ce-subject': 'caf%C3%A9%20%22%25', 'ce-tenantid': 't1'});
    await send('{"total":1}', request);
    assert.deepEqual(linesOf(record)[0].events, [{
                         specversion: '1.0',
                         id: 'a',
                         source: '/orders',
                         type: 'order.placed',
                         subject: 'café "%',
                         tenantid: 't1',
                         datacontenttype: 'application/json',
                         data: {total: 1},
                     }]);
});

test('cloudevents: each violation is a 400 that names it', async (t) => {
    const {send, control} = await receiverFor(t);
    const event = (changes) => cloudEvent('a', changes);
    const plain = 'a string, a boolean or a 32-bit integer';
    await assertRefused(send, structured, [
        ['{', 'body: must be JSON'],
        [[], 'body: must be an object'],
        [event({id: undefined}), 'body.id: must be a non-empty string'],
        [event({id: ''}), 'body.id: must be a non-empty string'],
        [event({type: 5}), 'body.type: must be a non-empty string'],
        [event({source: undefined}), 'body.source: must be a non-empty string'],
        [event({source: 'my shop'}), 'body.source: must be a URI reference'],
        [event({specversion: '0.3'}), 'body.specversion: must be 1.0'],
        [event({time: '2026-11-20 08:15:30Z'}), 'body.time: must be a time of RFC 3339'],
        [event({time: '2026-11-20T08:15:30'}), 'body.time: must be a time of RFC 3339'],
        [event({subject: ''}), 'body.subject: must be a non-empty string'],
        [event({dataschema: 'schema'}), 'body.dataschema: must be an absolute URI'],
        [event({datacontenttype: 'json'}), 'body.datacontenttype: must be a media type'],
        [event({data_base64: 'aGk='}), 'body.data_base64: must be absent, as there is data'],
        [event({data: undefined, data_base64: 'a'}), 'body.data_base64: must be base64'],
        [event({tenant_id: 'x'}), 'body.tenant_id: must be named with 1 to 20 of a-z and 0-9'],
        [event({tenantId: 'x'}), 'body.tenantId: must be named with 1 to 20 of a-z and 0-9'],
        [event({tenantid: null}), `body.tenantid: must be ${plain}`],
        [event({tenantid: 1.5}), `body.tenantid: must be ${plain}`],
        [event({tenantid: 2 ** 31}), `body.tenantid: must be ${plain}`],
        [event({tenantid: {}}), `body.tenantid: must be ${plain}`],
    ]);
    await assertRefused(send, batched, [
        [event(), 'body: must be an array'],
        [[event(), event({id: ''})], '[1].id: must be a non-empty string'],
    ]);
    const refusedHeaders = [
        [{'ce-id': undefined}, 'ce.id: must be a non-empty string'],
        [{'ce-subject': 'a b'}, 'ce-subject: must be percent-encoded'],
        [{'ce-subject': 'a"b'}, 'ce-subject: must be percent-encoded'],
        [{'ce-subject': '100%'}, 'ce-subject: must be percent-encoded'],
        [{'ce-subject': 'caf\u00e9'}, 'ce-subject: must be percent-encoded'],
        [{'ce-subject': '%ff'}, 'ce-subject: must be UTF-8'],
        [{'ce-datacontenttype': 'text/plain'}, 'ce-datacontenttype: must be the header content-type'],
        [{'Content-Type': undefined}, 'content-type: must be given, as there is data'],
    ];
    for (const [headers, message] of refusedHeaders)
        await assertRefused(send, binary(headers), [['1', message]]);
    await assertRefused(send, binary(), [['no', 'body: must be JSON']]);
    assert.deepEqual(await control('GET /ids'), []);
});

// ---- OTLP ------------------------------------------------------------------------------------------------

const otlp = {
    path: '/v1/logs'
};
const ulid = '01FWHE4YDGFK1SHH6W1G60EECF';
const uuid = '017f22e2-79b0-7cc3-98c4-dc0c0c07398f';
const text = (key, stringValue) => ({key, value: {stringValue}});

function logRecord(changes = {}) {
    return {
        timeUnixNano: '1763626530250000000',
        observedTimeUnixNano: '1763626530260000000',
        severityNumber: 9,
        eventName: 'order.placed',
        traceId: '0af7651916cd43dd8448eb211c80319c',
        attributes: [
            text('log.record.uid', ulid),
            {key: 'total', value: {doubleValue: 1.5}},
            {key: 'items', value: {arrayValue: {values: [{intValue: '7'}, {boolValue: true}, {}]}}},
            {key: 'nested', value: {kvlistValue: {values: [text('a', 'b')]}}},
        ],
        ...changes,
    };
}

function otlpBody(records, {resource = {}, scope = {}} = {}) {
    const attributes = [text('service.name', 'shop')];
    const scopeLogs = [{scope: {name: 'eventlog', version: '1', ...scope}, logRecords: records}];
    return JSON.stringify({resourceLogs: [{resource: {attributes, ...resource}, scopeLogs}]});
}

test('otlp: logs are accepted, their ids told as UUIDs', async (t) => {
    const {send, control} = await receiverFor(t);
    const answer = await send(
        gzipSync(otlpBody([logRecord(), logRecord({attributes: []})])),
        {...otlp, headers: {'Content-Encoding': 'gzip'}});
    assert.deepEqual([answer.status, answer.body], [200, '{}']);
    assert.deepEqual(await control('GET /ids'), [uuid]);
    assert.equal((await control('GET /stats')).accepted_events, 2);
});

test('otlp: each violation is a 400 that names it', async (t) => {
    const {send, control} = await receiverFor(t);
    const at = 'resourceLogs[0].scopeLogs[0].logRecords[0]';
    const record = (changes) => otlpBody([logRecord(changes)]);
    const attribute = (value) => record({attributes: [{key: 'x', value}]});
    const id = '32 hexadecimal digits, not all zero';
    await assertRefused(send, otlp, [
        ['[]', 'body: must be an object'],
        ['{}', 'resourceLogs: must be an array that is not empty'],
        ['{"resource_logs":[]}', 'body.resource_logs: unknown'],
        ['{"resourceLogs":[{"scopeLogs":[]}]}', 'resourceLogs[0].resource: must be an object'],
        [otlpBody([]), 'resourceLogs[0].scopeLogs[0].logRecords: must be an array that is not empty'],
        [
            otlpBody([logRecord()], {resource: {attributes: []}}),
            'resourceLogs[0].resource.attributes: must be with a service.name'
        ],
        [
            otlpBody([logRecord()], {scope: {name: ''}}),
            'resourceLogs[0].scopeLogs[0].scope.name: must be a non-empty string'
        ],
        [record({event_name: 'x'}), `${at}.event_name: unknown`],
        [record({timeUnixNano: 1}), `${at}.timeUnixNano: must be a decimal string of 64 bits`],
        [record({timeUnixNano: '1e9'}), `${at}.timeUnixNano: must be a decimal string of 64 bits`],
        [
            record({timeUnixNano: '18446744073709551616'}),
            `${at}.timeUnixNano: must be a decimal string of 64 bits`
        ],
        [record({observedTimeUnixNano: undefined}), `${at}.observedTimeUnixNano: must be given`],
        [record({severityNumber: 'INFO'}), `${at}.severityNumber: must be an integer from 0 to 24`],
        [record({traceId: '0af7'}), `${at}.traceId: must be ${id}`],
        [record({traceId: '0'.repeat(32)}), `${at}.traceId: must be ${id}`],
        [record({attributes: undefined}), `${at}.attributes: must be an array`],
        [record({attributes: [text('', 'x')]}), `${at}.attributes[0].key: must be a non-empty string`],
        [
            record({attributes: [text('k', 'x'), text('k', 'y')]}),
            `${at}.attributes[1].key: must be given once: k`
        ],
        [record({attributes: [text('log.record.uid', uuid)]}), `${at}: log.record.uid: must be a ULID`],
        [attribute('x'), `${at}.attributes[0].value: must be an object`],
        [attribute({string_value: 'x'}), `${at}.attributes[0].value.string_value: unknown`],
        [attribute({stringValue: 'x', boolValue: true}), `${at}.attributes[0].value: must be of one kind`],
        [attribute({intValue: 1.5}), `${at}.attributes[0].value.intValue: must be a sound value`],
        [
            attribute({intValue: '9223372036854775808'}),
            `${at}.attributes[0].value.intValue: must be a sound value`
        ],
        [
            attribute({arrayValue: {values: [{stringValue: 1}]}}),
            `${at}.attributes[0].value.arrayValue.values[0].stringValue: must be a sound value`
        ],
        [
            attribute({kvlistValue: {values: {}}}),
            `${at}.attributes[0].value.kvlistValue.values: must be an array`
        ],
    ]);
    assert.deepEqual(await control('GET /ids'), []);
});

// ---- Segment ---------------------------------------------------------------------------------------------

const segment = {
    path: '/v1/batch'
};

function track(messageId, changes = {}) {
    return {
        type: 'track',
        event: 'order.placed',
        userId: 'u1',
        properties: {total: 1.5},
        timestamp: '2026-11-20T08:15:30.250Z',
        messageId,
        ...changes,
    };
}

const segmentBody = (...events) => JSON.stringify({batch: events, sentAt: '2026-11-20T08:15:31Z'});

test('segment: a batch is accepted, its message ids told', async (t) => {
    const {send, control} = await receiverFor(t);
    const answer = await send(
        segmentBody(track('a'), track('b', {userId: undefined, anonymousId: 'x', properties: undefined})),
        segment);
    assert.deepEqual([answer.status, answer.body], [200, '{"success":true}']);
    assert.deepEqual(await control('GET /ids'), ['a', 'b']);
});

test('segment: each violation is a 400 that names it', async (t) => {
    const {send, control} = await receiverFor(t);
    const bad = (changes) => segmentBody(track('a'), track('b', changes));
    const id = 'a string of 1 to 100 characters';
    await assertRefused(send, segment, [
        ['[]', 'body: must be an object'],
        [segmentBody(), 'batch: must be an array that is not empty'],
        [segmentBody(...Array(2501).fill(track('a'))), 'batch: must be at most 2500 events'],
        [{batch: [track('a')]}, 'sentAt: must be an ISO 8601 time'],
        [' '.repeat(512001), 'body: must be at most 512000 bytes'],
        [segmentBody(1), 'batch[0]: must be an object'],
        [bad({type: 'page'}), 'batch[1].type: must be track'],
        [bad({event: ''}), 'batch[1].event: must be a non-empty string'],
        [bad({userId: undefined}), 'batch[1].userId: must be a non-empty string, or anonymousId is'],
        [bad({userId: 7}), 'batch[1].userId: must be a non-empty string, or anonymousId is'],
        [bad({anonymousId: ''}), 'batch[1].anonymousId: must be a non-empty string'],
        [bad({properties: []}), 'batch[1].properties: must be an object'],
        [bad({context: 1}), 'batch[1].context: must be an object'],
        [bad({timestamp: 1763626530250}), 'batch[1].timestamp: must be an ISO 8601 time'],
        [bad({messageId: undefined}), `batch[1].messageId: must be ${id}`],
        [bad({messageId: 'x'.repeat(101)}), `batch[1].messageId: must be ${id}`],
        [bad({properties: {x: 'x'.repeat(32768)}}), 'batch[1]: must be at most 32768 bytes'],
    ]);
    assert.deepEqual(await control('GET /ids'), []);
});

// ---- all -------------------------------------------------------------------------------------------------

test('each format wants its content type', async (t) => {
    const {send} = await receiverFor(t);
    const paths = ['/v1/log_event', '/v1/logs', '/v1/batch', '/ndjson'];
    for (const path of paths) {
        for (const type of
                 [undefined, 'text/plain',
                  path === '/ndjson' ? 'application/json' : 'application/x-ndjson']) {
            assert.equal(
                (await send('{}', {path, headers: {'Content-Type': type}})).status, 415, `${path} ${type}`);
        }
    }
    assert.equal((await send('{}', {path: '/hook'})).status, 404);
});

test('what precedes the path of an endpoint is for telling targets apart', async (t) => {
    const {send, control} = await receiverFor(t);
    assert.equal((await send(segmentBody(track('a')), {path: '/one/v1/batch'})).status, 200);
    assert.equal((await send(otlpBody([logRecord()]), {path: '/two/v1/logs'})).status, 200);
    assert.deepEqual(await control('GET /ids'), ['a', uuid]);
});

test('each format wants the key where its services do', async (t) => {
    const {send} = await receiverFor(t, {apiKey: 'k'});
    const cases = [
        [segmentBody(track('a')), segment, {Authorization: basic('k:')}, {Authorization: basic('k:k')}],
        [otlpBody([logRecord()]), otlp, {Authorization: 'Bearer k'}, {Authorization: basic('k:')}],
        [otlpBody([logRecord()]), otlp, {'Api-Key': 'k'}, {'Api-Key': 'no'}],
        [JSON.stringify(cloudEvent('a')), structured, {Authorization: 'Bearer k'}, {Authorization: 'k'}],
        ['', binary(), {Authorization: 'Bearer k'}, {'Api-Key': 'k'}],
    ];
    for (const [body, request, right, wrong] of cases) {
        const status = async (key) =>
            (await send(body, {...request, headers: {...request.headers, ...key}})).status;
        assert.equal(await status({}), 401);
        assert.equal(await status(wrong), 401);
        assert.ok(await status(right) < 300);
    }
});

test('ndjson: the statement in the url must insert lines of JSON', async (t) => {
    const {send} = await receiverFor(t);
    const status = async (statement) => {
        const path = `/ndjson?query=${encodeURIComponent(statement)}`;
        return (await send(ndjsonBatch('a'), {path, headers: {'Content-Type': 'application/x-ndjson'}}))
            .status;
    };
    assert.equal(await status('INSERT INTO events FORMAT JSONEachRow'), 200);
    assert.equal(await status('INSERT INTO events FORMAT CSV'), 400);
    assert.equal(await status('SELECT 1'), 400);
});

test('ndjson: a repeated token is counted, one under which another batch comes as a conflict', async (t) => {
    const {send, control} = await receiverFor(t);
    const put = (token, ...ids) =>
        send(ndjsonBatch(...ids), {path: `/ndjson?insert_deduplication_token=${token}`});
    await put('t1', 'a', 'b');
    await put('t1', 'a', 'b');
    await put('t2', 'c');
    await put('t2', 'd');
    await send(ndjsonBatch('e'), {path: '/ndjson'});
    const {tokens, repeated_tokens: repeated, token_conflicts: conflicts} = await control('GET /stats');
    assert.deepEqual([tokens, repeated, conflicts], [2, 2, 1]);
});
