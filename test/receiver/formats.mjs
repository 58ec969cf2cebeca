// The wire formats that the receiver understands, one file each in formats/, and the verdict of a sound
// endpoint on one request: which status it answers and which events it takes. A batch is taken whole or not
// at all. No sockets and no faults here.
//
// A format: name; mediaTypes (null: any); success; authorised(headers, key); parse(text, request), the events
// or a Refusal; idOf(event), undefined without one; nameOf(event); tokenOf(query), where the endpoint knows
// repeated batches by a token; partialSuccess(count, message), where its answer can tell of events left out.

import {gunzipSync} from 'node:zlib';

import {mediaTypeOf, Refusal} from './formats/checks.mjs';
import {cloudeventsOf} from './formats/cloudevents.mjs';
import {ndjson} from './formats/ndjson.mjs';
import {otlp} from './formats/otlp.mjs';
import {segment} from './formats/segment.mjs';
import {statsig} from './formats/statsig.mjs';
import {problemOfSignature} from './signature.mjs';

const byPath = {
    '/v1/log_event': statsig,
    '/v1/logs': otlp,
    '/v1/batch': segment,
    '/ndjson': ndjson,
};

/** The path of a request target in origin form or, as sent through a proxy, in absolute form. */
export function pathOf(target) { return target.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1)[0] || '/'; }

/** The parameters of a request target. */
export function queryOf(target) {
    const start = target.indexOf('?');
    return new URLSearchParams(start < 0 ? '' : target.slice(start + 1));
}

/** The status and body of a success on this path. */
export function successOn(path) { return (formatOfPath(path) ?? ndjson).success; }

/** A verdict that takes nothing. */
export function refusal(status, message, headers = {}) {
    const body = JSON.stringify({success: false, message});
    return {
        status,
        body,
        headers,
        accepted: false,
        format: null,
        events: [],
        ids: [],
        names: [],
        rejected: []
    };
}

/**
 * The verdict on a request: {status, body, headers, accepted, format, events, ids, names, rejected}; names
 * are those of the events, ids and rejected (by a fault, of what is accepted) those of events that have one.
 * @param request {method, path, query (URLSearchParams), headers (lower-case names), body (Buffer as sent)}
 * @param wanted  {apiKey, signingKey (of keyOfSecret)}: what the request must carry, if any
 */
export function judge(request, {apiKey, signingKey} = {}) {
    const {method, headers, body} = request;
    if (method === 'GET') return refusal(405, 'only POST is served', {allow: 'POST'});
    const format = formatOf(request);
    if (!format) return refusal(404, 'nothing is served here');
    if (apiKey !== undefined && !format.authorised(headers, apiKey)) {
        return refusal(401, 'the API key is missing or wrong');
    }
    try {
        const problem =
            signingKey ? problemOfSignature(signingKey, headers, decompress(headers, body)) : null;
        if (problem !== null) return refusal(401, problem);
        const events = parse(format, request);
        const ids = events.map(format.idOf).filter((id) => id !== undefined);
        const names = events.map(format.nameOf);
        return {...format.success, headers: {}, accepted: true, format, events, ids, names, rejected: []};
    } catch (error) {
        if (error instanceof Refusal) return refusal(error.status, error.message);
        throw error;
    }
}

/** The text of a request's body; throws a Refusal where there is none. */
export function textOf({headers, body}) {
    try {
        return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(decompress(headers, body));
    } catch (error) {
        if (error instanceof Refusal) throw error;
        throw new Refusal(400, 'body: must be UTF-8');
    }
}

function formatOf({method, path, headers}) {
    if (method !== 'POST') return null;
    const format = formatOfPath(path) ?? cloudeventsOf(headers);
    return format ?? (ndjson.mediaTypes.includes(mediaTypeOf(headers)) ? ndjson : null);
}

// What precedes the endpoint's own path tells the targets of a test apart.
function formatOfPath(path) {
    const end = Object.keys(byPath).find((known) => path.endsWith(known));
    return end === undefined ? null : byPath[end];
}

function parse(format, request) {
    const type = mediaTypeOf(request.headers);
    if (format.mediaTypes && !format.mediaTypes.includes(type)) {
        throw new Refusal(415, `content-type: must be ${format.mediaTypes.join(' or ')}`);
    }
    return format.parse(textOf(request), request);
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
