// The receiver's tests share these: a receiver for a test, and a client on a bare socket that tells how a
// connection ended, which fetch hides.

import {connect} from 'node:net';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';

import {requestBytes} from './requests.mjs';
import {startReceiver} from './start.mjs';

/** A receiver that ends with the test. */
export async function receiverFor(t, options) {
    const receiver = await startReceiver(options);
    t.after(receiver.stop);
    return {
        ...receiver,
        send: (body, request) => send(receiver.port, body, request),
        control: (command, body) => control(receiver.controlPort, command, body),
        fault: (...rules) => control(receiver.controlPort, 'POST /faults', rules),
    };
}

/**
 * A receiver with these fault rules; lines() are those of its record, outcome() says what the last line has
 * of {status, accepted, answered, ids}.
 */
export async function faultyFor(t, ...rules) {
    const record = join(folderFor(t), 'record');
    const receiver = await receiverFor(t, {record});
    const {success} = await receiver.fault(...rules);
    if (!success) throw new Error('the rules are wrong');
    const outcome = () => {
        const {status, accepted, answered, ids} = linesOf(record).at(-1) ?? {};
        return {status, accepted, answered, ids};
    };
    return {...receiver, outcome, lines: () => linesOf(record)};
}

/** A folder that goes with the test. */
export function folderFor(t) {
    const folder = mkdtempSync(join(tmpdir(), 'receiver-'));
    t.after(() => rmSync(folder, {recursive: true}));
    return folder;
}

/** The lines of a record file. */
export function linesOf(file) {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

/** Sends one request on a connection of its own; see exchange() for `quietMs` and what is returned. */
export async function send(port, body = '', {quietMs, ...request} = {}) {
    const headers = {Connection: 'close', ...request.headers};
    const result = await exchange(port, [requestBytes(body, {...request, headers})], {quietMs});
    return {...result, ...parseAnswer(result.bytes)};
}

/**
 * Writes the pieces one by one and reads until the connection ends.
 * @returns {Promise<{bytes: Buffer, outcome: string, times: number[]}>} outcome: 'end', 'quiet' when nothing
 * came for quietMs, or the code of the socket's error; times: when each chunk came
 */
export function exchange(port, pieces, {quietMs = 5000} = {}) {
    return new Promise((resolve) => {
        const chunks = [];
        const times = [];
        const socket = connect({port, host: '127.0.0.1', noDelay: true});
        const finish = (outcome) => {
            socket.destroy();
            resolve({bytes: Buffer.concat(chunks), outcome, times});
        };
        socket.setTimeout(quietMs, () => finish('quiet'));
        socket.on('data', (chunk) => {
            chunks.push(chunk);
            times.push(performance.now());
        });
        socket.on('error', (error) => finish(error.code));
        socket.on('end', () => finish('end'));
        const writeNext = (index) => {
            if (index < pieces.length) socket.write(pieces[index], () => setTimeout(writeNext, 2, index + 1));
        };
        socket.on('connect', () => writeNext(0));
    });
}

function parseAnswer(bytes) {
    const [head, ...rest] = bytes.toString('latin1').split('\r\n\r\n');
    const [statusLine, ...fields] = head.split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? NaN);
    const headers = Object.fromEntries(fields.map((field) => {
        const colon = field.indexOf(':');
        return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    }));
    return {status, headers, body: rest.join('\r\n\r\n')};
}

/** A command to a control port, as 'GET /stats'; its JSON answer. */
export async function control(controlPort, command, body) {
    const [method, path] = command.split(' ');
    const headers = {Connection: 'close'};
    const content = body === undefined ? '' : JSON.stringify(body);
    return JSON.parse((await send(controlPort, content, {method, path, headers})).body);
}

/** Waits until the condition, a function that may be async, holds. */
export async function until(condition) {
    const deadline = performance.now() + 5000;
    while (!(await condition())) {
        if (performance.now() > deadline) throw new Error('waited for 5 s in vain');
        await sleep(2);
    }
}
