// The fault rules in force, and which of them meets a request. Rules are tried in order and the first that
// matches wins, except that a delay or hold is added to whatever follows, and that a kind with a condition on the
// batch matches only a batch that meets it.

import {kinds} from './fault_kinds.mjs';

const actsBeforeBody = ['continue_100', 'ignore_expect'];

export class Faults {
    #rules = [];
    #release = () => {};
    #held = Promise.resolve();

    /** The number of requests that are being held. */
    heldCount = 0;

    /** Replaces the rules by others in which problemOfRules finds nothing. */
    replace(rules) {
        this.#release();
        this.#held = new Promise((resolve) => { this.#release = resolve; });
        this.#rules = rules.map((rule) => ({...rule, left: rule.count ?? Infinity}));
    }

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
     * What awaits a request whose headers have arrived, `expects` telling whether it waits for 100 Continue:
     * {delayMs, held, conditional, rule}; `held` is null or ends when the rules are replaced; `rule` (or null) is in force unless one of `conditional` turns out to
     * match the batch.
     */
    plan(path, {expects}) {
        const plan = {delayMs: 0, held: null, conditional: [], rule: null};
        for (const rule of this.#rules) {
            if (rule.kind === 'reset_on_connect' || !applies(rule, path)) continue;
            if (kinds[rule.kind].expects && !expects) continue;
            if (kinds[rule.kind].matches) {
                plan.conditional.push(rule);
                continue;
            }
            rule.left--;
            if (rule.kind === 'delay') {
                plan.delayMs += rule.ms;
            } else if (rule.kind === 'hold') {
                plan.held = this.#held;
            } else {
                plan.rule = rule;
                break;
            }
        }
        return plan;
    }

    /** Waits as long as the plan wants the request held. */
    async hold(plan) {
        if (!plan.held) return;
        this.heldCount++;
        await plan.held;
        this.heldCount--;
    }

    /** The rule of the plan that the verdict on the whole request leaves in force, or null. */
    settle(plan, verdict, request) {
        const match = plan.conditional.find(
            (rule) => rule.left > 0 && kinds[rule.kind].matches(rule, verdict, request));
        if (!match) return plan.rule;
        match.left--;
        // The rule behind it did nothing, unless it was about the 100 Continue.
        if (plan.rule && !actsBeforeBody.includes(plan.rule.kind)) plan.rule.left++;
        return match;
    }
}

function applies(rule, path) {
    return rule.left > 0 && path.startsWith(rule.path ?? '') && Math.random() < (rule.probability ?? 1);
}
