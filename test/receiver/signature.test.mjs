// Tests of signed requests. The vector is that of the Standard Webhooks specification.

import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';
import {join} from 'node:path';
import {test} from 'node:test';

import {folderFor, linesOf, receiverFor} from './harness.mjs';
import {statsigBatch} from './requests.mjs';
import {keyOfSecret, problemOfSignature} from './signature.mjs';

const vector = {
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: '1614265330',
    body: '{"test": 2432232314}',
    signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};
const wrong = `v1,${Buffer.alloc(32).toString('base64')}`;

function headersOf({id, timestamp, signature}) {
    return {'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature};
}

/** What is wrong with the vector, changed. */
function problem(changes = {}, now = Number(vector.timestamp)) {
    const {secret, body, ...rest} = {...vector, ...changes};
    return problemOfSignature(keyOfSecret(secret), headersOf(rest), Buffer.from(body), now);
}

test('the vector of the specification is valid, alone or among others', () => {
    assert.equal(problem(), null);
    assert.equal(problem({signature: `v1a,xyz ${wrong} ${vector.signature}`}), null);
});

test('a changed id, time, body, secret or version is not', () => {
    const unfit = 'webhook-signature: does not fit';
    assert.equal(problem({id: 'msg_2'}), unfit);
    assert.equal(problem({timestamp: '1614265331'}), unfit);
    assert.equal(problem({body: '{"test":2432232314}'}), unfit);
    assert.equal(problem({secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx'}), unfit);
    assert.equal(problem({signature: wrong}), unfit);
    assert.equal(problem({signature: 'v1,'}), unfit);
    assert.equal(problem({signature: vector.signature.replace('v1', 'v2')}), unfit);
});

test('a missing header and a time more than five minutes away are refused', () => {
    for (const name of ['id', 'timestamp', 'signature']) {
        assert.equal(problem({[name]: undefined}), 'a webhook header is missing');
    }
    assert.equal(problem({timestamp: '1614265330.5'}), 'webhook-timestamp: must be an integer');
    const now = Number(vector.timestamp);
    for (const far of [-301, 301])
        assert.equal(problem({}, now + far), 'webhook-timestamp: too far from now');
    for (const near of [-299, 299]) assert.equal(problem({}, now + near), null);
});

test('a secret is whsec_ and base64 of 24 to 64 bytes', () => {
    const secretOf = (bytes) => `whsec_${Buffer.alloc(bytes, 1).toString('base64')}`;
    for (const bytes of [24, 64]) assert.equal(keyOfSecret(secretOf(bytes)).length, bytes);
    for (const secret
             of ['', 'whsec_', secretOf(23), secretOf(65), vector.secret.slice(6), `${vector.secret}%`]) {
        assert.throws(() => keyOfSecret(secret), /whsec_/, secret);
    }
});

test('the receiver wants the signature, and records the id', async (t) => {
    const record = join(folderFor(t), 'record');
    const {send} = await receiverFor(t, {record, signingSecret: vector.secret});
    const body = statsigBatch('a');
    const timestamp = String(Math.floor(Date.now() / 1000));
    const mac =
        createHmac('sha256', keyOfSecret(vector.secret)).update(`w1.${timestamp}.${body}`).digest('base64');
    const status = async (signature) =>
        (await send(body, {headers: headersOf({id: 'w1', timestamp, signature})})).status;
    assert.equal((await send(body)).status, 401);
    assert.equal(await status(wrong), 401);
    assert.equal(await status(`v1,${mac}`), 202);
    assert.deepEqual(linesOf(record).map(({webhookId}) => webhookId), [undefined, 'w1', 'w1']);
});
