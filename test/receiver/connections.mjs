// The TCP connections of a server that may speak TLS: a reset, which a TLS socket does not know, goes to the
// connection below it.

const byPorts = new Map();
const keyOf = ({localPort, remotePort}) => `${localPort} ${remotePort}`;

/** Keeps track of the server's connections, for reset(). */
export function watch(server) {
    server.on('connection', (connection) => {
        const key = keyOf(connection);
        byPorts.set(key, connection);
        connection.once('close', () => byPorts.delete(key));
    });
}

/** Resets the connection of a socket of a watched server, plain or TLS. */
export function reset(socket) {
    byPorts.get(keyOf(socket))?.resetAndDestroy();
    socket.destroy();
}
