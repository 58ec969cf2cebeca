// How an answer leaves the data port: whole, or spoilt in one of the ways in which a network or a broken
// endpoint spoils it. Each function takes the ServerResponse, the verdict to tell, and the fault rule.

import {STATUS_CODES} from 'node:http';
import {Readable, pipeline} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';
import * as zlib from 'node:zlib';

import {reset} from './connections.mjs';

const bigChunkBytes = 65536;

// A reset overtakes bytes that the peer has not read yet.
const readingTimeMs = 20;

/** The whole answer, as it should be. */
export function sendWhole(res, verdict) {
    res.statusCode = verdict.status;
    if (verdict.body !== '') res.setHeader('content-type', 'application/json');
    for (const [name, value] of Object.entries(verdict.headers)) res.setHeader(name, value);
    res.end(verdict.body);
}

const encoders = {gzip: zlib.createGzip, deflate: zlib.createDeflate, br: zlib.createBrotliCompress};

/** The encodings that an answer may have. */
export const encodings = Object.keys(encoders);

/** The whole answer in an encoding that nobody asked for; `unknown` is none that anybody knows. */
export function sendEncoded(res, verdict, {encoding}) {
    res.writeHead(verdict.status, {...headersOf(verdict, null), 'content-encoding': encoding});
    const body = Readable.from([Buffer.from(verdict.body)]);
    pipeline([body, encoders[encoding]?.(), res].filter(Boolean), () => {});
}

/** Resets the connection instead of answering. */
export function sendReset(res) { reset(res.socket); }

/** The first `bytes` of the answer, its head included, then a reset. */
export async function sendBytesAndReset(res, verdict, {bytes}) {
    const {socket} = res;
    if (bytes > 0) socket.write(answerBytes(verdict).subarray(0, bytes));
    await sleep(readingTimeMs, undefined, {ref: false});
    reset(socket);
}

/** No answer; the connection stays open. */
export function sendNothing() {}

/** Bytes that are no HTTP, then the end of the connection. */
export function sendGarbage(res) {
    res.socket.end(Buffer.from([0x00, 0xff, 0x16, 0x03, 0x01, 0x0d, 0x0a, 0x0d, 0x0a]));
}

/** The headers and half of the body that they promise, then nothing. */
export function sendHalfAndHang(res, verdict) {
    const body = Buffer.from(verdict.body || '{"success":true}');
    sendHead(res, verdict, body.length);
    res.write(body.subarray(0, body.length / 2));
}

/** The headers and half of the body that they promise, then a reset. */
export async function sendHalfAndReset(res, verdict) {
    const {socket} = res;
    sendHalfAndHang(res, verdict);
    await sleep(readingTimeMs, undefined, {ref: false});
    reset(socket);
}

/** The right answer, its body one byte every `ms_per_byte`; with `head` the head as well. */
export async function sendDripping(res, verdict, {ms_per_byte: msPerByte, head = false}) {
    if (head) return dripAll(res.socket, answerBytes(verdict), msPerByte);
    const body = Buffer.from(verdict.body);
    sendHead(res, verdict, body.length);
    for (const byte of body) {
        await sleep(msPerByte, undefined, {ref: false});
        if (res.destroyed) return;
        res.write(Buffer.of(byte));
    }
    res.end();
}

/**
 * A success with its body padded with spaces to `bytes`, `chunked`, compressed or with a length; any other answer whole.
 * It stops when the sender leaves.
 */
export function sendBig(res, verdict, {bytes, chunked = false, encoding}) {
    if (!verdict.accepted) return sendWhole(res, verdict);
    if (encoding) res.setHeader('content-encoding', encoding);
    sendHead(res, verdict, chunked || encoding ? null : bytes);
    const stop = () => {};
    const streams = [Readable.from(padded(verdict.body, bytes)), encoders[encoding]?.(), res];
    pipeline(streams.filter(Boolean), stop);
}

/** The head of an answer with a body of so many bytes; null: chunked. */
function sendHead(res, verdict, contentLength) {
    res.writeHead(verdict.status, headersOf(verdict, contentLength));
    res.flushHeaders();
}

function headersOf(verdict, contentLength) {
    const length = contentLength === null ? {} : {'content-length': contentLength};
    return {'content-type': 'application/json', ...length, ...verdict.headers};
}

/** The answer as it goes over the wire, after which the connection ends. */
function answerBytes(verdict) {
    const body = Buffer.from(verdict.body);
    const headers = {...headersOf(verdict, body.length), connection: 'close'};
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const head = `HTTP/1.1 ${verdict.status} ${STATUS_CODES[verdict.status] ?? ''}\r\n${lines}\r\n`;
    return Buffer.concat([Buffer.from(head), body]);
}

async function dripAll(socket, bytes, msPerByte) {
    for (const byte of bytes) {
        await sleep(msPerByte, undefined, {ref: false});
        if (socket.destroyed) return;
        socket.write(Buffer.of(byte));
    }
    socket.end();
}

function* padded(text, bytes) {
    const first = Buffer.alloc(Math.min(bytes, bigChunkBytes), ' ');
    first.write(text);
    yield first;
    const spaces = Buffer.alloc(bigChunkBytes, ' ');
    for (let left = bytes - first.length; left > 0; left -= bigChunkBytes) {
        yield spaces.subarray(0, Math.min(left, bigChunkBytes));
    }
}
