// The fault rules: what may be wrong with the endpoint, how a rule is checked, and which rule meets a
// request. A kind is one row of the table below; README.md says what each does. Rules are tried in order and
// the first that matches wins, except that a delay is added to whatever follows, and that a kind with a
// condition on the batch matches only a batch that meets it.

import {validateHeaderName, validateHeaderValue} from 'node:http';

import * as answers from './answers.mjs';
import {refusal} from './formats.mjs';

const check = {
    integer: (min, max = Number.MAX_SAFE_INTEGER) => (value) =>
        Number.isSafeInteger(value) && value >= min && value <= max,
    number: (min, max) => (value) => typeof value === 'number' && value >= min && value <= max,
    string: (value) => typeof value === 'string',
    strings: (value) => Array.isArray(value) && value.every(check.string),
    headers: (value) => typeof value === 'object' && value !== null && Object.entries(value).every(isHeader),
    any: () => true,
    absent: (value) => value === undefined,
    optional: (inner) => (value) => value === undefined || inner(value),
};

function isHeader([name, value]) {
    try {
        validateHeaderName(name);
        validateHeaderValue(name, value);
        return typeof value === 'string';
    } catch {
        return false;
    }
}

const maxMs = 3_600_000;
const status = check.integer(200, 599);

const commonParams = {
    kind: check.string,
    count: check.optional(check.integer(1)),
    probability: check.optional(check.number(0, 1)),
    path: check.optional(check.string),
};

// params:     its own parameters and their checks
// matches:    condition on the verdict of a sound endpoint
// reword:     the verdict told instead; null: there is none
// send:       how the answer leaves; absent: whole
// unanswered: the sender can't know from the answer what became of the events
const kinds = {
    reset_on_connect: {params: {path: check.absent}},
    delay: {params: {ms: check.integer(0, maxMs)}},
    continue_100: {},
    reset_after_bytes: {params: {bytes: check.integer(0)}},
    refuse_events: {
        params: {names: check.strings},
        matches: (rule, verdict) => verdict.names.some((name) => rule.names.includes(name)),
        reword: (rule, verdict) => {
            const index = verdict.names.findIndex((name) => rule.names.includes(name));
            return refuseBatch(verdict, 400, `events[${index}]: the name ${verdict.names[index]} is refused`);
        },
    },
    too_large: {
        params: {max_events: check.integer(0)},
        matches: (rule, verdict) => verdict.events.length > rule.max_events,
        reword: (rule, verdict) => refuseBatch(verdict, 413, `more than ${rule.max_events} events`),
    },
    status: {
        params: {status, body: check.any, headers: check.optional(check.headers)},
        reword: fixedAnswer,
    },
    success_false: {
        reword: (rule, verdict) => ({...refuseBatch(verdict, 202), body: '{"success":false}'}),
    },
    redirect: {
        params: {
            location: (value) => isHeader(['location', value]),
            status: check.optional(check.integer(300, 399))
        },
        reword: (rule, verdict) => ({
            ...refuseBatch(verdict, rule.status ?? 307, 'moved'),
            headers: {location: rule.location},
        }),
    },
    hang: {reword: () => null, send: answers.sendNothing},
    garbage: {reword: () => null, send: answers.sendGarbage},
    garbage_body: {reword: (rule, verdict) => ({...verdict, body: '<html>{"success"'}), unanswered: true},
    reset_before_response: {send: answers.sendReset, unanswered: true},
    half_response: {send: answers.sendHalfAndReset, unanswered: true},
    hang_in_body: {send: answers.sendHalfAndHang, unanswered: true},
    drip: {params: {ms_per_byte: check.integer(0, maxMs)}, send: answers.sendDripping},
    big_body: {params: {bytes: check.integer(0)}, send: answers.sendBig},
};

const noFault = {
    reword: (rule, verdict) => verdict,
    send: answers.sendWhole,
    unanswered: false
};

/** The verdict as a refusal that still names the batch's events, for the record. */
function refuseBatch(verdict, status, message) {
    const {events, ids, names} = verdict;
    return {...refusal(status, message), events, ids, names};
}

function fixedAnswer(rule, verdict) {
    const success = rule.status < 300;
    const body = rule.body ?? {success, message: 'fault'};
    return {
        ...verdict,
        status: rule.status,
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: rule.headers ?? {},
        accepted: verdict.accepted && success,
    };
}

/** How a request that met this rule (or null) ends: {reword, send, unanswered}, as in the table. */
export function effectOf(rule) { return {...noFault, ...(rule && kinds[rule.kind])}; }

/** The error in a list of rules, or null. */
export function problemOfRules(rules) {
    if (!Array.isArray(rules)) return 'rules: must be an array';
    for (const [index, rule] of rules.entries()) {
        const kind = Object.hasOwn(kinds, rule?.kind ?? '') ? kinds[rule.kind] : null;
        if (!kind) return `rules[${index}].kind: unknown`;
        const params = {...commonParams, ...kind.params};
        const unknown = Object.keys(rule).find((name) => !Object.hasOwn(params, name));
        if (unknown !== undefined) return `rules[${index}].${unknown}: unknown`;
        const bad = Object.keys(params).find((name) => !params[name](rule[name]));
        if (bad !== undefined) return `rules[${index}].${bad}: wrong or missing`;
    }
    return null;
}

export class Faults {
    #rules = [];

    /** Replaces the rules by others in which problemOfRules finds nothing. */
    replace(rules) { this.#rules = rules.map((rule) => ({...rule, left: rule.count ?? Infinity})); }

    /** The rules still in force, `count` being what is left of it. */
    list() {
        return this.#rules.filter((rule) => rule.left > 0)
            .map(({left, ...rule}) => (rule.count === undefined ? rule : {...rule, count: left}));
    }

    /** Whether a connection just made is to be reset. */
    resetsConnection() {
        const rule = this.#rules.find((rule) => rule.kind === 'reset_on_connect' && applies(rule, ''));
        if (rule) rule.left--;
        return rule !== undefined;
    }

    /**
     * What awaits a request whose headers have arrived: {delayMs, conditional, rule}; `rule` (or null) is in
     * force unless one of `conditional` turns out to match the batch.
     */
    plan(path) {
        const plan = {delayMs: 0, conditional: [], rule: null};
        for (const rule of this.#rules) {
            if (rule.kind === 'reset_on_connect' || !applies(rule, path)) continue;
            if (kinds[rule.kind].matches) {
                plan.conditional.push(rule);
                continue;
            }
            rule.left--;
            if (rule.kind !== 'delay') {
                plan.rule = rule;
                break;
            }
            plan.delayMs += rule.ms;
        }
        return plan;
    }

    /** The rule of the plan that the verdict on the whole request leaves in force, or null. */
    settle(plan, verdict) {
        const match =
            plan.conditional.find((rule) => rule.left > 0 && kinds[rule.kind].matches(rule, verdict));
        if (!match) return plan.rule;
        match.left--;
        // The rule behind it did nothing, but for the 100 Continue that has already left.
        if (plan.rule && plan.rule.kind !== 'continue_100') plan.rule.left++;
        return match;
    }
}

function applies(rule, path) {
    return rule.left > 0 && path.startsWith(rule.path ?? '') && Math.random() < (rule.probability ?? 1);
}
