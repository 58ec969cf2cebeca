// Tests of the receiver behind TLS and of its proxy.

import assert from 'node:assert/strict';
import {once} from 'node:events';
import {request as plainRequest} from 'node:http';
import {request as tlsRequest} from 'node:https';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {text} from 'node:stream/consumers';
import {connect as connectTls} from 'node:tls';

import {makeCertificates} from './certificates.mjs';
import {folderFor, linesOf, receiverFor, until} from './harness.mjs';
import {requestBytes, statsigBatch} from './requests.mjs';

const batch = statsigBatch('a');
const path = '/v1/log_event';

/** Posts the batch; {status, body}, or {code} of the error. */
async function post(request, options) {
    const headers = {'content-type': 'application/json', ...options.headers};
    const sending = request({method: 'POST', agent: false, path, ...options, headers});
    sending.end(batch);
    try {
        const [answer] = await once(sending, 'response');
        return {status: answer.statusCode, body: await text(answer)};
    } catch ({code}) {
        return {code};
    }
}

describe('TLS', () => {
    const folder = mkdtempSync(join(tmpdir(), 'receiver-certificates-'));
    let certificates;
    before(() => certificates = makeCertificates(folder));
    after(() => rmSync(folder, {recursive: true}));

    const receiverWith = (t, name, options = {}) =>
        receiverFor(t, {...options, tls: {...certificates.pair(name), ...options.tls}});
    const postTo = ({port}, options = {}) =>
        post(tlsRequest, {host: '127.0.0.1', port, ca: certificates.read('ca.crt'), ...options});
    const clientPair = (name) =>
        ({cert: certificates.read(`${name}.crt`), key: certificates.read(`${name}.key`)});

    test('a certificate of the authority is good for localhost and 127.0.0.1', async (t) => {
        const receiver = await receiverWith(t, 'valid');
        assert.deepEqual(await postTo(receiver), {status: 202, body: '{"success":true}'});
        assert.equal((await postTo(receiver, {servername: 'localhost'})).status, 202);
        assert.equal((await postTo(receiver, {servername: 'a.receiver.test'})).status, 202);
        assert.deepEqual(await receiver.control('GET /ids'), ['a']);
    });

    const bad = [
        ['expired', 'CERT_HAS_EXPIRED'],
        ['other-host', 'ERR_TLS_CERT_ALTNAME_INVALID'],
        ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ];
    for (const [name, code] of bad) {
        test(`the certificate ${name} is bad in its way alone`, async (t) => {
            const receiver = await receiverWith(t, name);
            assert.deepEqual(await postTo(receiver), {code});
            assert.equal((await receiver.control('GET /stats')).requests, 0);
            assert.equal((await postTo(receiver, {rejectUnauthorized: false})).status, 202);
        });
    }

    test('without the authority the valid one is unknown', async (t) => {
        const receiver = await receiverWith(t, 'valid');
        const {code} = await postTo(receiver, {ca: undefined});
        assert.match(code, /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY)$/);
    });

    test('a client certificate may be demanded', async (t) => {
        const record = join(folderFor(t), 'record');
        const receiver =
            await receiverWith(t, 'valid', {record, tls: {clientCa: certificates.file('ca.crt')}});
        for (const options of [{}, clientPair('other-client'), clientPair('self-signed')]) {
            assert.equal((await postTo(receiver, options)).status, undefined);
        }
        assert.equal((await postTo(receiver, clientPair('client'))).status, 202);
        assert.deepEqual(linesOf(record).map(({client}) => client), ['client']);
        const {requests, tls_errors: errors} = await receiver.control('GET /stats');
        assert.deepEqual([requests, errors], [1, 3]);
    });

    test('a sender that leaves meanwhile is served as without TLS', async (t) => {
        const record = join(folderFor(t), 'record');
        const receiver = await receiverWith(t, 'valid', {record});
        await receiver.fault({kind: 'delay', ms: 300});
        const leaving = new AbortController();
        const posted = postTo(receiver, {signal: leaving.signal});
        await until(async () => (await receiver.control('GET /stats')).requests === 1);
        leaving.abort();
        assert.deepEqual(await posted, {code: 'ABORT_ERR'});
        await until(async () => (await receiver.control('GET /stats')).accepted_events === 1);
        assert.deepEqual(linesOf(record).map(({answered}) => answered), [false]);
    });

    test('a connection is reset below TLS, and one that speaks no TLS is an error', async (t) => {
        const receiver = await receiverWith(t, 'valid');
        await receiver.fault({kind: 'reset_in_response', bytes: 30});
        const socket = connectTls({port: receiver.port, host: '127.0.0.1', ca: certificates.read('ca.crt')});
        let received = '';
        socket.on('data', (chunk) => received += chunk);
        const failed = once(socket, 'error');
        socket.write(requestBytes(batch));
        assert.equal((await failed)[0].code, 'ECONNRESET');
        assert.equal(received, 'HTTP/1.1 202 Accepted\r\ncontent');
        const {code} = await post(plainRequest, {host: '127.0.0.1', port: receiver.port});
        assert.ok(code);
        await until(async () => (await receiver.control('GET /stats')).tls_errors === 1);
    });

    test('through the proxy: CONNECT, whatever the host', async (t) => {
        const receiver = await receiverWith(t, 'valid', {proxyPort: 0});
        const target = `api.receiver.test:${receiver.port}`;
        const connecting =
            plainRequest({host: '127.0.0.1', port: receiver.proxyPort, method: 'CONNECT', path: target});
        connecting.end();
        const [answer, socket] = await once(connecting, 'connect');
        assert.equal(answer.statusCode, 200);
        const tunnelled = await postTo(receiver, {socket, servername: 'api.receiver.test'});
        assert.equal(tunnelled.status, 202);
        const [{method, target: asked, authorised}] = await receiver.control('GET /proxied');
        assert.deepEqual([method, asked, authorised], ['CONNECT', target, true]);
    });
});

describe('proxy', () => {
    const ask = (receiver, url, headers = {}) =>
        post(plainRequest, {host: '127.0.0.1', port: receiver.proxyPort, path: url, headers});
    const basic = (user) => `Basic ${Buffer.from(user).toString('base64')}`;

    test('absolute form is forwarded, without the proxy headers, and remembered', async (t) => {
        const record = join(folderFor(t), 'record');
        const receiver = await receiverFor(t, {proxyPort: 0, record, keepRequests: true});
        const url = `http://api.example:${receiver.port}/v1/log_event?x=1`;
        assert.deepEqual(
            await ask(receiver, url, {'Proxy-Authorization': basic('u:p'), 'X-Other': 'kept'}),
            {status: 202, body: '{"success":true}'});
        const [{headers, text: body}] = linesOf(record);
        assert.deepEqual(
            [headers['proxy-authorization'], headers['x-other'], body], [undefined, 'kept', batch]);
        const [{method, target, authorised}] = await receiver.control('GET /proxied');
        assert.deepEqual([method, target, authorised], ['POST', url, true]);
        await receiver.control('POST /reset');
        assert.deepEqual(await receiver.control('GET /proxied'), []);
    });

    test('credentials may be demanded, of requests and tunnels', async (t) => {
        const receiver = await receiverFor(t, {proxyPort: 0, proxyCredentials: 'user:sesame'});
        const url = `http://api.example:${receiver.port}/v1/log_event`;
        const authorised = {'Proxy-Authorization': basic('user:sesame')};
        assert.equal((await ask(receiver, url)).status, 407);
        assert.equal((await ask(receiver, url, {'Proxy-Authorization': basic('user:guess')})).status, 407);
        assert.equal((await ask(receiver, url, authorised)).status, 202);
        const tunnel = async (headers) => {
            const connecting = plainRequest({
                host: '127.0.0.1',
                port: receiver.proxyPort,
                method: 'CONNECT',
                path: `h:${receiver.port}`,
                headers,
            });
            connecting.end();
            const [answer, socket] = await once(connecting, 'connect');
            socket.destroy();
            return answer.statusCode;
        };
        assert.equal(await tunnel({}), 407);
        assert.equal(await tunnel(authorised), 200);
        const log = await receiver.control('GET /proxied');
        assert.deepEqual(log.map((entry) => entry.authorised), [false, false, true, false, true]);
        assert.doesNotMatch(JSON.stringify(log), /sesame|guess/);
    });

    test('an endpoint that is away is 502, a request not meant for a proxy 400', async (t) => {
        const receiver = await receiverFor(t, {proxyPort: 0});
        await receiver.control('POST /close');
        assert.equal((await ask(receiver, `http://api.example:${receiver.port}/`)).status, 502);
        assert.equal((await ask(receiver, '/v1/log_event')).status, 400);
    });
});
