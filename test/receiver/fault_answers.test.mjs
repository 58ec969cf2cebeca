// Tests of the fault rules that choose among events, answer early, or end in the middle of an answer; the
// others are in faults.test.mjs.

import assert from 'node:assert/strict';
import {connect} from 'node:net';
import {once} from 'node:events';
import {test} from 'node:test';

import {exchange, faultyFor, receiverFor, until} from './harness.mjs';
import {ndjsonBatch, requestBytes, statsigBatch} from './requests.mjs';

const batch = statsigBatch('a');
const taken = {
    status: 202,
    accepted: true,
    answered: true,
    ids: ['a']
};
const expecting = {
    headers: {'Expect': '100-continue', 'Connection': 'close'}
};

for (const status of [301, 400, 401, 403, 404, 405, 408, 410, 413, 415, 422, 429, 500, 502, 503, 504]) {
    test(`status: ${status} for a whole request`, async (t) => {
        const {send, outcome} = await faultyFor(t, {kind: 'status', status, count: 1});
        assert.equal((await send(batch)).status, status);
        assert.deepEqual(outcome(), {...taken, status, accepted: false});
        assert.equal((await send(batch)).status, 202);
    });
}

test('status: Retry-After in seconds, or as a date that is not too early', async (t) => {
    const {send, fault} = await faultyFor(t, {kind: 'status', status: 429, retry_after: 7});
    assert.equal((await send(batch)).headers['retry-after'], '7');
    await fault({kind: 'status', status: 503, retry_after: 3, retry_after_as: 'date'});
    const asked = Date.now();
    const date = (await send(batch)).headers['retry-after'];
    assert.match(date, /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    assert.ok(Date.parse(date) >= asked + 3000 && Date.parse(date) < asked + 9000, date);
});

test('refuse_events: by id, with the status wanted', async (t) => {
    const {send, fault, outcome} = await faultyFor(t, {kind: 'refuse_events', ids: ['b'], status: 422});
    const many = Array.from({length: 499}, (_, index) => `e${index}`);
    assert.equal((await send(statsigBatch(...many))).status, 202);
    const answer = await send(statsigBatch(...many, 'b'));
    assert.equal(answer.status, 422);
    assert.match(JSON.parse(answer.body).message, /^events\[499\]: /);
    assert.deepEqual(outcome().ids, [...many, 'b']);
    await fault({kind: 'refuse_events', ids: ['b'], names: ['poison']});
    assert.equal((await send(ndjsonBatch('a', 'b'), {path: '/ndjson'})).status, 400);
});

test('too_large: more bytes than allowed, as they were sent', async (t) => {
    const {send, fault} = await faultyFor(t, {kind: 'too_large', max_bytes: batch.length});
    assert.equal((await send(batch)).status, 202);
    const larger = await send(`${batch} `);
    assert.deepEqual(
        [larger.status, JSON.parse(larger.body).message], [413, `more than ${batch.length} bytes`]);
    await fault({kind: 'too_large', max_bytes: 100000, max_events: 1});
    assert.equal((await send(statsigBatch('a', 'b'))).status, 413);
});

test('partial_success: the others are accepted, and OTLP says so', async (t) => {
    const {send, fault, control, lines} = await faultyFor(t, {kind: 'partial_success', ids: ['b']});
    assert.equal((await send(statsigBatch('a', 'b', 'c'))).status, 202);
    assert.deepEqual(await control('GET /ids'), ['a', 'c']);
    assert.deepEqual(lines().at(-1).rejected, ['b']);
    assert.equal((await control('GET /stats')).accepted_events, 2);

    const record = (eventName, ulid) => ({
        observedTimeUnixNano: '1',
        eventName,
        attributes: [{key: 'log.record.uid', value: {stringValue: ulid}}],
    });
    const ulids = ['01FWHE4YDGFK1SHH6W1G60EEC0', '01FWHE4YDGFK1SHH6W1G60EEC1', '01FWHE4YDGFK1SHH6W1G60EEC2'];
    const logRecords = ulids.map((ulid, index) => record(index === 0 ? 'poison' : 'fine', ulid));
    const resource = {attributes: [{key: 'service.name', value: {stringValue: 's'}}]};
    const body = JSON.stringify({resourceLogs: [{resource, scopeLogs: [{scope: {name: 's'}, logRecords}]}]});
    await fault({kind: 'partial_success', names: ['poison'], last: 1, message: 'no more room', count: 1});
    const answer = await send(body, {path: '/v1/logs'});
    assert.deepEqual(
        [answer.status, JSON.parse(answer.body)],
        [200, {partialSuccess: {rejectedLogRecords: '2', errorMessage: 'no more room'}}]);
    assert.deepEqual(lines().at(-1).rejected.length, 2);
    assert.equal((await control('GET /ids')).length, 3);
    assert.equal((await send(body, {path: '/v1/logs'})).body, '{}');
    assert.equal((await control('GET /ids')).length, 5);
});

test('partial_success: a batch that is refused stays so', async (t) => {
    const {send} = await faultyFor(t, {kind: 'partial_success', last: 0});
    assert.equal((await send('{')).status, 400);
    assert.equal((await send(batch)).status, 202);
});

test('success_false: with the status of the format', async (t) => {
    const {send} = await faultyFor(t, {kind: 'success_false'});
    const answer = await send(ndjsonBatch('a'), {path: '/ndjson'});
    assert.deepEqual([answer.status, answer.body], [200, '{"success":false}']);
});

test('hang: may take the events first', async (t) => {
    const {send, outcome, control} = await faultyFor(t, {kind: 'hang', accept: true});
    assert.equal((await send(batch, {quietMs: 100})).outcome, 'quiet');
    assert.deepEqual(outcome(), {...taken, answered: false});
    assert.deepEqual(await control('GET /ids'), ['a']);
});

test('reset_in_response: after each byte of the answer, its head included', async (t) => {
    const {send, fault, outcome} = await faultyFor(t);
    const {bytes: whole} = await send(batch);
    for (const bytes of [0, 1, 12, 60, 110]) {
        await fault({kind: 'reset_in_response', bytes});
        const {bytes: received, outcome: end} = await send(batch);
        assert.deepEqual([received.length, end], [bytes, 'ECONNRESET']);
        assert.deepEqual(outcome(), {...taken, answered: false});
    }
    assert.ok(whole.length > 110);
    await fault({kind: 'reset_in_response', bytes: 10000});
    assert.match(
        (await send(batch)).bytes.toString(), /^HTTP\/1.1 202 Accepted\r\n[^]*\r\n\r\n\{"success":true\}$/);
});

test('drip: the head too', async (t) => {
    const {send, outcome} = await faultyFor(t, {kind: 'drip', ms_per_byte: 1, head: true});
    const answer = await send(batch);
    assert.deepEqual([answer.status, answer.body, answer.outcome], [202, '{"success":true}', 'end']);
    assert.ok(answer.times.at(-1) - answer.times[0] >= 100);
    assert.deepEqual(outcome(), taken);
});

test('drip: a sender that leaves while the head drips ends it', async (t) => {
    const {send, control} = await faultyFor(t, {kind: 'drip', ms_per_byte: 20, head: true});
    assert.equal((await send(batch, {quietMs: 5})).outcome, 'quiet');
    await until(async () => (await control('GET /stats')).open_connections === 0);
});

for (const chunked of [false, true]) {
    test(`big_body: 1 GB is streamed until the sender leaves${chunked ? ', chunked' : ''}`, async (t) => {
        const bytes = 1_000_000_000;
        const {port, control, fault, send} = await faultyFor(t, {kind: 'big_body', bytes, chunked});
        const socket = connect({port, host: '127.0.0.1'});
        socket.write(requestBytes(batch));
        let received = 0;
        let head = '';
        await new Promise((resolve) => socket.on('data', (chunk) => {
            head ||= chunk.toString('latin1');
            received += chunk.length;
            if (received > 2_000_000) resolve();
        }));
        socket.destroy();
        await once(socket, 'close');
        assert.match(head, chunked ? /transfer-encoding: chunked\r\n/i : /content-length: 1000000000\r\n/i);
        await until(async () => (await control('GET /stats')).open_connections === 0);
        await fault();
        assert.equal((await send(batch)).status, 202);
    });
}

test('a request that expects 100 Continue gets it, once', async (t) => {
    const {port} = await faultyFor(t);
    const request = requestBytes(batch, expecting);
    const {bytes} = await exchange(port, [request.subarray(0, -batch.length), batch]);
    assert.match(bytes.toString(), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 /);
});

test('ignore_expect: no 100 Continue, the right answer once the body has come', async (t) => {
    const {port, outcome, fault, send} = await faultyFor(t, {kind: 'ignore_expect', count: 1});
    const request = requestBytes(batch, expecting);
    assert.equal((await send(batch)).status, 202);
    const {bytes} = await exchange(port, [request.subarray(0, -batch.length), batch]);
    assert.match(bytes.toString(), /^HTTP\/1\.1 202 /);
    assert.deepEqual(outcome(), taken);
    await fault({kind: 'ignore_expect'});
    const silent = await exchange(port, [request.subarray(0, -batch.length)], {quietMs: 100});
    assert.deepEqual([silent.bytes.length, silent.outcome], [0, 'quiet']);
});

test('refuse_expect: 417 before the body has come, for requests that expect only', async (t) => {
    const {port, send, control} = await faultyFor(t, {kind: 'refuse_expect'});
    const request = requestBytes(batch, expecting);
    const {bytes} = await exchange(port, [request.subarray(0, -batch.length)]);
    assert.match(bytes.toString(), /^HTTP\/1\.1 417 /);
    assert.equal((await send(batch)).status, 202);
    assert.deepEqual((await control('GET /stats')).by_status, {202: 1, 417: 1});
});

test('path: one of two targets fails, the other does not', async (t) => {
    const {send, control} = await faultyFor(t, {kind: 'hang', path: '/one/'});
    assert.equal((await send(batch, {path: '/one/v1/log_event', quietMs: 50})).outcome, 'quiet');
    assert.equal((await send(statsigBatch('b'), {path: '/two/v1/log_event'})).status, 202);
    assert.deepEqual(await control('GET /ids'), ['b']);
});

test('arrivals: the time at which each id came first', async (t) => {
    const {send, control} = await faultyFor(t);
    const start = Date.now();
    await send(statsigBatch('a'));
    const before = await control('GET /arrivals');
    await send(statsigBatch('a', 'b'));
    const {a, b} = await control('GET /arrivals');
    assert.equal(a, before.a);
    assert.ok(start - 1 <= a && a < b && b <= Date.now() + 1);
});

test('rules: parameters of which one is needed', async (t) => {
    const {fault} = await receiverFor(t);
    const wrong = [
        [{kind: 'refuse_events'}, 'rules[0]: needs names or ids'],
        [{kind: 'too_large'}, 'rules[0]: needs max_events or max_bytes'],
        [{kind: 'partial_success'}, 'rules[0]: needs names or ids or last'],
        [{kind: 'refuse_events', names: [], status: 500}, 'rules[0].status: wrong or missing'],
        [{kind: 'status', status: 429, retry_after: -1}, 'rules[0].retry_after: wrong or missing'],
        [{kind: 'status', status: 429, retry_after_as: 'x'}, 'rules[0].retry_after_as: wrong or missing'],
    ];
    for (const [rule, message] of wrong) assert.deepEqual(await fault(rule), {success: false, message});
});

for (const encoding of ['gzip', 'deflate', 'br']) {
    test(`encoded: the right answer in ${encoding}, unasked`, async (t) => {
        const {port, outcome} = await faultyFor(t, {kind: 'encoded', encoding});
        const answer = await fetch(`http://127.0.0.1:${port}/v1/log_event`,
            {method: 'POST', body: batch, headers: {'content-type': 'application/json'}});
        assert.equal(answer.headers.get('content-encoding'), encoding);
        assert.deepEqual(await answer.json(), {success: true});
        assert.deepEqual(outcome(), taken);
    });
}
