// Tests of the receiver that behaves: formats, record, control port, discarding, command line. What it does
// wrong on demand is in faults.test.mjs.

import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {gzipSync} from 'node:zlib';

import {makeCertificates} from './certificates.mjs';
import {control, exchange, folderFor, linesOf, receiverFor, send, until} from './harness.mjs';
import {ndjsonBatch, requestBytes, statsigBatch, statsigEvent} from './requests.mjs';

const ndjson = {
    path: '/',
    headers: {'Content-Type': 'application/x-ndjson; charset=utf-8'}
};

test('statsig: a sound batch is accepted, plain or gzip', async (t) => {
    const {send, control} = await receiverFor(t);
    const plain = await send(statsigBatch('a', 'b'));
    assert.deepEqual([plain.status, plain.body], [202, '{"success":true}']);
    const zipped = await send(gzipSync(statsigBatch('c')), {headers: {'Content-Encoding': 'gzip'}});
    assert.equal(zipped.status, 202);
    const bare = {eventName: 'x', user: {userID: 'u'}, time: 1};
    assert.equal((await send(statsigBatch(bare))).status, 202);
    const nothing = {...bare, value: null, metadata: null};
    const ofSdk = {eventName: 'statsig::diagnostics', user: null, time: 1, metadata: {markers: [1]}};
    assert.equal((await send(statsigBatch(nothing, ofSdk))).status, 202);
    assert.deepEqual(await control('GET /ids'), ['a', 'b', 'c']);
    assert.equal((await control('GET /stats')).accepted_events, 6);
});

test('statsig: each violation is a 400 that names it', async (t) => {
    const {send, control} = await receiverFor(t);
    const event = (changes) => statsigBatch('sound', statsigEvent('bad', changes));
    const cases = [
        ['{', 'body: must be JSON'],
        ['\ufeff' + statsigBatch('a'), 'body: must be JSON'],
        [Buffer.from([0x7b, 0xff, 0x7d]), 'body: must be UTF-8'],
        ['[]', 'body: must be an object'],
        ['{"statsigMetadata":{}}', 'events: must be an array'],
        ['{"events":[]}', 'statsigMetadata: must be an object'],
        ['{"events":[1],"statsigMetadata":{}}', 'events[0]: must be an object'],
        [event({eventName: ''}), 'events[1].eventName: must be a non-empty string'],
        [event({eventName: 'a;b'}), 'events[1].eventName: must be a name that Statsig keeps'],
        [event({eventName: 7}), 'events[1].eventName: must be a non-empty string'],
        [event({user: null}), 'events[1].user: must be an object'],
        [event({user: {userID: 5}}), 'events[1].user.userID: must be a string'],
        [event({time: 1.5}), 'events[1].time: must be an integer'],
        [event({time: '1'}), 'events[1].time: must be an integer'],
        [event({value: true}), 'events[1].value: must be a number or a string'],
        [event({metadata: []}), 'events[1].metadata: must be an object'],
        [event({metadata: {x: 1}}), 'events[1].metadata.x: must be a string'],
        [event({metadata: {x: {}}}), 'events[1].metadata.x: must be a string'],
    ];
    for (const [body, message] of cases) {
        const answer = await send(body);
        assert.equal(answer.status, 400, message);
        assert.deepEqual(JSON.parse(answer.body), {success: false, message});
    }
    assert.deepEqual(await control('GET /ids'), []);
});

test('bad gzip is 400, another encoding 415', async (t) => {
    const {send} = await receiverFor(t);
    const encoded = async (body, encoding) =>
        (await send(body, {headers: {'Content-Encoding': encoding}})).status;
    assert.equal(await encoded(statsigBatch('a'), 'gzip'), 400);
    assert.equal(await encoded(gzipSync(statsigBatch('a')).subarray(0, -5), 'gzip'), 400);
    assert.equal(await encoded(statsigBatch('a'), 'br'), 415);
    assert.equal(await encoded(statsigBatch('a'), 'identity'), 202);
});

test('ndjson: by content type or path, one object with an event_id a line', async (t) => {
    const {send, control} = await receiverFor(t);
    const answer =
        await send(ndjsonBatch('a', 'b'), {...ndjson, path: '/?query=INSERT+INTO+t+FORMAT+JSONEachRow'});
    assert.deepEqual([answer.status, answer.body], [200, '']);
    assert.equal((await send(ndjsonBatch('c').trimEnd(), {path: '/ndjson'})).status, 200);
    const cases = [
        ['{"event_id":"d"}\nno\n', 'line 2: must be JSON'],
        ['{"event_id":"d"}\n\n{"event_id":"e"}\n', 'line 2: must be JSON'],
        ['[]\n', 'line 1: must be an object'],
        ['{"id":"d"}\n', 'line 1: event_id: must be a non-empty string'],
    ];
    for (const [body, message] of cases) {
        const refused = await send(body, ndjson);
        assert.deepEqual([refused.status, JSON.parse(refused.body).message], [400, message]);
    }
    assert.deepEqual(await control('GET /ids'), ['a', 'b', 'c']);
});

test('the API key is wanted in the header of the format', async (t) => {
    const {send} = await receiverFor(t, {apiKey: 'k'});
    const statsig = async (headers) => (await send(statsigBatch('a'), {headers})).status;
    assert.equal(await statsig({}), 401);
    assert.equal(await statsig({'Statsig-Api-Key': 'wrong'}), 401);
    assert.equal(await statsig({Authorization: 'Bearer k'}), 401);
    assert.equal(await statsig({'Statsig-Api-Key': 'k'}), 202);
    const lines = async (headers) => (await send(ndjsonBatch('a'), {path: '/ndjson', headers})).status;
    assert.equal(await lines({}), 401);
    assert.equal(await lines({Authorization: 'Bearer no'}), 401);
    assert.equal(await lines({Authorization: 'Bearer k'}), 200);
    assert.equal(await lines({'X-ClickHouse-Key': 'k'}), 200);
    assert.equal(JSON.parse((await send(statsigBatch('a'))).body).success, false);
});

test('GET is 405, anything else 404', async (t) => {
    const {send} = await receiverFor(t);
    const status = async (method, path) => (await send('', {method, path})).status;
    assert.equal(await status('GET', '/v1/log_event'), 405);
    assert.equal(await status('PUT', '/v1/log_event'), 404);
    assert.equal(await status('POST', '/v1/log_events'), 404);
});

test('a target in absolute form, as through a proxy, is understood', async (t) => {
    const {send} = await receiverFor(t);
    assert.equal((await send(statsigBatch('a'), {path: 'http://api.example/v1/log_event'})).status, 202);
});

test('stats count requests, statuses, bytes, duplicates; reset forgets them', async (t) => {
    const {send, control} = await receiverFor(t);
    const batch = statsigBatch('a', 'b', 'a');
    const before = Date.now();
    await send(batch);
    await send(batch);
    await send('{');
    await until(async () => (await control('GET /stats')).open_connections === 0);
    const {last_at: lastAt, ...stats} = await control('GET /stats');
    assert.deepEqual(stats, {
        requests: 3,
        accepted_events: 6,
        distinct_ids: 2,
        duplicate_ids: 4,
        by_status: {202: 2, 400: 1},
        bytes: 2 * batch.length + 1,
        connections: 3,
        tls_errors: 0,
        tokens: 0,
        repeated_tokens: 0,
        token_conflicts: 0,
        open_connections: 0,
        held: 0,
    });
    assert.ok(lastAt > before - 1000 && lastAt < Date.now() + 1000);
    await control('POST /reset');
    const {requests, distinct_ids: distinct} = await control('GET /stats');
    assert.deepEqual([requests, distinct, await control('GET /ids')], [0, 0, []]);
});

test('connections are kept alive and idle ones stay', async (t) => {
    const {port, control} = await receiverFor(t);
    const request = requestBytes(statsigBatch('a'));
    const {bytes, outcome} = await exchange(port, [request, request, request], {quietMs: 200});
    assert.equal(bytes.toString().match(/HTTP\/1\.1 202/g).length, 3);
    assert.equal(outcome, 'quiet');
    assert.equal((await control('GET /stats')).connections, 1);
});

test('the record has a line for each verdict, before its answer, without credentials', async (t) => {
    const record = join(folderFor(t), 'record');
    const {send} = await receiverFor(t, {apiKey: 'sesame', record});
    const body = gzipSync(statsigBatch('a', 'b'));
    const key = {'Statsig-Api-Key': 'sesame'};
    await send(body, {headers: {...key, 'Content-Encoding': 'gzip', 'User-Agent': 'eventlog/1'}});
    const [{startedAt, at, ...line}] = linesOf(record);
    assert.ok(Math.abs(at - Date.now()) < 5000);
    assert.ok(startedAt <= at && startedAt > at - 5000);
    assert.deepEqual(line, {
        path: '/v1/log_event',
        format: 'statsig',
        status: 202,
        accepted: true,
        answered: true,
        ids: ['a', 'b'],
        bytes: body.length,
        encoding: 'gzip',
        userAgent: 'eventlog/1',
    });
    await send(statsigBatch('c'), {headers: {'Statsig-Api-Key': 'guess'}});
    await send(ndjsonBatch('d'), {path: '/ndjson?token=guess', headers: {Authorization: 'Bearer sesame'}});
    const [, refused, last] = linesOf(record);
    assert.deepEqual([refused.status, refused.accepted, refused.ids], [401, false, []]);
    assert.deepEqual([refused.encoding, refused.userAgent, last.path], [null, null, '/ndjson']);
    assert.doesNotMatch(readFileSync(record, 'utf8'), /sesame|guess/);
});

test('the record is appended to, and keeps the events when asked', async (t) => {
    const record = join(folderFor(t), 'record');
    const first = await receiverFor(t, {record});
    await first.send(statsigBatch('a'));
    await first.stop();
    const second = await receiverFor(t, {record, keepBodies: true});
    await second.send(statsigBatch('b'));
    const [one, two] = linesOf(record);
    assert.deepEqual([one.ids, one.events], [['a'], undefined]);
    assert.deepEqual(two.events, [statsigEvent('b')]);
});

test('close refuses connections and destroys those there are, open takes the same port', async (t) => {
    const {port, send, control} = await receiverFor(t);
    const idle = exchange(port, [requestBytes(statsigBatch('a'))]);
    await until(async () => (await control('GET /stats')).accepted_events === 1);
    await control('POST /close');
    assert.match((await idle).outcome, /^(end|ECONNRESET)$/);
    assert.equal((await send(statsigBatch('b'))).outcome, 'ECONNREFUSED');
    assert.deepEqual(await control('POST /close'), {success: true});
    await control('POST /open');
    assert.equal((await send(statsigBatch('c'))).status, 202);
    assert.deepEqual(await control('GET /ids'), ['a', 'c']);
});

test('the control port knows its commands only', async (t) => {
    const {controlPort} = await receiverFor(t);
    assert.equal((await send(controlPort, '', {method: 'GET', path: '/'})).status, 404);
    assert.equal((await send(controlPort, '', {method: 'GET', path: '/reset'})).status, 404);
    assert.equal((await send(controlPort, '{', {path: '/faults'})).status, 400);
});

test('only 127.0.0.1 is bound', async (t) => {
    const {port, controlPort} = await receiverFor(t);
    for (const bound of [port, controlPort]) await assert.rejects(fetch(`http://127.0.0.2:${bound}/`));
});

test('discard: answers without parsing, and counts', async (t) => {
    const {port, control} = await receiverFor(t, {discard: true});
    const body = 'no JSON'.repeat(1000);
    const chunked = 'POST /ndjson HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n' +
        '5;x=y\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nTrailer: x\r\n\r\n';
    const all = Buffer.concat([
        requestBytes(body),
        Buffer.from(chunked),
        requestBytes(body, {headers: {Expect: '100-continue'}}),
        requestBytes('', {headers: {Connection: 'close'}}),
    ]);
    for (const cut of [1, 30, 100, all.length - 3, all.length]) {
        await control('POST /reset');
        const {bytes, outcome} = await exchange(port, [all.subarray(0, cut), all.subarray(cut)]);
        assert.deepEqual(bytes.toString().match(/(?<=HTTP\/1\.1 )\d+/g), ['202', '200', '100', '202', '202']);
        assert.equal(outcome, 'end');
        const {requests, bytes: counted, connections} = await control('GET /stats');
        assert.deepEqual([requests, counted, connections], [4, 2 * body.length + 21, 1]);
    }
});

test('discard: bytes that are no HTTP end the connection, faults are refused', async (t) => {
    const {port, fault} = await receiverFor(t, {discard: true});
    for (const bytes
             of ['\x16\x03\x01\r\n', 'POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n', 'x'.repeat(70000)]) {
        assert.match((await exchange(port, [bytes])).outcome, /^(end|ECONNRESET)$/);
    }
    assert.equal((await fault({kind: 'hang'})).success, false);
});

test('discard: a chunk size that is no number ends the connection', async (t) => {
    const {port} = await receiverFor(t, {discard: true});
    const request = 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n';
    assert.match((await exchange(port, [request])).outcome, /^(end|ECONNRESET)$/);
});

const program = fileURLToPath(new URL('receiver.mjs', import.meta.url));

/** Starts the program and waits for its first line, or for its end. */
async function run(t, ...args) {
    const child = spawn(process.execPath, [program, ...args]);
    t.after(() => child.kill('SIGKILL'));
    let output = '';
    child.stdout.on('data', (text) => output += text);
    child.stderr.on('data', (text) => output += text);
    const exit = once(child, 'close');
    await Promise.race([once(child.stdout, 'data'), exit]);
    return {child, exit, output: () => output};
}

for (const signal of ['SIGTERM', 'SIGINT']) {
    test(`command line: says where it listens, ends cleanly on ${signal}`, async (t) => {
        const portFile = join(folderFor(t), 'port');
        const {child, exit, output} = await run(t, '--port-file', portFile, '--api-key', 'k');
        const ready =
            /^receiver listening on http:\/\/127\.0\.0\.1:(\d+) control http:\/\/127\.0\.0\.1:(\d+)\n$/;
        const [, port, controlPort] = ready.exec(output()).map(Number);
        assert.deepEqual(JSON.parse(readFileSync(portFile, 'utf8')), {port, controlPort, pid: child.pid});
        assert.equal((await send(port, statsigBatch('a'))).status, 401);
        const idle = exchange(port, [requestBytes(statsigBatch('a'))]);
        await until(async () => (await control(controlPort, 'GET /stats')).requests === 2);
        child.kill(signal);
        assert.deepEqual(await exit, [0, null]);
        await idle;
        assert.equal(existsSync(portFile), false);
    });
}

test('command line: TLS and a proxy, with a port of its own', async (t) => {
    const {pair} = makeCertificates(folderFor(t));
    const {cert, key} = pair('valid');
    const portFile = join(folderFor(t), 'port');
    const {output} =
        await run(t, '--tls-cert', cert, '--tls-key', key, '--proxy-port', '0', '--port-file', portFile);
    assert.match(
        output(), /^receiver listening on https:.* control http:.* proxy http:\/\/127\.0\.0\.1:\d+\n$/);
    const {port, controlPort, proxyPort} = JSON.parse(readFileSync(portFile, 'utf8'));
    assert.equal(new Set([port, controlPort, proxyPort]).size, 3);
    assert.equal((await send(proxyPort, '', {path: '/'})).status, 400);
});

test('command line: --exit-with-stdin ends when stdin closes', async (t) => {
    const {child, exit} = await run(t, '--exit-with-stdin');
    child.stdin.end();
    assert.deepEqual(await exit, [0, null]);
});

test('command line: wrong options are exit code 2, a taken port is 1', async (t) => {
    const wrong = [
        ['--no-such'],
        ['--port', '70000'],
        ['--port', 'x'],
        ['--proxy-port', 'x'],
        ['--proxy-credentials', 'u:p'],
        ['--signing-secret', 'sesame'],
        ['--tls-cert', 'f'],
        ['--tls-key', 'f'],
        ['--client-ca', 'f'],
        ['--discard', '--record', 'f'],
        ['--discard', '--keep-requests'],
        ['--discard', '--tls-cert', 'f', '--tls-key', 'f'],
    ];
    for (const args of wrong) {
        const {exit, output} = await run(t, ...args);
        assert.deepEqual(await exit, [2, null]);
        assert.match(output(), /^receiver: .*\nusage: /);
    }
    const {port} = await receiverFor(t);
    const {exit, output} = await run(t, '--port', String(port));
    assert.deepEqual(await exit, [1, null]);
    assert.match(output(), /EADDRINUSE/);
});
