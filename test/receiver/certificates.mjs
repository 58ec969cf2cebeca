// The certificates of make-certificates, for tests.

import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

const program = fileURLToPath(new URL('make-certificates', import.meta.url));

/** Makes the certificates in the folder; file(name) is a path there, pair(name) a {cert, key} of paths. */
export function makeCertificates(folder) {
    execFileSync(program, [folder]);
    const file = (name) => join(folder, name);
    return {
        file,
        pair: (name) => ({cert: file(`${name}.crt`), key: file(`${name}.key`)}),
        read: (name) => readFileSync(file(name)),
    };
}
