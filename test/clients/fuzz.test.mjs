// Malformed calls: every one is stored as sent or refused with an SQLSTATE of the list below, and none does
// any harm. EVENTLOG_FUZZ_CALLS is how many, EVENTLOG_FUZZ_SEED which.

import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {inspect} from 'node:util';

import {Database} from './database.mjs';
import {anyCall, helpers} from './fuzz/calls.mjs';
import {checkIndexes, deadLetters, serverProcesses, storedAsSent, unsoundRows} from './fuzz/checks.mjs';
import {Random} from './fuzz/random.mjs';
import {createTargets, Receiver, targets, untilDelivered} from './targets.mjs';

const calls = Number(process.env.EVENTLOG_FUZZ_CALLS ?? 20000);
const seed = Number(process.env.EVENTLOG_FUZZ_SEED ?? 1);
const connections = 4;
const callsUnderWay = 16;  // on each connection
// With more stack a backend takes documents that are nested more deeply. Checking them needs a little more.
const stacks = ['2MB', '5MB'];
const checkerStack = '7MB';

const acceptedStates = new Set([
    '22001',  // string_data_right_truncation: a text of more than 256 characters
    '22003',  // numeric_value_out_of_range: infinity, 1e400
    '22004',  // null_value_not_allowed: no event_name, a required key missing
    '22007',  // invalid_datetime_format
    '22008',  // datetime_field_overflow: an infinite event_ts, too
    '22009',  // invalid_time_zone_displacement_value
    '22021',  // character_not_in_repertoire: bytes that are no UTF-8
    '22023',  // invalid_parameter_value
    '22P02',  // invalid_text_representation: broken JSON, uuid, ULID, number
    '22P05',  // untranslatable_character: \u0000 in JSONB
    '23505',  // unique_violation: an idempotency key once more, with other fields
    '42602',  // invalid_name: an unknown setting
    '42710',  // duplicate_object: an option given twice
    '42939',  // reserved_name: _eventLog
    '54000',  // program_limit_exceeded: metadata too large
    '54001',  // statement_too_complex: nested more deeply than the stack allows
    'HV002',  // fdw_dynamic_parameter_value_needed: a target without url or format
    'HV00D',  // fdw_invalid_option_name
]);

const usualStates =
    ['22001', '22003', '22004', '22007', '22021', '22023', '22P02', '22P05', '42939', '54000', '54001'];

/** Shows a call so that it can be made again by hand. */
function show(index, {text, values}) {
    const shown =
        inspect({text, values}, {maxStringLength: 2000, maxArrayLength: 200, breakLength: Infinity});
    return `call ${index} of seed ${seed}: ${shown}`;
}

/** The greatest depth of nested arrays that the server takes on this connection. */
async function measureDepth(client) {
    let [sound, broken] = [1, 200000];
    while (broken - sound > 1) {
        const depth = Math.floor((sound + broken) / 2);
        const taken =
            await client.query('SELECT $1::jsonb IS NULL', ['['.repeat(depth) + ']'.repeat(depth)])
                .then(() => true, (error) => (error.code === '54001' ? false : Promise.reject(error)));
        if (taken)
            sound = depth;
        else
            broken = depth;
    }
    return sound;
}

class Fuzzer {
    /** Of all events that accepted calls say they stored. */
    ids = new Set();
    /** How often each SQLSTATE came, and 'accepted'. */
    answers = new Map();
    /** What first went wrong on each connection, with the call. */
    failures = [];
    #checker;

    /** @param checker a client of its own that reads back what was stored */
    constructor(checker) { this.#checker = checker; }

    /** Makes calls number `index`, `index` + `step`, … on a connection, until one goes wrong on any. */
    async run(client, limits, index, step) {
        let failed = false;
        const lane = async () => {
            while (index < calls && this.failures.length === 0) {
                const number = index;
                index += step;
                const call = anyCall(new Random(seed, number), limits);
                const problem = await this.#make(client, call);
                if (problem === null || failed) continue;
                failed = true;
                this.failures.push(`${problem}\n${show(number, call)}`);
            }
        };
        await Promise.all(Array.from({length: callsUnderWay}, lane));
    }

    /** Makes a call; what is wrong with the answer, or null. */
    async #make(client, call) {
        const {rows, error} = await client.query(call).then(({rows}) => ({rows}), (error) => ({error}));
        const state = error ? error.code ?? 'connection lost' : 'accepted';
        this.answers.set(state, (this.answers.get(state) ?? 0) + 1);
        const answer = error ? `${state}, ${error.message}` : state;
        if (call.state && state !== call.state) return `${call.state} is right: ${answer}`;
        if (error) return acceptedStates.has(state) ? null : answer;
        if (call.refused) return 'accepted what is wrong';
        if (call.holds && !rows[0].holds) return 'the answer is wrong';
        return call.logs ? this.#check(rows.map(({id}) => id), call) : null;
    }

    async #check(ids, {logs}) {
        for (const id of ids) this.ids.add(id);
        const stored = await storedAsSent(this.#checker, ids, logs).catch((error) => error.message);
        return stored === true ? null : `not stored as sent: ${stored}, ${ids}`;
    }
}

describe(`${calls} malformed calls, seed ${seed}`, () => {
    const database = new Database('fuzz');
    const receiver = new Receiver();
    let client;
    let fuzzer;
    let processes;
    const connect = (stack) => database.connect({pipeline: true, options: `-c max_stack_depth=${stack}`});
    before(async () => {
        await database.create();
        client = await connect(checkerStack);
        fuzzer = new Fuzzer(client);
        await client.query(helpers);
        await receiver.start();
        await createTargets(client, receiver);
        processes = await serverProcesses(client);
    });
    after(async () => {
        await receiver.stop();
        await database.drop();
    });

    test('each is stored as sent or refused with a fitting SQLSTATE', async (t) => {
        const callers = await Promise.all(Array.from({length: connections}, async (_, number) => {
            const caller = await connect(stacks[number % stacks.length]);
            return {caller, maxDepth: await measureDepth(caller)};
        }));
        t.diagnostic(`documents of up to ${callers.map(({maxDepth}) => maxDepth).join(', ')} levels`);
        await Promise.all(
            callers.map(({caller, maxDepth}, number) => fuzzer.run(caller, {maxDepth}, number, connections)));
        const answers = Object.fromEntries([...fuzzer.answers].sort());
        t.diagnostic(`answers: ${inspect(answers, {breakLength: Infinity})}`);
        assert.deepEqual(fuzzer.failures, []);
    });

    test('every stored event is sent by both targets or, where it cannot be, a dead letter', async () => {
        await untilDelivered(client);
        const letters = await deadLetters(client);
        assert.deepEqual(letters.filter(({fitting}) => !fitting), []);
        for (const {format, path} of targets) {
            const sent = receiver.requests(path).flatMap(({ids}) => ids);
            const dead = letters.filter(({target}) => target === format);
            const settled = [...new Set(sent), ...dead.map(({event_id: id}) => id)].sort();
            assert.deepEqual(settled, [...fuzzer.ids].sort(), format);
        }
    });

    test('enough were accepted, and enough refused in each usual way', () => {
        assert.ok(fuzzer.answers.get('accepted') > calls / 5, 'accepted');
        for (const state of usualStates) {
            const times = fuzzer.answers.get(state) ?? 0;
            assert.ok(times >= Math.floor(calls / 2000), `${state} came ${times} times`);
        }
    });

    test('refused calls wrote nothing', async () => {
        const {rows} =
            await client.query('SELECT event_id, left(e::text, 1000) AS row FROM eventlog.events e');
        assert.deepEqual(rows.filter(({event_id: id}) => !fuzzer.ids.has(id)), []);
        assert.equal(rows.length, fuzzer.ids.size);
    });

    test('every row keeps the rules', async () => {
        assert.deepEqual(await unsoundRows(client), []);
    });

    test('the indexes agree with the rows', async (t) => {
        if (!await checkIndexes(client)) t.skip('the server has no amcheck');
    });

    test('no backend was lost', async () => {
        assert.deepEqual(await serverProcesses(client), processes);
    });
});
