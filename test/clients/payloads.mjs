// Real input: GitHub's web-hook payloads as events, from the package @octokit/webhooks-examples.

import {existsSync, readFileSync, readdirSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';

const folder = dirname(createRequire(import.meta.url).resolve('@octokit/webhooks-examples/package.json'));
const firstDelivery = Date.UTC(2026, 10, 20, 8, 15, 30, 250);

/** The events of one GitHub server, of all its kinds. */
function deliveriesOf(server) {
    const kinds = JSON.parse(readFileSync(join(folder, server, 'index.json'), 'utf8'));
    return kinds.flatMap(
        ({name, examples}) => examples.map((payload, number) => ({server, name, number, payload})));
}

/** One delivery with the columns of eventlog.events that the sender fills, null where it says nothing. */
function eventOf({server, name, number, payload}, index) {
    const {sender, repository} = payload;
    return {
        event_name: `github.${name}`,
        source: server,
        actor_type: sender?.type ?? null,
        actor_id: sender?.login ?? null,
        resource_type: repository ? 'repository' : null,
        resource_id: repository?.full_name ?? null,
        event_ts: new Date(firstDelivery + index),
        idempotency_key: `${server}/${name}/${number}`,
        metadata: payload,
    };
}

/** The names of the servers whose payloads there are. */
export const servers = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'index.json')));

/** Every payload of every server as an event, with `index` telling them apart. */
export const events = servers.flatMap(deliveriesOf).map(eventOf);

/**
 * For each kind of event of each server one event with all payloads of that kind: some are larger than what
 * metadata may be by default.
 */
export function digests() {
    const groups = new Map();
    for (const event of events) {
        const key = `${event.source}/${event.event_name}`;
        if (!groups.has(key)) groups.set(key, []);
        groups.get(key).push(event);
    }
    return [...groups].map(([key, group]) => ({
                               ...group[0],
                               idempotency_key: key,
                               metadata: {deliveries: group.map(({metadata}) => metadata)},
                           }));
}
