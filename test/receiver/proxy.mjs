// A forward proxy: requests in absolute form for http, CONNECT for https. Whatever host it is asked for, it
// connects to 127.0.0.1, so that a test may name hosts that there are not and can send nothing elsewhere. It
// remembers what it was asked for.

import {createServer, request as sendRequest} from 'node:http';
import {connect} from 'node:net';

import {nowMs} from './tally.mjs';

const challenge = {
    'proxy-authenticate': 'Basic realm="receiver"'
};
const hopByHop = ['proxy-authorization', 'proxy-connection', 'connection'];

export class Proxy {
    #credentials;
    #log = [];

    /** @param credentials `user:password` that every request must carry; undefined: none */
    constructor(credentials) { this.#credentials = credentials; }

    /** The proxy's server, not yet listening. */
    createServer() {
        const server = createServer((req, res) => this.#forward(req, res));
        server.on('connect', (req, socket, head) => this.#tunnel(req, socket, head));
        return server;
    }

    /** What was asked for, in order: {at, method, target, authorised}; target as the sender wrote it. */
    log() { return this.#log; }

    reset() { this.#log = []; }

    #admits({method, url, headers}) {
        const token = Buffer.from(this.#credentials ?? '').toString('base64');
        const authorised =
            this.#credentials === undefined || headers['proxy-authorization'] === `Basic ${token}`;
        this.#log.push({at: nowMs(), method, target: url, authorised});
        return authorised;
    }

    #forward(req, res) {
        if (!this.#admits(req)) return res.writeHead(407, challenge).end();
        if (!/^http:\/\//i.test(req.url)) return res.writeHead(400).end();
        const {port, pathname, search} = new URL(req.url);
        const headers =
            Object.fromEntries(Object.entries(req.headers).filter(([name]) => !hopByHop.includes(name)));
        const onward = {
            agent: false,
            host: '127.0.0.1',
            port: port || 80,
            method: req.method,
            path: pathname + search,
            headers,
        };
        const upstream = sendRequest(onward, (answer) => {
            res.writeHead(answer.statusCode, answer.headers);
            answer.pipe(res);
        });
        upstream.on('error', () => (res.headersSent ? res.destroy() : res.writeHead(502).end()));
        res.on('close', () => upstream.destroy());
        req.pipe(upstream);
    }

    #tunnel(req, socket, head) {
        socket.on('error', () => socket.destroy());
        if (!this.#admits(req)) {
            const [[name, value]] = Object.entries(challenge);
            return socket.end(
                `HTTP/1.1 407 Proxy Authentication Required\r\n${name}: ${value}\r\n` +
                'Content-Length: 0\r\n\r\n');
        }
        const port = Number(/:(\d+)$/.exec(req.url)?.[1]);
        if (!(port > 0 && port < 65536)) return socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
        const upstream = connect({port, host: '127.0.0.1'});
        let connected = false;
        upstream.on('connect', () => {
            connected = true;
            socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
            upstream.write(head);
            upstream.pipe(socket).pipe(upstream);
        });
        upstream.on(
            'error', () => (connected ? socket.destroy() : socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')));
        socket.on('close', () => upstream.destroy());
    }
}
