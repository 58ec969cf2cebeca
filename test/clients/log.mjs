// The ways of logging an event, as an application would: prepared statements, envelopes in three forms.

const logEventStatement = {
    name: 'log_event',
    text: `SELECT eventlog.log_event(event_name => $1, metadata => $2, actor_type => $3, actor_id => $4,
                                     resource_type => $5, resource_id => $6, source => $7, event_ts => $8,
                                     idempotency_key => $9, forward_to_statsig => $10) AS id`,
};

/** Logs an event by log_event; its id. */
export async function logEvent(client, event, {forward = null} = {}) {
    const values = [
        event.event_name, event.metadata, event.actor_type, event.actor_id, event.resource_type,
        event.resource_id, event.source, event.event_ts, event.idempotency_key, forward
    ];
    const {rows} = await client.query({...logEventStatement, values});
    return rows[0].id;
}

/** Logs an envelope, any JavaScript value, by log_envelope; its id. */
export async function logEnvelope(client, envelope) {
    const {rows} = await client.query({
        name: 'log_envelope',
        text: 'SELECT eventlog.log_envelope($1) AS id',
        values: [JSON.stringify(envelope)],
    });
    return rows[0].id;
}

/** Logs an array of envelopes by log_events or log_events_json; their ids. */
export async function logBatch(client, entrance, envelopes) {
    const {rows} = await client.query({
        name: entrance,
        text: `SELECT eventlog.${entrance}($1) AS id`,
        values: [JSON.stringify(envelopes)],
    });
    return rows.map(({id}) => id);
}

/** The envelope of an event in each form; a form may know less than the event. */
export const envelopeForms = {
    native: (event) => ({
        eventName: event.event_name,
        source: event.source,
        actorType: event.actor_type,
        actor_id: event.actor_id,
        resource_type: event.resource_type,
        resourceId: event.resource_id,
        eventTs: event.event_ts.toISOString(),
        idempotencyKey: event.idempotency_key,
        metadata: event.metadata,
    }),
    central: (event) => ({
        service: event.source,
        eventType: event.event_name,
        eventTimestamp: event.event_ts.toISOString(),
        actor: event.actor_id && {type: event.actor_type, id: event.actor_id},
        resource: event.resource_id && {type: event.resource_type, id: event.resource_id},
        idempotencyKey: event.idempotency_key,
        metadata: event.metadata,
    }),
    platform: (event) => ({
        type: event.event_name,
        source: event.source,
        id: event.idempotency_key,
        timestamp: event.event_ts.toISOString(),
        data: event.metadata,
    }),
};

/** The event as the form tells it. */
export function asKnownTo(form, event) {
    if (form !== 'platform') return event;
    return {...event, actor_type: null, actor_id: null, resource_type: null, resource_id: null};
}
