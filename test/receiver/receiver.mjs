// The receiver's command line: an HTTP endpoint on 127.0.0.1 to which tests and the demo send events. It
// takes batches in the formats of formats.mjs, remembers what it took, and misbehaves on demand; see
// README.md.

import {renameSync, rmSync, writeFileSync} from 'node:fs';
import {parseArgs} from 'node:util';

import {keyOfSecret} from './signature.mjs';
import {startReceiver} from './start.mjs';

const usage = `usage: node receiver.mjs [--port N] [--control-port N] [--api-key KEY] [--record FILE]
    [--keep-bodies] [--keep-requests] [--signing-secret SECRET] [--tls-cert FILE --tls-key FILE
    [--client-ca FILE]] [--proxy-port N [--proxy-credentials USER:PASSWORD]] [--port-file FILE] [--discard]
    [--exit-with-stdin]`;

function readOptions(args) {
    const {values} = parseArgs({
        args,
        options: {
            'port': {type: 'string', default: '0'},
            'control-port': {type: 'string', default: '0'},
            'api-key': {type: 'string'},
            'record': {type: 'string'},
            'keep-bodies': {type: 'boolean', default: false},
            'keep-requests': {type: 'boolean', default: false},
            'signing-secret': {type: 'string'},
            'tls-cert': {type: 'string'},
            'tls-key': {type: 'string'},
            'client-ca': {type: 'string'},
            'proxy-port': {type: 'string'},
            'proxy-credentials': {type: 'string'},
            'port-file': {type: 'string'},
            'discard': {type: 'boolean', default: false},
            'exit-with-stdin': {type: 'boolean', default: false},
        },
    });
    const found = (...names) => names.find((name) => values[name]);
    if (values.discard && found('record', 'keep-bodies', 'keep-requests')) {
        throw new Error('--discard leaves nothing to record');
    }
    if (values.discard && found('tls-cert', 'signing-secret')) {
        throw new Error('--discard knows neither TLS nor signatures');
    }
    const proxyPort = values['proxy-port'];
    if (proxyPort === undefined && found('proxy-credentials')) {
        throw new Error('--proxy-credentials needs --proxy-port');
    }
    return {
        port: portNumber('--port', values.port),
        controlPort: portNumber('--control-port', values['control-port']),
        apiKey: values['api-key'],
        record: values.record,
        keepBodies: values['keep-bodies'],
        keepRequests: values['keep-requests'],
        signingSecret: signingSecret(values['signing-secret']),
        tls: tlsFiles(values),
        proxyPort: proxyPort === undefined ? undefined : portNumber('--proxy-port', proxyPort),
        proxyCredentials: values['proxy-credentials'],
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

function signingSecret(secret) {
    if (secret !== undefined) keyOfSecret(secret);
    return secret;
}

function tlsFiles({'tls-cert': cert, 'tls-key': key, 'client-ca': clientCa}) {
    if ((cert === undefined) !== (key === undefined))
        throw new Error('--tls-cert and --tls-key need each other');
    if (clientCa !== undefined && cert === undefined) throw new Error('--client-ca needs --tls-cert');
    return cert === undefined ? null : {cert, key, clientCa};
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

    const {port, controlPort, proxyPort} = receiver;
    if (portFile !== undefined) writePortFile(portFile, {port, controlPort, proxyPort, pid: process.pid});
    const scheme = options.tls ? 'https' : 'http';
    const proxy = proxyPort === undefined ? '' : ` proxy http://127.0.0.1:${proxyPort}`;
    const control = `control http://127.0.0.1:${controlPort}`;
    console.log(`receiver listening on ${scheme}://127.0.0.1:${port} ${control}${proxy}`);
}

main().catch((error) => {
    console.error(`receiver: ${error.message}`);
    process.exit(1);
});
