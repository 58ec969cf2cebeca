// The wire formats that the receiver understands, Statsig's log_event and NDJSON, and the verdict of a sound
// endpoint on one request: which status it answers and which events it takes. A batch is taken whole or not
// at all. No sockets and no faults here.

import {gunzipSync} from 'node:zlib';

const statsigPath = '/v1/log_event';
const ndjsonPath = '/ndjson';

/** A request that the endpoint refuses, with the HTTP status to answer. */
class Refusal extends Error {
    constructor(status, message) {
        super(message);
        this.status = status;
    }
}

const statsig = {
    success: {status: 202, body: '{"success":true}'},
    authorised: (headers, key) => headers['statsig-api-key'] === key,
    parse: parseStatsig,
    idOf: (event) => event.metadata?._eventId,
    nameOf: (event) => event.eventName,
};

const ndjson = {
    success: {status: 200, body: ''},
    authorised: (headers, key) =>
        headers.authorization === `Bearer ${key}` || headers['x-clickhouse-key'] === key,
    parse: parseNdjson,
    idOf: (event) => event.event_id,
    nameOf: (event) => event.event_name,
};

/** The path of a request target in origin form or, as sent through a proxy, in absolute form. */
export function pathOf(target) { return target.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1)[0] || '/'; }

/** The status and body of a success on this path. */
export function successOn(path) { return (path === statsigPath ? statsig : ndjson).success; }

/** A verdict that takes nothing. */
export function refusal(status, message, headers = {}) {
    const body = JSON.stringify({success: false, message});
    return {status, body, headers, accepted: false, events: [], ids: [], names: []};
}

/**
 * The verdict on a request: {status, body, headers, accepted, events, ids, names}.
 * @param request {method, path, headers (lower-case names), body (Buffer as sent)}
 * @param apiKey  the key that the request must carry, if any
 */
export function judge(request, apiKey) {
    if (request.method === 'GET') return refusal(405, 'only POST is served', {allow: 'POST'});
    const format = formatOf(request);
    if (!format) return refusal(404, 'nothing is served here');
    if (apiKey !== undefined && !format.authorised(request.headers, apiKey)) {
        return refusal(401, 'the API key is missing or wrong');
    }
    try {
        const events = format.parse(decode(request));
        const ids = events.map(format.idOf).filter((id) => id !== undefined);
        return {
            ...format.success,
            headers: {},
            accepted: true,
            events,
            ids,
            names: events.map(format.nameOf)
        };
    } catch (error) {
        if (error instanceof Refusal) return refusal(error.status, error.message);
        throw error;
    }
}

function formatOf({method, path, headers}) {
    if (method !== 'POST') return null;
    if (path === statsigPath) return statsig;
    const mediaType = (headers['content-type'] ?? '').split(';', 1)[0].trim().toLowerCase();
    return path === ndjsonPath || mediaType === 'application/x-ndjson' ? ndjson : null;
}

function decode({headers, body}) {
    try {
        return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(decompress(headers, body));
    } catch (error) {
        if (error instanceof Refusal) throw error;
        throw new Refusal(400, 'body: must be UTF-8');
    }
}

function decompress(headers, body) {
    const encoding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
    if (encoding === 'identity') return body;
    if (encoding !== 'gzip') throw new Refusal(415, `content-encoding: ${encoding} is not supported`);
    try {
        return gunzipSync(body);
    } catch {
        throw new Refusal(400, 'body: must be sound gzip');
    }
}

function parseJson(text, where) {
    try {
        return JSON.parse(text);
    } catch {
        throw new Refusal(400, `${where}: must be JSON`);
    }
}

function isObject(value) { return typeof value === 'object' && value !== null && !Array.isArray(value); }

function demand(condition, where, what) {
    if (!condition) throw new Refusal(400, `${where}: must be ${what}`);
}

function parseStatsig(text) {
    const body = parseJson(text, 'body');
    demand(isObject(body), 'body', 'an object');
    demand(Array.isArray(body.events), 'events', 'an array');
    demand(isObject(body.statsigMetadata), 'statsigMetadata', 'an object');
    body.events.forEach(checkStatsigEvent);
    return body.events;
}

function checkStatsigEvent(event, index) {
    const at = `events[${index}]`;
    demand(isObject(event), at, 'an object');
    const {eventName, user, time, value, metadata} = event;
    demand(typeof eventName === 'string' && eventName !== '', `${at}.eventName`, 'a non-empty string');
    demand(isObject(user), `${at}.user`, 'an object');
    demand(typeof user.userID === 'string', `${at}.user.userID`, 'a string');
    demand(Number.isSafeInteger(time), `${at}.time`, 'an integer');
    demand(['undefined', 'number', 'string'].includes(typeof value), `${at}.value`, 'a number or a string');
    if (metadata === undefined) return;
    demand(isObject(metadata), `${at}.metadata`, 'an object');
    for (const [key, text] of Object.entries(metadata)) {
        demand(typeof text === 'string', `${at}.metadata.${key}`, 'a string');
    }
}

function parseNdjson(text) {
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    return lines.map((line, index) => {
        const at = `line ${index + 1}`;
        const event = parseJson(line, at);
        demand(isObject(event), at, 'an object');
        const {event_id: id} = event;
        demand(typeof id === 'string' && id !== '', `${at}: event_id`, 'a non-empty string');
        return event;
    });
}
