// The data port with --discard: answers every request with success once its body has been drained, and only
// counts requests and bytes. It reads HTTP/1.1 straight off the socket (keep-alive, pipelining, chunked
// bodies, Expect), since a benchmark must measure the sender and not this end.

import {STATUS_CODES} from 'node:http';
import {createServer} from 'node:net';

import {pathOf, successOn} from './formats.mjs';

const maxLineBytes = 65536;
const lineFeed = 0x0a;
const continueHead = 'HTTP/1.1 100 Continue\r\n\r\n';

/** The data port's server, not yet listening. */
export function createDiscardServer(tally) {
    return createServer({noDelay: true}, (socket) => {
        tally.connections++;
        const connection = new Connection(socket, tally);
        socket.on('data', (chunk) => connection.feed(chunk));
        socket.on('error', () => socket.destroy());
    });
}

/** One connection's reader: lines (head, chunk sizes, trailers) alternate with counted bytes to skip. */
class Connection {
    #socket;
    #tally;
    #line = '';
    #onLine = this.#requestLine;
    #skip = 0;
    #onSkipped = null;
    #head = null;

    constructor(socket, tally) {
        this.#socket = socket;
        this.#tally = tally;
    }

    feed(chunk) {
        for (let at = 0; at < chunk.length && !this.#socket.destroyed;) {
            at = this.#skip > 0 ? this.#skipBytes(chunk, at) : this.#readLine(chunk, at);
        }
    }

    #skipBytes(chunk, at) {
        const taken = Math.min(this.#skip, chunk.length - at);
        this.#skip -= taken;
        if (this.#skip === 0) this.#onSkipped();
        return at + taken;
    }

    #readLine(chunk, at) {
        const end = chunk.indexOf(lineFeed, at);
        this.#line += chunk.toString('latin1', at, end < 0 ? chunk.length : end);
        if (this.#line.length > maxLineBytes) this.#socket.destroy();
        if (end < 0) return chunk.length;
        const line = this.#line.trimEnd();
        this.#line = '';
        this.#onLine(line);
        return end + 1;
    }

    #skipThen(bytes, next) {
        this.#skip = bytes;
        this.#onSkipped = next;
    }

    #requestLine(line) {
        if (line === '') return;
        const [, target, version] = line.split(' ');
        if (!version?.startsWith('HTTP/1.')) return this.#socket.destroy();
        this.#head =
            {target, length: 0, chunked: false, expects: false, closes: version === 'HTTP/1.0', bytes: 0};
        this.#onLine = this.#headerLine;
    }

    #headerLine(line) {
        if (line === '') return this.#body();
        const colon = line.indexOf(':');
        const value = line.slice(colon + 1).trim().toLowerCase();
        switch (line.slice(0, colon).toLowerCase()) {
            case 'content-length':
                this.#head.length = Number(value);
                break;
            case 'transfer-encoding':
                this.#head.chunked = value === 'chunked';
                break;
            case 'expect':
                this.#head.expects = value === '100-continue';
                break;
            case 'connection':
                this.#head.closes = value === 'close';
                break;
        }
    }

    #body() {
        const {length, chunked, expects} = this.#head;
        if (!Number.isSafeInteger(length) || length < 0) return this.#socket.destroy();
        if (expects) this.#socket.write(continueHead);
        if (chunked) {
            this.#onLine = this.#sizeLine;
        } else if (length > 0) {
            this.#head.bytes = length;
            this.#skipThen(length, this.#answer);
        } else {
            this.#answer();
        }
    }

    #sizeLine(line) {
        const size = parseInt(line, 16);
        if (Number.isNaN(size)) return this.#socket.destroy();
        this.#head.bytes += size;
        if (size === 0)
            this.#onLine = this.#trailerLine;
        else
            this.#skipThen(size + '\r\n'.length, () => {});
    }

    #trailerLine(line) {
        if (line === '') this.#answer();
    }

    #answer() {
        const {target, closes, bytes} = this.#head;
        const {status, body} = successOn(pathOf(target));
        const answer = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Length: ${body.length}\r\n` +
            `Content-Type: application/json\r\n\r\n${body}`;
        this.#tally.requests++;
        this.#tally.bytes += bytes;
        this.#onLine = this.#requestLine;
        if (closes)
            this.#socket.end(answer);
        else
            this.#socket.write(answer);
    }
}
