// The JavaScript programs of docs/, run as they stand there, print what the pages show.

import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {mkdtemp, readFile, readdir, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';

import {Database} from './database.mjs';

const run = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));
const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
const database = new Database('documentation');

/** The programs of a page, each with the output that stands behind it. */
function programsOf(page) {
    const blocks = page.matchAll(/^```js\n(.*?)^```\n\s*^```text\n(.*?)^```$/gms);
    return [...blocks].map(([, program, output]) => ({program, output}));
}

describe('the programs of the documentation', async () => {
    let folder;

    before(async () => {
        await database.create();
        // Where the programs find the packages.
        folder = await mkdtemp(join(tmpdir(), 'eventlog-documentation-'));
        await symlink(join(here, 'node_modules'), join(folder, 'node_modules'));
    });

    after(async () => {
        await rm(folder, {recursive: true});
        await database.drop();
    });

    for (const page of (await readdir(docs)).filter((name) => name.endsWith('.md'))) {
        const text = await readFile(join(docs, page), 'utf8');
        const programs = programsOf(text);
        for (const [number, {program, output}] of programs.entries()) {
            test(`${page}, program ${number + 1}`, async () => {
                const file = join(folder, 'program.mjs');
                await writeFile(file, program);
                const {stdout} = await run(process.execPath, [file], {env: {...process.env, PGDATABASE: database.name}});
                assert.equal(stdout, output);
            });
        }
        test(`${page} shows the output of each program`, () => {
            assert.equal(programs.length, text.match(/^```js$/gm)?.length ?? 0);
        });
    }
});
