// Records the requests so far: the counters behind GET /stats and the ids behind GET /ids. A request
// is counted when its headers arrive; its status when a verdict is reached ("none" when there never is one).

/** Unix milliseconds with microseconds as the fraction. */
export function nowMs() { return Math.round((performance.timeOrigin + performance.now()) * 1000) / 1000; }

export class Tally {
    #arrivals;
    #tokens;

    constructor() { this.reset(); }

    /** Forgets every count and id. */
    reset() {
        this.requests = 0;
        this.bytes = 0;
        this.connections = 0;
        this.tlsErrors = 0;
        this.acceptedEvents = 0;
        this.duplicateIds = 0;
        this.repeatedTokens = 0;
        this.tokenConflicts = 0;
        this.byStatus = {};
        this.lastAt = null;
        this.#arrivals = new Map();
        this.#tokens = new Map();
    }

    /** Counts a request that ended with a status, or with "none". */
    countStatus(status) { this.byStatus[status] = (this.byStatus[status] ?? 0) + 1; }

    /** Counts a batch that the endpoint took. */
    accept(eventCount, ids) {
        this.acceptedEvents += eventCount;
        const now = nowMs();
        for (const id of ids) {
            if (this.#arrivals.has(id))
                this.duplicateIds++;
            else
                this.#arrivals.set(id, now);
        }
    }

    /** Counts a batch that came under a deduplication token; `digest` tells its content. */
    countToken(token, digest) {
        const earlier = this.#tokens.get(token);
        if (earlier === undefined) return this.#tokens.set(token, digest);
        this.repeatedTokens++;
        if (earlier !== digest) this.tokenConflicts++;
    }

    /** The distinct accepted ids, in the order of their first arrival. */
    ids() { return [...this.#arrivals.keys()]; }

    /** The Unix milliseconds of each id's first arrival. */
    arrivals() { return Object.fromEntries(this.#arrivals); }

    stats() {
        return {
            requests: this.requests,
            accepted_events: this.acceptedEvents,
            distinct_ids: this.#arrivals.size,
            duplicate_ids: this.duplicateIds,
            by_status: this.byStatus,
            bytes: this.bytes,
            connections: this.connections,
            tls_errors: this.tlsErrors,
            tokens: this.#tokens.size,
            repeated_tokens: this.repeatedTokens,
            token_conflicts: this.tokenConflicts,
            last_at: this.lastAt,
        };
    }
}
