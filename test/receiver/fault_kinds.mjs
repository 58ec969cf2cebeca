// The kinds of faults: what may be wrong with the endpoint, and how a rule is checked. README.md says what
// each does.

import {validateHeaderName, validateHeaderValue} from 'node:http';

import * as answers from './answers.mjs';
import {refusal} from './formats.mjs';

const check = {
    integer: (min, max = Number.MAX_SAFE_INTEGER) => (value) =>
        Number.isSafeInteger(value) && value >= min && value <= max,
    number: (min, max) => (value) => typeof value === 'number' && value >= min && value <= max,
    string: (value) => typeof value === 'string',
    strings: (value) => Array.isArray(value) && value.every(check.string),
    boolean: (value) => typeof value === 'boolean',
    oneOf: (...values) => (value) => values.includes(value),
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
const maxSeconds = 86_400;

const commonParams = {
    kind: check.string,
    count: check.optional(check.integer(1)),
    probability: check.optional(check.number(0, 1)),
    path: check.optional(check.string),
};

// Which events a rule is about.
const chosenEvents = {
    names: check.optional(check.strings),
    ids: check.optional(check.strings),
};

// params:     its own parameters and their checks
// needs:      parameters of which at least one must be there
// expects:    meets only a request with the header `Expect: 100-continue`
// matches:    condition on the verdict of a sound endpoint and the request
// reword:     the verdict told instead; null: there is none
// send:       how the answer leaves; absent: whole
// unanswered: whether the sender can't know from the answer what became of the events
export const kinds = {
    reset_on_connect: {params: {path: check.absent}},
    delay: {params: {ms: check.integer(0, maxMs)}},
    hold: {},
    continue_100: {},
    ignore_expect: {expects: true},
    refuse_expect: {expects: true},
    reset_after_bytes: {params: {bytes: check.integer(0)}},
    refuse_events: {
        params: {...chosenEvents, status: check.optional(check.integer(400, 499))},
        needs: Object.keys(chosenEvents),
        matches: (rule, verdict) => chosen(rule, verdict).length > 0,
        reword: (rule, verdict) => {
            const [index] = chosen(rule, verdict);
            const message = `events[${index}]: the name ${verdict.names[index]} is refused`;
            return refuseBatch(verdict, rule.status ?? 400, message);
        },
    },
    too_large: {
        params: {
            max_events: check.optional(check.integer(0)),
            max_bytes: check.optional(check.integer(0)),
        },
        needs: ['max_events', 'max_bytes'],
        matches: (rule, verdict, request) =>
            verdict.events.length > rule.max_events || request.body.length > rule.max_bytes,
        reword: (rule, verdict) => refuseBatch(verdict, 413, tooLarge(rule)),
    },
    partial_success: {
        params: {
            ...chosenEvents,
            last: check.optional(check.integer(0)),
            message: check.optional(check.string),
        },
        needs: [...Object.keys(chosenEvents), 'last'],
        matches: (rule, verdict) => verdict.accepted,
        reword: leaveOut,
    },
    status: {
        params: {
            status: check.integer(200, 599),
            body: check.any,
            headers: check.optional(check.headers),
            retry_after: check.optional(check.integer(0, maxSeconds)),
            retry_after_as: check.optional(check.oneOf('seconds', 'date')),
        },
        reword: fixedAnswer,
    },
    success_false: {
        reword: (rule, verdict) => ({
            ...refuseBatch(verdict, verdict.accepted ? verdict.status : 202),
            body: '{"success":false}',
        }),
    },
    redirect: {
        params: {
            location: (value) => isHeader(['location', value]),
            status: check.optional(check.integer(300, 399)),
        },
        reword: (rule, verdict) => ({
            ...refuseBatch(verdict, rule.status ?? 307, 'moved'),
            headers: {location: rule.location},
        }),
    },
    hang: {
        params: {accept: check.optional(check.boolean)},
        reword: (rule, verdict) => (rule.accept ? verdict : null),
        send: answers.sendNothing,
        unanswered: true,
    },
    garbage: {reword: () => null, send: answers.sendGarbage},
    garbage_body: {reword: (rule, verdict) => ({...verdict, body: '<html>{"success"'}), unanswered: true},
    reset_before_response: {send: answers.sendReset, unanswered: true},
    reset_in_response: {
        params: {bytes: check.integer(0)},
        send: answers.sendBytesAndReset,
        unanswered: true,
    },
    half_response: {send: answers.sendHalfAndReset, unanswered: true},
    hang_in_body: {send: answers.sendHalfAndHang, unanswered: true},
    drip: {
        params: {ms_per_byte: check.integer(0, maxMs), head: check.optional(check.boolean)},
        send: answers.sendDripping,
    },
    encoded: {
        params: {encoding: check.oneOf(...answers.encodings, 'unknown')},
        send: answers.sendEncoded,
    },
    big_body: {
        params: {
            bytes: check.integer(0),
            chunked: check.optional(check.boolean),
            encoding: check.optional(check.oneOf(...answers.encodings)),
        },
        send: answers.sendBig,
    },
};

const noFault = {
    reword: (rule, verdict) => verdict,
    send: answers.sendWhole,
    unanswered: false,
};

/** How a request that met this rule (or null) ends: {reword, send, unanswered}, as in the table. */
export function effectOf(rule) { return {...noFault, ...(rule && kinds[rule.kind])}; }

/** The error in a list of rules, or null. */
export function problemOfRules(rules) {
    if (!Array.isArray(rules)) return 'rules: must be an array';
    for (const [index, rule] of rules.entries()) {
        const problem = problemOfRule(rule);
        if (problem !== null) return `rules[${index}]${problem}`;
    }
    return null;
}

function problemOfRule(rule) {
    const kind = Object.hasOwn(kinds, rule?.kind ?? '') ? kinds[rule.kind] : null;
    if (!kind) return '.kind: unknown';
    const params = {...commonParams, ...kind.params};
    const unknown = Object.keys(rule).find((name) => !Object.hasOwn(params, name));
    if (unknown !== undefined) return `.${unknown}: unknown`;
    const bad = Object.keys(params).find((name) => !params[name](rule[name]));
    if (bad !== undefined) return `.${bad}: wrong or missing`;
    if (kind.needs && !kind.needs.some((name) => name in rule)) return `: needs ${kind.needs.join(' or ')}`;
    return null;
}

/** The places in the batch of the events that the rule names. */
function chosen({names = [], ids = [], last = 0}, {format, events}) {
    if (!format) return [];
    const isChosen = (event, index) => names.includes(format.nameOf(event)) ||
        ids.includes(format.idOf(event)) || index >= events.length - last;
    return [...events.keys()].filter((index) => isChosen(events[index], index));
}

/** The verdict as a refusal that still names the batch's events, for the record. */
function refuseBatch(verdict, status, message) {
    const {format, events, ids, names} = verdict;
    return {...refusal(status, message), format, events, ids, names};
}

function tooLarge({max_events: maxEvents, max_bytes: maxBytes}) {
    const limits = [[maxEvents, 'events'], [maxBytes, 'bytes']].filter(([limit]) => limit !== undefined);
    return `more than ${limits.map(([limit, what]) => `${limit} ${what}`).join(' or ')}`;
}

/** The success of an endpoint that takes the batch but for the chosen events. */
function leaveOut(rule, verdict) {
    const {format, events} = verdict;
    const places = chosen(rule, verdict);
    const rejected = places.map((index) => format.idOf(events[index])).filter((id) => id !== undefined);
    const message = rule.message ?? `${places.length} events are left out`;
    const body = format.partialSuccess?.(places.length, message) ?? verdict.body;
    return {...verdict, body, rejected, leftOut: places.length};
}

function fixedAnswer(rule, verdict) {
    const success = rule.status < 300;
    const body = rule.body ?? {success, message: 'fault'};
    const headers = {...rule.headers};
    if (rule.retry_after !== undefined) headers['retry-after'] = retryAfter(rule);
    return {
        ...verdict,
        status: rule.status,
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers,
        accepted: verdict.accepted && success,
    };
}

// A date has no fractions: what is left of the second is added, never taken away.
function retryAfter({retry_after: seconds, retry_after_as: form}) {
    if (form !== 'date') return String(seconds);
    return new Date((Math.ceil(Date.now() / 1000) + seconds) * 1000).toUTCString();
}
