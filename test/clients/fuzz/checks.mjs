// The fuzzer's queries about the events that it has stored.

const storedEnvelopes = {
    name: 'stored_envelopes',
    text: `
        SELECT count(*) = cardinality($1::uuid[]) AND count(*) = json_array_length($2::json)
               AND coalesce(bool_and(e.metadata - '_eventLog' = sent.metadata), true) AS holds
        FROM unnest($1::uuid[]) WITH ORDINALITY AS given (event_id, n)
        JOIN eventlog.events e USING (event_id)
        JOIN json_array_elements($2::json) WITH ORDINALITY AS element (envelope, n) USING (n)
        CROSS JOIN LATERAL (SELECT envelope::jsonb AS envelope) AS parsed
        CROSS JOIN LATERAL (
            SELECT coalesce(nullif(parsed.envelope -> 'metadata', 'null'),
                            nullif(parsed.envelope -> 'data', 'null'), '{}') AS metadata) AS sent`,
};

const storedMetadata = {
    name: 'stored_metadata',
    text: `
        SELECT count(*) = 1 AND bool_and(metadata - '_eventLog' = $2::jsonb) AS holds
        FROM eventlog.events WHERE event_id = ANY ($1::uuid[])`,
};

/** Whether the events of these ids hold exactly what a call, the `logs` of calls.mjs, was given. */
export async function storedAsSent(client, ids, {metadata, envelopes}) {
    const query = envelopes === undefined ? {...storedMetadata, values: [ids, metadata]} :
                                            {...storedEnvelopes, values: [ids, envelopes]};
    const {rows} = await client.query(query);
    return rows[0].holds;
}

const whiteSpace =
    '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a' +
    '\u2028\u2029\u202f\u205f\u3000';

/** Rows that break a rule of eventlog.events, whatever call they came from. */
export async function unsoundRows(client) {
    const {rows} = await client.query(
        `SELECT left(e::text, 1000) AS row
         FROM eventlog.events e
         CROSS JOIN LATERAL (
             SELECT bool_and(length(t) BETWEEN 1 AND most AND t = btrim(t, $1)) AS sound
             FROM (VALUES (event_name, 256), (event_type, 256), (source, 256), (actor_type, 256),
                          (actor_id, 256), (resource_type, 256), (resource_id, 256), (sofa, 256),
                          (app_version, 1000000),
                          (metadata #>> '{_eventLog,idempotencyKey}', 256)) AS texts (t, most)
             WHERE t IS NOT NULL) AS texts
         WHERE (texts.sound
                AND (actor_type IS NULL OR actor_id IS NOT NULL)
                AND (resource_type IS NULL) = (resource_id IS NULL)
                AND isfinite(event_ts)
                AND (value IS NULL OR abs(value) <= '1.7976931348623157e308')
                AND (trace_id IS NULL OR trace_id ~ '^[0-9a-f]{32}$' AND trace_id <> repeat('0', 32))
                AND (schema_version IS NULL OR schema_version ~ '^\\d+\\.\\d+\\.\\d+([-+][-+.0-9A-Za-z]+)?$')
                AND substr(event_id::text, 15, 1) = '7'
                AND tenant_id IS NULL
                AND jsonb_typeof(metadata #> '{_eventLog,forwardToStatsig}') = 'boolean'
                AND jsonb_typeof(metadata #> '{_eventLog,caller}') = 'object'
                AND metadata::text::jsonb = metadata) IS NOT TRUE
         LIMIT 5`,
        [whiteSpace]);
    return rows;
}

/** Checks each B-tree index of eventlog.events against its table; false where the server cannot. */
export async function checkIndexes(client) {
    const {rows} = await client.query(`SELECT FROM pg_available_extensions WHERE name = 'amcheck'`);
    if (rows.length === 0) return false;
    await client.query('CREATE EXTENSION amcheck');
    await client.query(`SELECT bt_index_check(i.indexrelid, heapallindexed => true)
                        FROM pg_inherits p JOIN pg_index i ON i.indrelid = p.inhrelid
                        JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
                        WHERE p.inhparent = 'eventlog.events'::regclass AND a.amname = 'btree'`);
    return true;
}

/**
 * All dead letters, and whether each had to be one: where Statsig's rules for names are broken, found before
 * anything is sent, or where a time in milliseconds is more than a JSON number holds for the receiver.
 */
export async function deadLetters(client) {
    const {rows} = await client.query(`
        SELECT target, event_id, status, reason, body, left(e::text, 1000) AS row,
               target = 'statsig' AND (status IS NULL
                   OR status = 400 AND extract(epoch FROM event_ts) * 1000 >= 2 ^ 53) AS fitting
        FROM eventlog.dead_letters JOIN eventlog.events e USING (event_id)`);
    return rows;
}

/** The processes that start anew when the server has lost a backend, and this database's worker. */
export async function serverProcesses(client) {
    const {rows} = await client.query(`
        SELECT pg_postmaster_start_time()::text AS started, pid, backend_type, backend_start::text
        FROM pg_stat_activity
        WHERE backend_type IN ('checkpointer', 'background writer', 'walwriter', 'eventlog launcher')
              OR backend_type = 'eventlog worker' AND datname = current_database()
        ORDER BY pid`);
    return rows;
}
