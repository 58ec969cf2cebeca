// Puts a receiver together: a data port, sound or discarding, and the control port beside it. The command
// line and the receiver's own tests start it here.

import {createControlServer} from './control.mjs';
import {createDiscardServer} from './discard.mjs';
import {Faults} from './faults.mjs';
import {Listener} from './listener.mjs';
import {Record} from './record.mjs';
import {createDataServer} from './server.mjs';
import {Tally} from './tally.mjs';

/**
 * Starts a receiver. The options are those of the command line; ports default to any free one.
 * @returns {Promise<{port: number, controlPort: number, stop: () => Promise<void>}>}
 */
export async function startReceiver({port = 0, controlPort = 0, apiKey, record, keepBodies, discard} = {}) {
    const tally = new Tally();
    const faults = discard ? null : new Faults();
    const journal = record === undefined ? null : new Record(record, keepBodies);
    const server =
        discard ? createDiscardServer(tally) : createDataServer({apiKey, tally, faults, record: journal});
    const data = new Listener(server);
    const control = new Listener(createControlServer({tally, faults, data}));
    await data.open(port);
    await control.open(controlPort);
    const stop = async () => {
        await Promise.all([data.close(), control.close()]);
        journal?.close();
    };
    return {port: data.port, controlPort: control.port, stop};
}
