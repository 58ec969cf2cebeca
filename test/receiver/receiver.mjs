// The receiver's command line: an HTTP endpoint on 127.0.0.1 to which tests and the demo send events. It
// takes Statsig's log_event and NDJSON batches, remembers what it took, and misbehaves on demand; see
// README.md.

import {renameSync, rmSync, writeFileSync} from 'node:fs';
import {parseArgs} from 'node:util';

import {startReceiver} from './start.mjs';

const usage = `usage: node receiver.mjs [--port N] [--control-port N] [--api-key KEY] [--record FILE]
    [--keep-bodies] [--port-file FILE] [--discard] [--exit-with-stdin]`;

function readOptions(args) {
    const {values} = parseArgs({
        args,
        options: {
            'port': {type: 'string', default: '0'},
            'control-port': {type: 'string', default: '0'},
            'api-key': {type: 'string'},
            'record': {type: 'string'},
            'keep-bodies': {type: 'boolean', default: false},
            'port-file': {type: 'string'},
            'discard': {type: 'boolean', default: false},
            'exit-with-stdin': {type: 'boolean', default: false},
        },
    });
    if (values.discard && (values.record !== undefined || values['keep-bodies'])) {
        throw new Error('--discard leaves nothing to record');
    }
    return {
        port: portNumber('--port', values.port),
        controlPort: portNumber('--control-port', values['control-port']),
        apiKey: values['api-key'],
        record: values.record,
        keepBodies: values['keep-bodies'],
        portFile: values['port-file'],
        discard: values.discard,
        exitWithStdin: values['exit-with-stdin'],
    };
}

function portNumber(option, text) {
    const port = Number(text);
    if (!/^\d+$/.test(text) || port > 65535) throw new Error(`${option} must be a port number`);
    return port;
}

/** Whoever sees the file sees all of it. */
function writePortFile(file, content) {
    const temporary = `${file}.${process.pid}.tmp`;
    writeFileSync(temporary, `${JSON.stringify(content)}\n`);
    renameSync(temporary, file);
}

async function main() {
    let options;
    try {
        options = readOptions(process.argv.slice(2));
    } catch (error) {
        console.error(`receiver: ${error.message}\n${usage}`);
        process.exit(2);
    }
    const {portFile, exitWithStdin} = options;
    // A file left by a receiver that was killed would name dead ports.
    if (portFile !== undefined) rmSync(portFile, {force: true});

    const receiver = await startReceiver(options);
    const end = async () => {
        if (portFile !== undefined) rmSync(portFile, {force: true});
        await receiver.stop();
        process.exit(0);
    };
    for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, end);
    if (exitWithStdin) process.stdin.once('close', end).resume();

    const {port, controlPort} = receiver;
    if (portFile !== undefined) writePortFile(portFile, {port, controlPort, pid: process.pid});
    console.log(`receiver listening on http://127.0.0.1:${port} control http://127.0.0.1:${controlPort}`);
}

main().catch((error) => {
    console.error(`receiver: ${error.message}`);
    process.exit(1);
});
