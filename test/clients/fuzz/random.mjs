// Pseudo-random choices that the same seed and index repeat.

export class Random {
    #state;

    /** Each index has a stream of its own, so that one call can be made again without those before it. */
    constructor(seed, index) {
        this.#state = Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b);
        this.#next();
    }

    // mulberry32
    #next() {
        this.#state = (this.#state + 0x6d2b79f5) | 0;
        let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
        bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
        return (bits ^ (bits >>> 14)) >>> 0;
    }

    /** A whole number from 0 to n - 1. */
    below(n) { return Math.floor(this.#next() / 2 ** 32 * n); }

    /** True with that probability. */
    chance(probability) { return this.#next() < probability * 2 ** 32; }

    pick(items) { return items[this.below(items.length)]; }

    /** One of `choices`, [weight, function] each, is called with this; what it returns. */
    choose(choices) {
        let left = this.below(choices.reduce((sum, [weight]) => sum + weight, 0));
        const [, choice] = choices.find(([weight]) => (left -= weight) < 0);
        return choice(this);
    }

    /** `count` results of `make`. */
    list(count, make) { return Array.from({length: count}, () => make(this)); }

    bytes(count) { return Buffer.from(this.list(count, () => this.below(256))); }

    hex(digits) { return this.list(digits, () => this.below(16).toString(16)).join(''); }
}
