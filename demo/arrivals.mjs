// Prints what the endpoint received, from the receiver's record, and how long each event took from its row to the endpoint.
//
//   node demo/arrivals.mjs RECORD    with lines "event_id unix_milliseconds" of the stored rows on standard input
import { readFileSync } from 'node:fs';

const written = new Map();
for (const line of readFileSync(0, 'utf8').trim().split('\n')) {
    const [id, at] = line.split(' ');
    written.set(id, Number(at));
}
for (const line of readFileSync(process.argv[2], 'utf8').trim().split('\n')) {
    const request = JSON.parse(line);
    console.log(`request: ${request.status}, ${request.bytes} bytes (${request.encoding ?? 'plain'}), ${request.events.length} event(s)`);
    for (const event of request.events) {
        const id = event.metadata._eventId;
        const took = (request.at - written.get(id)).toFixed(1);
        console.log(`  ${JSON.stringify(event)}`);
        console.log(`  arrived ${took} ms after its row was written`);
    }
}
