// The control port: through it a test asks what arrived, sets the faults, and takes the data port away and
// back. Everything is JSON.

import {createServer} from 'node:http';
import {json} from 'node:stream/consumers';

import {problemOfRules} from './fault_kinds.mjs';

/**
 * The control port's server, not yet listening.
 * @param {{tally: Tally, faults: Faults | null, data: Listener, proxy: Proxy | null}} context null: there can
 *     be none
 */
export function createControlServer({tally, faults, data, proxy}) {
    const done = {success: true};
    const routes = {
        'GET /stats': () => ({...tally.stats(), open_connections: data.connections, held: faults?.heldCount ?? 0}),
        'GET /ids': () => tally.ids(),
        'GET /arrivals': () => tally.arrivals(),
        'GET /proxied': () => proxy?.log() ?? [],
        'GET /faults': () => faults?.list() ?? [],
        'POST /faults': async (req) => setFaults(faults, await json(req)),
        'POST /close': () => data.close().then(() => done),
        'POST /open': () => data.open().then(() => done),
        'POST /reset': () => {
            tally.reset();
            proxy?.reset();
            return done;
        },
    };
    return createServer((req, res) => serve(routes, req, res));
}

function setFaults(faults, rules) {
    const problem = faults ? problemOfRules(rules) : 'rules: --discard knows no faults';
    if (problem !== null) throw new Error(problem);
    faults.replace(rules);
    return {success: true};
}

async function serve(routes, req, res) {
    const route = routes[`${req.method} ${req.url}`];
    res.setHeader('content-type', 'application/json');
    try {
        if (!route) res.statusCode = 404;
        res.end(JSON.stringify(route ? await route(req) : {success: false, message: 'no such command'}));
    } catch (error) {
        res.statusCode = 400;
        res.end(JSON.stringify({success: false, message: error.message}));
    }
}
