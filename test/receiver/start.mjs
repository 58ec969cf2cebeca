// Puts a receiver together: a data port, sound or discarding, and the control port beside it. The command
// line and the receiver's own tests start it here.

import {createControlServer} from './control.mjs';
import {createDiscardServer} from './discard.mjs';
import {Faults} from './faults.mjs';
import {Listener} from './listener.mjs';
import {Proxy} from './proxy.mjs';
import {Record} from './record.mjs';
import {createDataServer} from './server.mjs';
import {keyOfSecret} from './signature.mjs';
import {Tally} from './tally.mjs';

/**
 * Starts a receiver. The options are those of the command line, but `tls`: {cert, key, clientCa}; ports
 * default to any free one, and without a proxy port there is no proxy.
 * @returns {Promise<{port: number, controlPort: number, proxyPort?: number, stop: () => Promise<void>}>}
 */
export async function startReceiver(options = {}) {
    const {port = 0, controlPort = 0, proxyPort, proxyCredentials} = options;
    const tally = new Tally();
    const journal = options.record === undefined ? null : new Record(options.record, options);
    const faults = options.discard ? null : new Faults();
    const server = faults ? createDataServer({...dataContext(options), tally, faults, record: journal}) :
                            createDiscardServer(tally);
    const data = new Listener(server);
    const proxy = proxyPort === undefined ? null : new Proxy(proxyCredentials);
    const proxied = proxy && new Listener(proxy.createServer());
    const control = new Listener(createControlServer({tally, faults, data, proxy}));
    await data.open(port);
    await proxied?.open(proxyPort);
    await control.open(controlPort);
    const stop = async () => {
        await Promise.all([data.close(), control.close(), proxied?.close()]);
        journal?.close();
    };
    return {port: data.port, controlPort: control.port, proxyPort: proxied?.port, stop};
}

function dataContext({apiKey, signingSecret, tls = null}) {
    const signingKey = signingSecret === undefined ? undefined : keyOfSecret(signingSecret);
    return {wanted: {apiKey, signingKey}, tls};
}
