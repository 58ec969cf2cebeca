// The record file: one JSON line for each request that reached a verdict, appended and written out before
// the answer leaves, so that whoever holds an answer finds its line. The values of credential headers never
// get here.

import {appendFileSync, closeSync, openSync} from 'node:fs';

import {textOf} from './formats.mjs';

const credentials =
    ['authorization', 'proxy-authorization', 'statsig-api-key', 'x-clickhouse-key', 'api-key'];

export class Record {
    #fd;
    #keepBodies;
    #keepRequests;

    /**
     * Opens `file` for appending; `keepBodies` adds the parsed events to each line, `keepRequests` the
     * headers and the text of the body.
     */
    constructor(file, {keepBodies = false, keepRequests = false} = {}) {
        this.#fd = openSync(file, 'a');
        this.#keepBodies = keepBodies;
        this.#keepRequests = keepRequests;
    }

    /** Appends the line of a request; without effect once closed, when late requests may still end. */
    write({at, request, verdict, answered}) {
        if (this.#fd === null) return;
        const {headers} = request;
        const line = {
            startedAt: request.startedAt,
            at,
            path: request.path,
            format: verdict.format?.name ?? null,
            status: verdict.status,
            accepted: verdict.accepted,
            answered,
            ids: verdict.ids,
            bytes: request.body.length,
            encoding: headers['content-encoding'] ?? null,
            userAgent: headers['user-agent'] ?? null,
        };
        if (verdict.rejected.length > 0) line.rejected = verdict.rejected;
        if (request.client !== undefined) line.client = request.client;
        if ('webhook-id' in headers) line.webhookId = headers['webhook-id'];
        if (this.#keepBodies) line.events = verdict.events;
        if (this.#keepRequests) Object.assign(line, {headers: shown(headers), text: textOrNull(request)});
        appendFileSync(this.#fd, `${JSON.stringify(line)}\n`);
    }

    close() {
        if (this.#fd === null) return;
        closeSync(this.#fd);
        this.#fd = null;
    }
}

/** The headers, with null for a credential. */
function shown(headers) {
    return Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, credentials.includes(name) ? null : value]));
}

function textOrNull(request) {
    try {
        return textOf(request);
    } catch {
        return null;
    }
}
