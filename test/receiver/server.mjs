// The data port: reads a request, has it judged, lets a fault spoil the outcome, counts and records it, and
// answers, in this order: by the time an answer leaves, /stats, /ids and the record tell of it.

import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {createServer as createPlainServer} from 'node:http';
import {createServer as createTlsServer} from 'node:https';
import {setTimeout as sleep} from 'node:timers/promises';

import {reset, watch} from './connections.mjs';
import {effectOf} from './fault_kinds.mjs';
import {judge, pathOf, queryOf} from './formats.mjs';
import {nowMs} from './tally.mjs';

// Node's time limits would end connections that a test keeps waiting on purpose.
const noTimeLimits = {
    keepAliveTimeout: 0,
    headersTimeout: 0,
    requestTimeout: 0
};

/**
 * The data port's server, not yet listening.
 * @param {{wanted: {apiKey?: string, signingKey?: Buffer}, tls: {cert: string, key: string, clientCa?:
 *     string} | null, tally: Tally, faults: Faults, record: Record | null}} context wanted as in judge();
 *     tls: files, clientCa being the CA of the client certificate that everybody must have
 */
export function createDataServer(context) {
    const {tally, faults, tls} = context;
    const server =
        tls ? createTlsServer({...noTimeLimits, ...tlsOptions(tls)}) : createPlainServer(noTimeLimits);
    watch(server);
    server.on('connection', (socket) => {
        tally.connections++;
        if (faults.resetsConnection()) socket.resetAndDestroy();
    });
    server.on('tlsClientError', () => tally.tlsErrors++);
    server.on('request', (req, res) => serve(context, req, res, {expects: false}));
    server.on('checkContinue', (req, res) => serve(context, req, res, {expects: true}));
    return server;
}

function tlsOptions({cert, key, clientCa}) {
    const client = clientCa ? {ca: readFileSync(clientCa), requestCert: true, rejectUnauthorized: true} : {};
    return {cert: readFileSync(cert), key: readFileSync(key), ...client};
}

async function serve({wanted, tally, faults, record}, req, res, {expects}) {
    const {method, headers, socket} = req;
    const startedAt = nowMs();
    const client = socket.getPeerCertificate?.()?.subject?.CN;
    const path = pathOf(req.url);
    const plan = faults.plan(path, {expects});
    const kind = plan.rule?.kind;
    const resetAfter = kind === 'reset_after_bytes' ? plan.rule.bytes : null;
    tally.requests++;
    if (kind === 'refuse_expect') return refuseExpectation(tally, res);
    if (kind === 'continue_100' || (expects && kind !== 'ignore_expect')) res.writeContinue();

    const body = await readBody(req, resetAfter ?? Infinity);
    await faults.hold(plan);
    if (plan.delayMs > 0) await sleep(plan.delayMs, undefined, {ref: false});
    if (resetAfter !== null) reset(socket);
    if (resetAfter !== null || body === null) return tally.countStatus('none');

    const request = {method, path, query: queryOf(req.url), headers, body, startedAt, client};
    const judged = judge(request, wanted);
    const rule = faults.settle(plan, judged, request);
    const effect = effectOf(rule);
    const verdict = effect.reword(rule, judged);
    // An endpoint that is slow takes the events even if the sender has gone meanwhile.
    const answered = !effect.unanswered && !socket.destroyed;
    note({tally, record}, request, verdict, answered);
    if (!socket.destroyed) effect.send(res, verdict, rule);
}

/** Answers before the body has come, which the connection's end then spares. */
function refuseExpectation(tally, res) {
    tally.countStatus(417);
    res.writeHead(417, {connection: 'close'}).end();
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
    if (verdict?.accepted) accept(tally, request, verdict);
    if (verdict) record?.write({at: tally.lastAt, request, verdict, answered});
}

function accept(tally, request, {format, events, ids, rejected, leftOut = 0}) {
    const token = format.tokenOf?.(request.query) ?? null;
    if (token !== null) tally.countToken(token, createHash('sha256').update(request.body).digest('hex'));
    const left = new Set(rejected);
    tally.accept(events.length - leftOut, ids.filter((id) => !left.has(id)));
}
