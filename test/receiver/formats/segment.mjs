// Segment's batch endpoint, POST /v1/batch (segment.com/docs/connections/sources/catalog/libraries/server/
// http-api), which RudderStack shares: track calls only. The service answers 200 even to a batch of which it
// drops events; here they are refused.

import {demand, isBasicUser, isObject, isText, isTime, parseJson} from './checks.mjs';

const maxBytes = 500 * 1024;
const maxEventBytes = 32 * 1024;
const maxEvents = 2500;
const maxMessageId = 100;

export const segment = {
    name: 'segment',
    mediaTypes: ['application/json'],
    success: {status: 200, body: '{"success":true}'},
    authorised: isBasicUser,
    parse,
    idOf: (event) => event.messageId,
    nameOf: (event) => event.event,
};

function parse(text) {
    demand(Buffer.byteLength(text) <= maxBytes, 'body', `at most ${maxBytes} bytes`);
    const body = parseJson(text, 'body');
    demand(isObject(body), 'body', 'an object');
    demand(Array.isArray(body.batch) && body.batch.length > 0, 'batch', 'an array that is not empty');
    demand(body.batch.length <= maxEvents, 'batch', `at most ${maxEvents} events`);
    demand(isTime(body.sentAt), 'sentAt', 'an ISO 8601 time');
    body.batch.forEach((event, index) => checkEvent(event, `batch[${index}]`));
    return body.batch;
}

function checkEvent(event, at) {
    demand(isObject(event), at, 'an object');
    demand(Buffer.byteLength(JSON.stringify(event)) <= maxEventBytes, at, `at most ${maxEventBytes} bytes`);
    const {type, event: name, userId, anonymousId, properties, context, timestamp, messageId} = event;
    demand(type === 'track', `${at}.type`, 'track');
    demand(isText(name), `${at}.event`, 'a non-empty string');
    demand(isText(userId ?? anonymousId), `${at}.userId`, 'a non-empty string, or anonymousId is');
    for (const [key, id] of Object.entries({userId, anonymousId})) {
        demand(id === undefined || isText(id), `${at}.${key}`, 'a non-empty string');
    }
    demand(properties === undefined || isObject(properties), `${at}.properties`, 'an object');
    demand(context === undefined || isObject(context), `${at}.context`, 'an object');
    demand(isTime(timestamp), `${at}.timestamp`, 'an ISO 8601 time');
    demand(
        isText(messageId) && messageId.length <= maxMessageId, `${at}.messageId`,
        `a string of 1 to ${maxMessageId} characters`);
}
