// The record file: one JSON line for each request that reached a verdict, appended and written out before
// the answer leaves, so that whoever holds an answer finds its line. Credential headers never get here.

import {appendFileSync, closeSync, openSync} from 'node:fs';

export class Record {
    #fd;
    #keepBodies;

    /** Opens `file` for appending; `keepBodies` adds the parsed events to each line. */
    constructor(file, keepBodies) {
        this.#fd = openSync(file, 'a');
        this.#keepBodies = keepBodies;
    }

    /** Appends the line of a request; without effect once closed, when late requests may still end. */
    write({at, request, verdict, answered}) {
        if (this.#fd === null) return;
        const line = {
            at,
            path: request.path,
            status: verdict.status,
            accepted: verdict.accepted,
            answered,
            ids: verdict.ids,
            bytes: request.body.length,
            encoding: request.headers['content-encoding'] ?? null,
            userAgent: request.headers['user-agent'] ?? null,
        };
        if (this.#keepBodies) line.events = verdict.events;
        appendFileSync(this.#fd, `${JSON.stringify(line)}\n`);
    }

    close() {
        if (this.#fd === null) return;
        closeSync(this.#fd);
        this.#fd = null;
    }
}
