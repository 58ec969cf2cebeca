// Targets of a database, and the receiver of test/receiver that they send to.

import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';

export const apiKey = 'secret-of-the-client-tests';
const secondsToDeliver = 300;

const program = fileURLToPath(new URL('../receiver/receiver.mjs', import.meta.url));

/** A receiver as a process of its own, which ends when this one does. */
export class Receiver {
    #folder = mkdtempSync(join(tmpdir(), 'eventlog-clients-'));
    #process;
    #exit;
    #url;
    #controlUrl;

    /**
     * @param {{keepBodies?: boolean, keepRequests?: boolean, signingSecret?: string}} options what requests()
     *     is to tell beside the ids: the events, headers and text; the secret with which requests are signed
     */
    async start({keepBodies = false, keepRequests = false, signingSecret} = {}) {
        const options = ['--api-key', apiKey, '--record', this.#recordFile, '--exit-with-stdin'];
        if (keepBodies) options.push('--keep-bodies');
        if (keepRequests) options.push('--keep-requests');
        if (signingSecret) options.push('--signing-secret', signingSecret);
        this.#process = spawn(process.execPath, [program, ...options], {stdio: ['pipe', 'pipe', 'inherit']});
        this.#exit = once(this.#process, 'exit');
        const [line] = await once(createInterface(this.#process.stdout), 'line');
        [this.#url, this.#controlUrl] = line.match(/http:\S+/g);
    }

    async stop() {
        if (!this.#process) return;
        this.#process.stdin.end();
        await this.#exit;
        rmSync(this.#folder, {recursive: true});
    }

    /** Replaces the fault rules of the receiver. */
    async faults(...rules) {
        const answer =
            await fetch(`${this.#controlUrl}/faults`, {method: 'POST', body: JSON.stringify(rules)});
        assert.equal(answer.status, 200);
    }

    /** The requests that came on this path, in order: lines of the receiver's record. */
    requests(path) {
        const lines = readFileSync(this.#recordFile, 'utf8').split('\n').filter(Boolean);
        return lines.map((line) => JSON.parse(line)).filter((request) => request.path === path);
    }

    url(path) { return `${this.#url}${path}`; }

    get #recordFile() { return join(this.#folder, 'record'); }
}

/** A target in each format that takes all events; the names are the formats'. */
export const targets = [
    {format: 'ndjson', path: '/ndjson'},
    {format: 'statsig', path: '/v1/log_event'},
];

/** Creates the targets, which send to the receiver, and waits until the database has its worker. */
export async function createTargets(client, receiver) {
    for (const {format, path} of targets) await createTarget(client, receiver, {name: format, format, path});
    await untilWorkerRuns(client);
}

/**
 * Creates a target that sends all events to a path of the receiver.
 * @param {{name: string, format: string, path: string, options?: object, userOptions?: object}} target
 *     options beside those that every target needs: of the server, of the user mapping
 */
export async function createTarget(client, receiver, {name, format, path, options = {}, userOptions = {}}) {
    const all = {url: receiver.url(path), format, events: 'all', timeout_ms: '60000', ...options};
    const server = `CREATE SERVER "${name}" FOREIGN DATA WRAPPER eventlog OPTIONS (${optionList(all)})`;
    await client.query(server);
    const mapping = `CREATE USER MAPPING FOR CURRENT_USER SERVER "${name}"`;
    await client.query(`${mapping} OPTIONS (${optionList({api_key: apiKey, ...userOptions})})`);
}

function optionList(options) {
    return Object.entries(options).map(([name, value]) => `${name} '${value}'`).join(', ');
}

export function untilWorkerRuns(client) {
    return until('the worker runs', async () => {
        const {rows} = await client.query(`
            SELECT FROM pg_stat_activity
            WHERE backend_type = 'eventlog worker' AND datname = current_database()`);
        return rows.length > 0;
    });
}

/**
 * Waits until nothing is left to send by targets of these names, all; the rows of eventlog.forward_status.
 */
export async function untilDelivered(client, names = targets.map(({format}) => format)) {
    let status;
    await until('all is delivered', async () => {
        status = (await client.query('SELECT * FROM eventlog.forward_status ORDER BY target')).rows;
        return status.every((row) => Number(row.lag_events) === 0);
    }, () => JSON.stringify(status));
    assert.deepEqual(status.map(({target}) => target), [...names].sort());
    return status;
}

async function until(what, condition, found = () => 'nothing') {
    const deadline = performance.now() + secondsToDeliver * 1000;
    while (!await condition()) {
        if (performance.now() > deadline) {
            throw new Error(`waited ${secondsToDeliver} s until ${what}; found ${found()}`);
        }
        await sleep(50);
    }
}
