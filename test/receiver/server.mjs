// The data port: reads a request, has it judged, lets a fault spoil the outcome, counts and records it, and
// answers, in this order: by the time an answer leaves, /stats, /ids and the record tell of it.

import {createServer} from 'node:http';
import {setTimeout as sleep} from 'node:timers/promises';

import {effectOf} from './faults.mjs';
import {judge, pathOf} from './formats.mjs';
import {nowMs} from './tally.mjs';

// Node's time limits would end connections that a test keeps waiting on purpose.
const noTimeLimits = {
    keepAliveTimeout: 0,
    headersTimeout: 0,
    requestTimeout: 0
};

/**
 * The data port's server, not yet listening.
 * @param {{apiKey?: string, tally: Tally, faults: Faults, record: Record | null}} context
 */
export function createDataServer(context) {
    const server = createServer(noTimeLimits, (req, res) => serve(context, req, res));
    server.on('connection', (socket) => {
        context.tally.connections++;
        if (context.faults.resetsConnection()) socket.resetAndDestroy();
    });
    return server;
}

async function serve({apiKey, tally, faults, record}, req, res) {
    const {method, headers, socket} = req;
    const path = pathOf(req.url);
    const plan = faults.plan(path);
    const resetAfter = plan.rule?.kind === 'reset_after_bytes' ? plan.rule.bytes : null;
    tally.requests++;
    if (plan.rule?.kind === 'continue_100') res.writeContinue();

    const body = await readBody(req, resetAfter ?? Infinity);
    if (plan.delayMs > 0) await sleep(plan.delayMs, undefined, {ref: false});
    if (resetAfter !== null) socket.resetAndDestroy();
    if (resetAfter !== null || body === null) return tally.countStatus('none');

    const request = {method, path, headers, body};
    const judged = judge(request, apiKey);
    const rule = faults.settle(plan, judged);
    const effect = effectOf(rule);
    const verdict = effect.reword(rule, judged);
    // An endpoint that is slow takes the events even if the sender has gone meanwhile.
    const answered = !effect.unanswered && !socket.destroyed;
    note({tally, record}, request, verdict, answered);
    if (!socket.destroyed) effect.send(res, verdict, rule);
}

/** The request's body, or null when the peer went away or `limit` bytes came first. */
function readBody(req, limit) {
    return new Promise((resolve) => {
        const chunks = [];
        let bytes = 0;
        req.on('data', (chunk) => {
            chunks.push(chunk);
            bytes += chunk.length;
            if (bytes >= limit) resolve(null);
        });
        req.on('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
        req.on('close', () => resolve(null));
        req.on('error', () => resolve(null));
        if (limit === 0) resolve(null);
    });
}

function note({tally, record}, request, verdict, answered) {
    tally.bytes += request.body.length;
    tally.lastAt = nowMs();
    tally.countStatus(verdict?.status ?? 'none');
    if (verdict?.accepted) tally.accept(verdict.events.length, verdict.ids);
    if (verdict) record?.write({at: tally.lastAt, request, verdict, answered});
}
