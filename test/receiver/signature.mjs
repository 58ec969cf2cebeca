// Standard Webhooks (standardwebhooks.com, version 1.0.0): the check of a signed request. The tests of the
// clients hold the same requests against the npm package of that name.

import {createHmac, timingSafeEqual} from 'node:crypto';

const secretPrefix = 'whsec_';
const keyBytes = {
    min: 24,
    max: 64
};
const toleranceSeconds = 300;

/** The key in a secret, `whsec_` and base64 of 24 to 64 bytes; throws on any other text. */
export function keyOfSecret(secret) {
    const text = secret.startsWith(secretPrefix) ? secret.slice(secretPrefix.length) : '';
    const key = Buffer.from(text, 'base64');
    if (key.length < keyBytes.min || key.length > keyBytes.max || key.toString('base64') !== text) {
        throw new Error(`the signing secret must be ${secretPrefix} and base64 of ${keyBytes.min} to ${
            keyBytes.max} bytes`);
    }
    return key;
}

/**
 * What is wrong with the signature of a request, or null.
 * @param key     of keyOfSecret
 * @param headers with lower-case names
 * @param body    decompressed, as web frameworks hand it on
 */
export function problemOfSignature(key, headers, body, nowSeconds = Date.now() / 1000) {
    const id = headers['webhook-id'];
    const timestamp = headers['webhook-timestamp'];
    const signatures = headers['webhook-signature'];
    if (!id || !timestamp || !signatures) return 'a webhook header is missing';
    if (!/^\d+$/.test(timestamp)) return 'webhook-timestamp: must be an integer';
    if (Math.abs(nowSeconds - timestamp) > toleranceSeconds) return 'webhook-timestamp: too far from now';
    const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
    const isExpected = (signature) => {
        const [version, text] = signature.split(',');
        const bytes = Buffer.from(text ?? '', 'base64');
        return version === 'v1' && bytes.length === expected.length && timingSafeEqual(bytes, expected);
    };
    return signatures.split(' ').some(isExpected) ? null : 'webhook-signature: does not fit';
}
