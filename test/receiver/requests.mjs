// Batches and requests as bytes, for the receiver's tests.

export function statsigEvent(id, changes = {}) {
    return {
        eventName: 'user.created',
        user: {userID: 'service:events'},
        time: 1700000000000,
        value: 1.5,
        metadata: {_eventId: id, plan: 'pro'},
        ...changes,
    };
}

export function statsigBatch(...events) {
    return JSON.stringify({
        events: events.map((event) => (typeof event === 'string' ? statsigEvent(event) : event)),
        statsigMetadata: {sdkType: 'eventlog', sdkVersion: '1'},
    });
}

export function ndjsonBatch(...ids) {
    return ids.map((id) => `${JSON.stringify({event_id: id, event_name: 'user.created'})}\n`).join('');
}

/** The bytes of a request. A header that is undefined is left out. */
export function requestBytes(body, {method = 'POST', path = '/v1/log_event', headers = {}} = {}) {
    const type = path.startsWith('/ndjson') ? 'application/x-ndjson' : 'application/json';
    const fields = {
        'Host': 'receiver',
        'Content-Type': type,
        'Content-Length': Buffer.byteLength(body),
        ...headers,
    };
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    const head = given.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${head}\r\n`), Buffer.from(body)]);
}
