// How long an event takes from its commit to the endpoint. The endpoint and the application are this one process, so both
// ends are read off one clock.
//
//   node latency.mjs RATE SECONDS
//
// Logs events one a transaction, RATE a second, evenly spread, and prints milliseconds: p50, p95 and p99 from the
// commit's return to the arrival of the request, then the same from the call of log_event (the commit's own time
// included).

import {once} from 'node:events';
import {createServer} from 'node:http';
import {setTimeout as sleep} from 'node:timers/promises';

import {Client} from './pg.mjs';

const [rate, seconds] = [Number(process.argv[2]), Number(process.argv[3])];
const clients = Math.min(8, rate);
const logEvent = {
    name: 'log',
    text: `SELECT eventlog.log_event('order.paid', '{"amount": 12.5, "currency": "EUR"}', forward_to_statsig => true) AS id`,
};
const arrivals = new Map();

const sink = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const arrived = performance.now();
    response.writeHead(202, {'content-type': 'application/json'}).end('{"success":true}');
    for (const event of JSON.parse(Buffer.concat(chunks)).events) {
        const id = event.metadata._eventId;
        if (!arrivals.has(id)) arrivals.set(id, arrived);
    }
});
sink.listen(0, '127.0.0.1');
await once(sink, 'listening');

const connections = await Promise.all(Array.from({length: clients}, async () => {
    const client = new Client();
    await client.connect();
    return client;
}));
const url = `http://127.0.0.1:${sink.address().port}`;
await connections[0].query(
    `CREATE SERVER latency FOREIGN DATA WRAPPER eventlog OPTIONS (url '${url}', format 'statsig', compression 'none')`);

const logged = [];

async function log(client) {
    const called = performance.now();
    const {rows: [{id}]} = await client.query(logEvent);
    logged.push({id, called, committed: performance.now()});
}

async function allArrived() {
    for (let tries = 0; logged.some(({id}) => !arrivals.has(id)); tries++) {
        if (tries === 3000) throw new Error('events do not arrive');
        await sleep(10);
    }
}

function percentiles(values) {
    const sorted = [...values].sort((a, b) => a - b);
    return [0.5, 0.95, 0.99].map((part) => sorted[Math.ceil(part * sorted.length) - 1].toFixed(1));
}

await Promise.all(connections.map(log));
await allArrived();
logged.length = 0;

const began = performance.now();
await Promise.all(connections.map(async (client, index) => {
    for (let i = index; i < rate * seconds; i += clients) {
        const pause = began + (i / rate) * 1000 - performance.now();
        if (pause > 0) await sleep(pause);
        await log(client);
    }
}));
await allArrived();
// A request may arrive before the client has read that its commit returned.
const sinceCommit = logged.map(({id, committed}) => Math.max(arrivals.get(id) - committed, 0));
const sinceCall = logged.map(({id, called}) => arrivals.get(id) - called);
console.log([...percentiles(sinceCommit), ...percentiles(sinceCall)].join(' '));

await connections[0].query('DROP SERVER latency');
await Promise.all(connections.map((client) => client.end()));
sink.closeAllConnections();
sink.close();
