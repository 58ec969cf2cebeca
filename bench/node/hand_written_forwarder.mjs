// What a team writes by hand instead of a target: reads flagged events behind a cursor, posts them to Statsig's path with
// fetch, and stores the cursor durably after each batch. It skips late commits and retries nothing.
//
//   node hand_written_forwarder.mjs URL BATCH EVENTS
//
// Prints "events/s  own CPU in microseconds an event" when it has sent so many.

import {Client} from './pg.mjs';

const [url, batch, events] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const nextEvents = {
    name: 'next',
    text: `SELECT event_id, event_name, event_ts, value, metadata - '_eventLog' AS metadata FROM eventlog.events
           WHERE event_id > $1 AND (metadata -> '_eventLog' ->> 'forwardToStatsig')::boolean
           ORDER BY event_id LIMIT $2`,
};
const storeCursor = {name: 'store', text: 'UPDATE hand_written_cursor SET last_id = $1'};

function statsigEvent(row) {
    const metadata = {_eventId: row.event_id};
    for (const [key, value] of Object.entries(row.metadata)) {
        if (value !== null) metadata[key] = typeof value === 'string' ? value : JSON.stringify(value);
    }
    const event = {
        eventName: row.event_name,
        user: {userID: 'service:events'},
        time: row.event_ts.getTime(),
        metadata,
    };
    if (row.value !== null) event.value = row.value;
    return event;
}

const client = new Client();
await client.connect();
await client.query('CREATE TABLE IF NOT EXISTS hand_written_cursor (last_id uuid NOT NULL)');
await client.query('TRUNCATE hand_written_cursor');
await client.query(`INSERT INTO hand_written_cursor VALUES ('00000000-0000-0000-0000-000000000000')`);
let lastId = '00000000-0000-0000-0000-000000000000';
let sent = 0;
const began = performance.now();
const cpu = process.cpuUsage();
while (sent < events) {
    const {rows} = await client.query({...nextEvents, values: [lastId, batch]});
    if (rows.length === 0) throw new Error(`only ${sent} events are there`);
    const answer = await fetch(url, {
        method: 'POST',
        headers: {'content-type': 'application/json', 'statsig-api-key': 'secret'},
        body: JSON.stringify({events: rows.map(statsigEvent)}),
    });
    const {success} = await answer.json();
    if (!success) throw new Error(`the endpoint answered ${answer.status}`);
    lastId = rows.at(-1).event_id;
    await client.query({...storeCursor, values: [lastId]});
    sent += rows.length;
}
const seconds = (performance.now() - began) / 1000;
const {user, system} = process.cpuUsage(cpu);
console.log((sent / seconds).toFixed(0), ((user + system) / sent).toFixed(2));
await client.end();
