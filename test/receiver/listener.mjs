// A TCP listener on 127.0.0.1 that can be taken away and brought back on the same port, as an endpoint that
// goes down and comes up again. It wraps any net.Server (an http.Server is one), owns that server's
// connections, and destroys them when it closes, so that closing never waits for a client.

import {once} from 'node:events';

export class Listener {
    #server;
    #sockets = new Set();

    /** The port that open() bound; kept while closed. */
    port = 0;

    /** @param {import('node:net').Server} server not yet listening */
    constructor(server) {
        this.#server = server;
        server.on('connection', (socket) => {
            this.#sockets.add(socket);
            socket.once('close', () => this.#sockets.delete(socket));
        });
    }

    /** The number of connections there are. */
    get connections() { return this.#sockets.size; }

    /** Listens on `port` (0: any free one), by default the one it had before. */
    async open(port = this.port) {
        if (this.#server.listening) return;
        this.#server.listen(port, '127.0.0.1');
        await once(this.#server, 'listening');
        this.port = this.#server.address().port;
    }

    /** Stops listening and destroys every connection; new ones are refused by the time it resolves. */
    async close() {
        if (!this.#server.listening) return;
        const closed = once(this.#server, 'close');
        this.#server.close();
        for (const socket of this.#sockets) socket.destroy();
        await closed;
    }
}
