// Malformed calls: every one is stored as sent or refused with an SQLSTATE of the list below, and none does
// any harm. EVENTLOG_FUZZ_CALLS is how many, EVENTLOG_FUZZ_SEED which.

import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {inspect} from 'node:util';

import {Database} from './database.mjs';
import {anyCall, createServerHelper} from './fuzz-calls.mjs';
import {Random} from './random.mjs';

const calls = Number(process.env.EVENTLOG_FUZZ_CALLS ?? 20000);
const seed = Number(process.env.EVENTLOG_FUZZ_SEED ?? 1);
const connections = 4;
const callsUnderWay = 16;  // on each connection
// A backend that may use more stack takes documents that are nested more deeply. Checking takes a little more.
const stacks = ['2MB', '5MB'];
const checkerStack = '7MB';

const acceptedStates = new Map([
    ['22001', 'string_data_right_truncation: a text of more than 256 characters'],
    ['22003', 'numeric_value_out_of_range: a value that is not finite, 1e400'],
    ['22004', 'null_value_not_allowed: no event_name, a required key missing'],
    ['22007', 'invalid_datetime_format'],
    ['22008', 'datetime_field_overflow, infinite event_ts'],
    ['22009', 'invalid_time_zone_displacement_value'],
    ['22021', 'character_not_in_repertoire: bytes that are no UTF-8'],
    ['22023', 'invalid_parameter_value'],
    ['22P02', 'invalid_text_representation: broken JSON, uuid, ulid, number'],
    ['22P05', 'untranslatable_character: \\u0000 in JSONB'],
    ['23505', 'unique_violation: an idempotency key with other fields'],
    ['42602', 'invalid_name: an unknown setting'],
    ['42710', 'duplicate_object: an option given twice'],
    ['42939', 'reserved_name: the caller sends _eventLog'],
    ['54000', 'program_limit_exceeded: metadata too large'],
    ['54001', 'statement_too_complex: nested more deeply than the stack allows'],
    ['HV00D', 'fdw_invalid_option_name'],
    ['HV002', 'fdw_dynamic_parameter_value_needed: a target without url or format'],
]);

/** Shows a call so that it can be made again by hand. */
function show(index, {text, values}) {
    const shown = inspect({text, values}, {maxStringLength: 2000, maxArrayLength: 200, breakLength: Infinity});
    return `call ${index} of seed ${seed}: ${shown}`;
}

/** Whether the rows of these ids hold exactly what the accepted call was given. */
async function storedAsSent(client, ids, {metadata, envelopes}) {
    const query = metadata === undefined ? {
        name: 'check_envelopes',
        text: `SELECT count(*) = cardinality($1::uuid[]) AND count(*) = json_array_length($2::json)
                      AND coalesce(bool_and(e.metadata - '_eventLog' = coalesce(
                          nullif(d.doc::jsonb -> 'metadata', 'null'), nullif(d.doc::jsonb -> 'data', 'null'), '{}')), true)
                      AS holds
               FROM unnest($1::uuid[]) WITH ORDINALITY i (event_id, n)
               JOIN eventlog.events e USING (event_id)
               JOIN json_array_elements($2::json) WITH ORDINALITY d (doc, n) USING (n)`,
        values: [ids, envelopes],
    } : {
        name: 'check_event',
        text: `SELECT count(*) = 1 AND cardinality($1::uuid[]) = 1
                      AND coalesce(bool_and(metadata - '_eventLog' = $2::jsonb), false) AS holds
               FROM eventlog.events WHERE event_id = ANY ($1::uuid[])`,
        values: [ids, metadata],
    };
    return (await client.query(query)).rows[0].holds;
}

const whiteSpace = '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a' +
    '\u2028\u2029\u202f\u205f\u3000';

// Rows that break a rule of eventlog.events, whatever call they came from; $1 is the white space.
const unsoundRowsQuery = `
    SELECT left(e::text, 1000) AS row
    FROM eventlog.events e
    CROSS JOIN LATERAL (
        SELECT bool_and(length(t) BETWEEN 1 AND most AND t = btrim(t, $1)) AS sound
        FROM (VALUES (event_name, 256), (event_type, 256), (source, 256), (actor_type, 256), (actor_id, 256),
                     (resource_type, 256), (resource_id, 256), (sofa, 256), (app_version, 1000000),
                     (metadata #>> '{_eventLog,idempotencyKey}', 256)) AS texts (t, most)
        WHERE t IS NOT NULL) AS texts
    WHERE (texts.sound
           AND (actor_type IS NULL OR actor_id IS NOT NULL)
           AND (resource_type IS NULL) = (resource_id IS NULL)
           AND isfinite(event_ts)
           AND (value IS NULL OR abs(value) <= '1.7976931348623157e308')
           AND (trace_id IS NULL OR trace_id ~ '^[0-9a-f]{32}$' AND trace_id <> repeat('0', 32))
           AND (schema_version IS NULL OR schema_version ~ '^\\d+\\.\\d+\\.\\d+([-+][-+.0-9A-Za-z]+)?$')
           AND substr(event_id::text, 15, 1) = '7'
           AND tenant_id IS NULL
           AND jsonb_typeof(metadata #> '{_eventLog,forwardToStatsig}') = 'boolean'
           AND jsonb_typeof(metadata #> '{_eventLog,caller}') = 'object'
           AND metadata::text::jsonb = metadata) IS NOT TRUE
    LIMIT 5`;

// A server that lost a backend starts the others anew, its own processes too.
const processesQuery = `
    SELECT pg_postmaster_start_time()::text AS started, pid, backend_type, backend_start::text
    FROM pg_stat_activity WHERE backend_type IN ('checkpointer', 'background writer', 'walwriter')
                                OR backend_type LIKE 'eventlog launcher%'
    ORDER BY pid`;

/** The greatest depth of nested arrays that the server takes on this connection. */
async function measureDepth(client) {
    let [sound, broken] = [1, 200000];
    while (broken - sound > 1) {
        const depth = Math.floor((sound + broken) / 2);
        const taken = await client.query('SELECT $1::jsonb IS NULL', ['['.repeat(depth) + ']'.repeat(depth)])
                          .then(() => true, ({code}) => (code === '54001' ? false : assert.fail(code)));
        if (taken) sound = depth;
        else broken = depth;
    }
    return sound;
}

class Fuzzer {
    /** Of all events that accepted calls say they stored. */
    ids = new Set();
    /** How often each SQLSTATE came, and 'accepted'. */
    answers = new Map();
    #checker;
    #next = 0;
    #failed = false;

    /** @param checker a client of its own that reads back what was stored */
    constructor(checker) { this.#checker = checker; }

    /** Makes calls on a connection until there are no more; rejects at the first wrong answer. */
    async run(client, limits) {
        const lanes = Array.from({length: callsUnderWay}, async () => {
            while (this.#next < calls && !this.#failed) await this.#make(client, limits, this.#next++);
        });
        await Promise.all(lanes);
    }

    async #make(client, limits, index) {
        const call = anyCall(new Random(seed, index), limits);
        try {
            const problem = await this.#judge(client, call);
            if (problem !== null) throw new Error(problem);
        } catch (error) {
            this.#failed = true;
            throw new Error(`${error.message}\n${show(index, call)}`);
        }
    }

    /** What is wrong with the answer, or null. */
    async #judge(client, call) {
        const {rows, error} = await client.query(call).then(({rows}) => ({rows}), (error) => ({error}));
        const state = error ? error.code ?? 'connection lost' : 'accepted';
        this.answers.set(state, (this.answers.get(state) ?? 0) + 1);
        if (call.state && state !== call.state) return `answered ${state}, not ${call.state}: ${error?.message}`;
        if (error) return acceptedStates.has(state) ? null : `answered ${state}: ${error.message}`;
        if (call.refused) return 'accepted';
        if (call.holds && !rows[0].holds) return 'answered something else';
        if (!call.logs) return null;
        const ids = rows.map(({id}) => id);
        for (const id of ids) this.ids.add(id);
        return await storedAsSent(this.#checker, ids, call.logs) ? null : `stored something else as ${ids}`;
    }
}

describe(`${calls} malformed calls, seed ${seed}`, () => {
    const database = new Database('fuzz');
    let client;
    let fuzzer;
    let processes;
    const connect = (stack) => database.connect({pipeline: true, options: `-c max_stack_depth=${stack}`});
    before(async () => {
        await database.create();
        client = await connect(checkerStack);
        fuzzer = new Fuzzer(client);
        await client.query(createServerHelper);
        processes = (await client.query(processesQuery)).rows;
    });
    after(() => database.drop());

    test('each is stored as sent or refused with a fitting SQLSTATE', async (t) => {
        const runs = Array.from({length: connections}, async (_, number) => {
            const connection = await connect(stacks[number % stacks.length]);
            const maxDepth = await measureDepth(connection);
            t.diagnostic(`connection ${number}: documents of up to ${maxDepth} levels`);
            await fuzzer.run(connection, {maxDepth});
        });
        await Promise.all(runs);
        t.diagnostic(`answers: ${inspect(Object.fromEntries([...fuzzer.answers].sort()), {breakLength: Infinity})}`);
    });

    test('enough were accepted, and enough refused in each way', () => {
        const {answers} = fuzzer;
        assert.ok(answers.get('accepted') > calls / 5, 'accepted');
        for (const state of ['22001', '22003', '22004', '22007', '22021', '22023', '22P02', '42939', '54000', '54001']) {
            assert.ok(answers.get(state) > calls / 2000, `${state}: ${answers.get(state) ?? 0}`);
        }
    });

    test('refused calls wrote nothing', async () => {
        const {rows} = await client.query('SELECT event_id, left(e::text, 1000) AS row FROM eventlog.events e');
        assert.deepEqual(rows.filter(({event_id: id}) => !fuzzer.ids.has(id)), []);
        assert.equal(rows.length, fuzzer.ids.size);
    });

    test('every row keeps the rules', async () => {
        assert.deepEqual((await client.query(unsoundRowsQuery, [whiteSpace])).rows, []);
    });

    test('no backend was lost', async () => {
        assert.deepEqual((await client.query(processesQuery)).rows, processes);
    });
});
