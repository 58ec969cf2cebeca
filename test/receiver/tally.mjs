// What the receiver has seen so far: the counters behind GET /stats and the ids behind GET /ids. A request
// is counted when its headers arrive; its status when a verdict is reached ("none" when there never is one).

/** Unix milliseconds with microseconds as the fraction. */
export function nowMs() { return Math.round((performance.timeOrigin + performance.now()) * 1000) / 1000; }

export class Tally {
    #ids;

    constructor() { this.reset(); }

    /** Forgets every count and id. */
    reset() {
        this.requests = 0;
        this.bytes = 0;
        this.connections = 0;
        this.acceptedEvents = 0;
        this.duplicateIds = 0;
        this.byStatus = {};
        this.lastAt = null;
        this.#ids = new Set();
    }

    /** Counts a request that ended with a status, or with "none". */
    countStatus(status) { this.byStatus[status] = (this.byStatus[status] ?? 0) + 1; }

    /** Counts a batch that the endpoint took. */
    accept(eventCount, ids) {
        this.acceptedEvents += eventCount;
        for (const id of ids) {
            if (this.#ids.has(id))
                this.duplicateIds++;
            else
                this.#ids.add(id);
        }
    }

    /** The distinct accepted ids, in the order of their first arrival. */
    ids() { return [...this.#ids]; }

    stats() {
        return {
            requests: this.requests,
            accepted_events: this.acceptedEvents,
            distinct_ids: this.#ids.size,
            duplicate_ids: this.duplicateIds,
            by_status: this.byStatus,
            bytes: this.bytes,
            connections: this.connections,
            last_at: this.lastAt,
        };
    }
}
