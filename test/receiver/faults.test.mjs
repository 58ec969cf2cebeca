// Tests of the fault rules: each kind is met over a bare socket, and the record tells what became of the
// events. Rules that choose among events, answer early, or end in an answer are in fault_answers.test.mjs.

import assert from 'node:assert/strict';
import {test} from 'node:test';

import {exchange, faultyFor, receiverFor, until} from './harness.mjs';
import {ndjsonBatch, requestBytes, statsigBatch, statsigEvent} from './requests.mjs';

const accepted = {
    status: 202,
    accepted: true,
    answered: true,
    ids: ['a']
};
const acceptedUnanswered = {
    ...accepted,
    answered: false
};
const batch = statsigBatch('a');

test('status: a fixed answer, nothing accepted', async (t) => {
    const rule = {kind: 'status', status: 503, body: {slow: 'down'}, headers: {'Retry-After': '7'}};
    const {send, outcome} = await faultyFor(t, rule);
    const answer = await send(batch);
    assert.deepEqual(
        [answer.status, answer.headers['retry-after'], answer.body], [503, '7', '{"slow":"down"}']);
    assert.deepEqual(outcome(), {...accepted, status: 503, accepted: false});
});

test('status: the body may be text or left out; a success accepts', async (t) => {
    const {send, fault, outcome} = await faultyFor(t, {kind: 'status', status: 500, body: 'oops'});
    assert.equal((await send(batch)).body, 'oops');
    await fault({kind: 'status', status: 429});
    assert.deepEqual(JSON.parse((await send(batch)).body), {success: false, message: 'fault'});
    await fault({kind: 'status', status: 204});
    const answer = await send(batch);
    assert.deepEqual([answer.status, answer.body], [204, '']);
    assert.deepEqual(outcome(), {...accepted, status: 204});
});

test('delay: handled normally afterwards, even if the sender has gone', async (t) => {
    const {send, outcome, control} = await faultyFor(t, {kind: 'delay', ms: 150});
    const start = performance.now();
    assert.equal((await send(batch)).status, 202);
    assert.ok(performance.now() - start >= 149);
    assert.deepEqual(outcome(), accepted);
    assert.equal((await send(batch, {quietMs: 30})).outcome, 'quiet');
    await until(async () => (await control('GET /stats')).accepted_events === 2);
    assert.deepEqual(outcome(), acceptedUnanswered);
});

test('delay: combines with the next rule that matches', async (t) => {
    const {send} =
        await faultyFor(t, {kind: 'delay', ms: 60}, {kind: 'delay', ms: 60}, {kind: 'status', status: 500});
    const start = performance.now();
    assert.equal((await send(batch)).status, 500);
    assert.ok(performance.now() - start >= 119);
});

test('hold: answered as the rules said, once they are replaced', async (t) => {
    const {send, control, fault} = await faultyFor(t, {kind: 'hold'}, {kind: 'status', status: 500});
    let answered = false;
    const answer = send(batch).finally(() => { answered = true; });
    await until(async () => (await control('GET /stats')).held === 1);
    assert.equal((await send(batch, {quietMs: 30})).outcome, 'quiet');
    assert.equal(answered, false);
    await fault();
    assert.equal((await answer).status, 500);
    await until(async () => (await control('GET /stats')).held === 0);
    assert.equal((await send(batch)).status, 202);
});

test('reset_on_connect: the connection is reset', async (t) => {
    const {send, control} = await faultyFor(t, {kind: 'reset_on_connect', count: 1});
    assert.equal((await send(batch)).outcome, 'ECONNRESET');
    assert.equal((await control('GET /stats')).requests, 0);
    assert.equal((await send(batch)).status, 202);
});

test('reset_after_bytes: reset in the body, at its end, or before it; nothing accepted', async (t) => {
    const {port, fault, lines, control} = await faultyFor(t, {kind: 'reset_after_bytes', bytes: 10});
    const head = requestBytes('', {headers: {'Content-Length': 1000}});
    const parts = [Buffer.concat([head, Buffer.alloc(9, 'x')]), 'x'];
    assert.equal((await exchange(port, parts.slice(0, 1), {quietMs: 100})).outcome, 'quiet');
    assert.equal((await exchange(port, parts)).outcome, 'ECONNRESET');
    await fault({kind: 'reset_after_bytes', bytes: 100000});
    assert.equal((await exchange(port, [requestBytes(batch)])).outcome, 'ECONNRESET');
    await fault({kind: 'reset_after_bytes', bytes: 0});
    assert.equal((await exchange(port, [head])).outcome, 'ECONNRESET');
    assert.deepEqual([lines(), await control('GET /ids')], [[], []]);
    assert.deepEqual((await control('GET /stats')).by_status, {none: 4});
});

test('reset_before_response: accepted, then reset', async (t) => {
    const {send, outcome} = await faultyFor(t, {kind: 'reset_before_response'});
    const answer = await send(batch);
    assert.deepEqual([answer.outcome, answer.bytes.length], ['ECONNRESET', 0]);
    assert.deepEqual(outcome(), acceptedUnanswered);
});

test('half_response: accepted, half of the body, then reset', async (t) => {
    const {send, outcome} = await faultyFor(t, {kind: 'half_response'});
    const answer = await send(batch);
    assert.deepEqual([answer.status, answer.body, answer.outcome], [202, '{"succes', 'ECONNRESET']);
    assert.equal(answer.headers['content-length'], '16');
    assert.deepEqual(outcome(), acceptedUnanswered);
    const lines = await send(ndjsonBatch('a'), {path: '/ndjson'});
    assert.deepEqual([lines.status, lines.headers['content-length'], lines.body], [200, '16', '{"succes']);
});

test('hang: never answers, nothing accepted', async (t) => {
    const {send, lines, control} = await faultyFor(t, {kind: 'hang'});
    const answer = await send(batch, {quietMs: 150});
    assert.deepEqual([answer.outcome, answer.bytes.length], ['quiet', 0]);
    assert.deepEqual([lines(), await control('GET /ids')], [[], []]);
    assert.deepEqual((await control('GET /stats')).by_status, {none: 1});
});

test('hang_in_body: half of the body, then nothing', async (t) => {
    const {send, outcome} = await faultyFor(t, {kind: 'hang_in_body'});
    const answer = await send(batch, {quietMs: 150});
    assert.deepEqual([answer.status, answer.body, answer.outcome], [202, '{"succes', 'quiet']);
    assert.deepEqual(outcome(), acceptedUnanswered);
});

test('drip: the body one byte at a time', async (t) => {
    const {send, outcome} = await faultyFor(t, {kind: 'drip', ms_per_byte: 10});
    const answer = await send(batch);
    assert.deepEqual([answer.status, answer.body], [202, '{"success":true}']);
    assert.ok(answer.times.length > 8);
    assert.ok(answer.times.at(-1) - answer.times[0] >= 140);
    assert.deepEqual(outcome(), accepted);
});

test('drip: a sender that leaves ends it', async (t) => {
    const {port, send, fault} = await faultyFor(t, {kind: 'drip', ms_per_byte: 30});
    assert.equal((await exchange(port, [requestBytes(batch)], {quietMs: 5})).outcome, 'quiet');
    await fault();
    assert.equal((await send(batch)).status, 202);
});

test('garbage: bytes that are no HTTP, nothing accepted', async (t) => {
    const {send, lines, control} = await faultyFor(t, {kind: 'garbage'});
    const answer = await send(batch);
    assert.ok(answer.bytes.length > 0);
    assert.deepEqual([answer.status, answer.outcome], [NaN, 'end']);
    assert.deepEqual([lines(), await control('GET /ids')], [[], []]);
});

test('garbage_body: the right status, a body that is no JSON', async (t) => {
    const {send, outcome} = await faultyFor(t, {kind: 'garbage_body'});
    const answer = await send(batch);
    assert.equal(answer.status, 202);
    assert.throws(() => JSON.parse(answer.body));
    assert.deepEqual(outcome(), acceptedUnanswered);
});

test('success_false: 202 that says no, nothing accepted', async (t) => {
    const {send, outcome} = await faultyFor(t, {kind: 'success_false'});
    const answer = await send(batch);
    assert.deepEqual([answer.status, answer.body], [202, '{"success":false}']);
    assert.deepEqual(outcome(), {...accepted, accepted: false});
});

test('redirect: to a location, nothing accepted', async (t) => {
    const {send, fault, outcome} =
        await faultyFor(t, {kind: 'redirect', location: 'http://127.0.0.1:1/x', status: 302});
    const answer = await send(batch);
    assert.deepEqual([answer.status, answer.headers.location], [302, 'http://127.0.0.1:1/x']);
    assert.deepEqual(outcome(), {...accepted, status: 302, accepted: false});
    await fault({kind: 'redirect', location: '/'});
    assert.equal((await send(batch)).status, 307);
});

test('big_body: a success with so many bytes', async (t) => {
    const bytes = 3_000_001;
    const {send, outcome} = await faultyFor(t, {kind: 'big_body', bytes});
    const answer = await send(batch);
    assert.deepEqual([answer.status, answer.body.length], [202, bytes]);
    assert.deepEqual(JSON.parse(answer.body), {success: true});
    assert.deepEqual(outcome(), accepted);
    assert.equal((await send('{')).status, 400);
});

test('refuse_events: the batch that holds a name is refused whole, others are not', async (t) => {
    const {send, outcome} = await faultyFor(t, {kind: 'refuse_events', names: ['poison'], count: 1});
    const poisoned = statsigBatch('a', statsigEvent('b', {eventName: 'poison'}));
    assert.equal((await send(batch)).status, 202);
    const answer = await send(poisoned);
    assert.equal(answer.status, 400);
    assert.match(JSON.parse(answer.body).message, /^events\[1\]: .*poison/);
    assert.deepEqual(outcome(), {status: 400, accepted: false, answered: true, ids: ['a', 'b']});
    assert.equal((await send(poisoned)).status, 202);
});

test('refuse_events: looks at event_name in NDJSON', async (t) => {
    const {send} = await faultyFor(t, {kind: 'refuse_events', names: ['user.created']});
    assert.equal((await send(ndjsonBatch('a'), {path: '/ndjson'})).status, 400);
});

test('too_large: a batch of more events is 413', async (t) => {
    const {send, outcome} = await faultyFor(t, {kind: 'too_large', max_events: 1});
    assert.equal((await send(statsigBatch('a', 'b'))).status, 413);
    assert.deepEqual(outcome(), {status: 413, accepted: false, answered: true, ids: ['a', 'b']});
    assert.equal((await send(batch)).status, 202);
});

test('continue_100: an interim answer before the body has come, then the right one', async (t) => {
    const {port, outcome} = await faultyFor(t, {kind: 'continue_100'});
    const request = requestBytes(batch, {headers: {Connection: 'close'}});
    const head = request.subarray(0, -batch.length);
    const early = await exchange(port, [head], {quietMs: 100});
    assert.equal(early.bytes.toString(), 'HTTP/1.1 100 Continue\r\n\r\n');
    const {bytes} = await exchange(port, [head, batch]);
    assert.match(bytes.toString(), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 /);
    assert.deepEqual(outcome(), accepted);
});

test('a request without credentials is refused, whatever spoils the answer', async (t) => {
    const {send, fault, control} = await receiverFor(t, {apiKey: 'k'});
    await fault({kind: 'half_response', count: 1}, {kind: 'big_body', bytes: 100});
    assert.deepEqual([(await send(batch)).status, (await send(batch)).status], [401, 401]);
    assert.deepEqual(await control('GET /ids'), []);
});

test('count: a rule is dropped when used up', async (t) => {
    const {send, control} =
        await faultyFor(t, {kind: 'status', status: 500, count: 2}, {kind: 'status', status: 501, count: 1});
    assert.equal((await send(batch)).status, 500);
    assert.deepEqual((await control('GET /faults')).map((rule) => rule.count), [1, 1]);
    assert.equal((await send(batch)).status, 500);
    assert.equal((await send(batch)).status, 501);
    assert.equal((await send(batch)).status, 202);
    assert.deepEqual(await control('GET /faults'), []);
});

test('count: a rule behind one with a condition that matched is not used up', async (t) => {
    const {send} =
        await faultyFor(t, {kind: 'too_large', max_events: 1}, {kind: 'status', status: 500, count: 1});
    assert.equal((await send(statsigBatch('a', 'b'))).status, 413);
    assert.equal((await send(batch)).status, 500);
    assert.equal((await send(batch)).status, 202);
});

test('probability: none, and about half', async (t) => {
    const {send, fault} = await faultyFor(t, {kind: 'status', status: 500, probability: 0});
    assert.equal((await send(batch)).status, 202);
    await fault({kind: 'status', status: 500, probability: 0.5});
    const answers = await Promise.all(Array.from({length: 200}, () => send(batch)));
    const failed = answers.filter(({status}) => status === 500).length;
    assert.ok(failed > 50 && failed < 150, `${failed} of 200`);
});

test('path: only requests under the prefix are met', async (t) => {
    const {send} = await faultyFor(t, {kind: 'status', status: 500, path: '/v1/'});
    assert.equal((await send(batch)).status, 500);
    assert.equal((await send(ndjsonBatch('a'), {path: '/ndjson'})).status, 200);
});

test('rules: replaced, listed, cleared; a wrong list changes nothing', async (t) => {
    const {fault, control} = await receiverFor(t);
    const rules = [{kind: 'delay', ms: 1}, {kind: 'hang', path: '/x'}];
    await fault(...rules);
    assert.deepEqual(await control('GET /faults'), rules);
    const wrong = [
        [{}, 'rules: must be an array'],
        [[null], 'rules[0].kind: unknown'],
        [[{kind: 'hang'}, {kind: 'hung'}], 'rules[1].kind: unknown'],
        [[{kind: 'hang', ms: 1}], 'rules[0].ms: unknown'],
        [[{kind: 'delay'}], 'rules[0].ms: wrong or missing'],
        [[{kind: 'status', status: 100}], 'rules[0].status: wrong or missing'],
        [[{kind: 'status', status: 500, headers: {x: 'a\nb'}}], 'rules[0].headers: wrong or missing'],
        [[{kind: 'hang', count: 0}], 'rules[0].count: wrong or missing'],
        [[{kind: 'hang', probability: 2}], 'rules[0].probability: wrong or missing'],
        [[{kind: 'reset_on_connect', path: '/'}], 'rules[0].path: wrong or missing'],
        [[{kind: 'refuse_events', names: 'x'}], 'rules[0].names: wrong or missing'],
    ];
    for (const [list, message] of wrong) {
        assert.deepEqual(await control('POST /faults', list), {success: false, message});
    }
    assert.deepEqual(await control('GET /faults'), rules);
    await fault();
    assert.deepEqual(await control('GET /faults'), []);
});
