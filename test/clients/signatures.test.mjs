// Requests of targets with a signing secret are verified by the package of Standard Webhooks, in every
// format; and the endpoint, which demands signatures, agrees with that package.

import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {Webhook} from 'standardwebhooks';

import {Database} from './database.mjs';
import {logEvent} from './log.mjs';
import {events as payloads} from './payloads.mjs';
import {apiKey, createTarget, Receiver, untilDelivered, untilWorkerRuns} from './targets.mjs';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const otherSecret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const pauseSeconds = 2;

const uncompressed = [
    {name: 'statsig', format: 'statsig', path: '/plain/v1/log_event'},
    {name: 'ndjson', format: 'ndjson', path: '/ndjson'},
    {name: 'otlp', format: 'otlp', path: '/v1/logs'},
    {name: 'segment', format: 'segment', path: '/v1/batch'},
    {name: 'structured', format: 'cloudevents', path: '/structured', options: {mode: 'structured'}},
    {name: 'batch', format: 'cloudevents', path: '/batch', options: {mode: 'batch'}},
    {name: 'binary', format: 'cloudevents', path: '/binary', options: {mode: 'binary'}},
].map(({options, ...target}) => ({...target, options: {...options, compression: 'none'}}));
const compressed = {
    name: 'compressed',
    format: 'statsig',
    path: '/gzip/v1/log_event',
    options: {compression: 'gzip'}
};
const signed = [...uncompressed, compressed];

/** Verifies a request of the receiver's record by the package, which throws. */
function verify({headers, text}, {key = secret, change = (body) => body} = {}) {
    new Webhook(key).verify(change(text), headers, {jsonParse: false});
}

test('the endpoint accepts what the package signs, and nothing else', async () => {
    const receiver = new Receiver();
    await receiver.start({signingSecret: secret});
    const body = '{"event_id":"a"}\n';
    const post = async (signer, sentBody = body) => {
        const now = new Date();
        const headers = {
            'authorization': `Bearer ${apiKey}`,
            'content-type': 'application/x-ndjson',
            'webhook-id': 'msg_1',
            'webhook-timestamp': String(Math.floor(now / 1000)),
            'webhook-signature': new Webhook(signer).sign('msg_1', now, body),
        };
        return (await fetch(receiver.url('/ndjson'), {method: 'POST', headers, body: sentBody})).status;
    };
    try {
        assert.equal(await post(secret), 200);
        assert.equal(await post(otherSecret), 401);
        assert.equal(await post(secret, '{"event_id":"b"}\n'), 401);
    } finally {
        await receiver.stop();
    }
});

describe('the package verifies what targets send', () => {
    const database = new Database('signatures');
    const receiver = new Receiver();
    before(async () => {
        await receiver.start({keepRequests: true, signingSecret: secret});
        await receiver.faults(...signed.map(
            ({path}) => ({kind: 'status', status: 503, retry_after: pauseSeconds, count: 1, path})));
        await database.create();
        const client = await database.connect();
        for (const target of signed) {
            await createTarget(client, receiver, {...target, userOptions: {signing_secret: secret}});
        }
        await untilWorkerRuns(client);
        for (const event of payloads.slice(0, 3)) await logEvent(client, event);
        await untilDelivered(client, signed.map(({name}) => name));
    });
    after(async () => {
        await receiver.stop();
        await database.drop();
    });

    for (const {name, path, options} of signed) {
        test(`${name}: every request, each attempt`, () => {
            const requests = receiver.requests(path);
            assert.ok(requests.length > 1);
            const encoding = options.compression === 'gzip' ? 'gzip' : null;
            assert.ok(requests.every((request) => request.encoding === encoding));
            for (const request of requests) {
                verify(request);
                assert.throws(() => verify(request, {key: otherSecret}), /No matching signature/);
                assert.throws(() => verify(request, {change: (body) => `${body} `}), /No matching signature/);
            }
        });
    }

    for (const {name, path} of signed) {
        test(`${name}: a retry has the id of the first attempt and its own time`, () => {
            const [first, second, ...others] = receiver.requests(path);
            assert.deepEqual([first.status, second.accepted], [503, true]);
            assert.equal(second.webhookId, first.webhookId);
            // Segment's sentAt is when the attempt was made.
            const events = ({text}) => text.replace(/"sentAt":"[^"]+"\}$/, '');
            assert.equal(events(second), events(first));
            const time = ({headers}) => Number(headers['webhook-timestamp']);
            assert.ok(time(second) > time(first));
            assert.ok(others.every(({webhookId}) => webhookId !== first.webhookId));
        });
    }
});
