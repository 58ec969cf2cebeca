// The wire formats' parsers share these: a refusal, and demands on values that end in one.

/** A request that the endpoint refuses, with the HTTP status to answer. */
export class Refusal extends Error {
    constructor(status, message) {
        super(message);
        this.status = status;
    }
}

const fullDate = /\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])/.source;
const hoursMinutes = /(?:[01]\d|2[0-3]):[0-5]\d/.source;
const seconds = /(?:[0-5]\d|60)(?:\.\d+)?/.source;
const rfc3339 = new RegExp(`^${fullDate}T${hoursMinutes}:${seconds}(?:Z|[+-]${hoursMinutes})$`);

export function isObject(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isText(value) { return typeof value === 'string' && value !== ''; }

/** A time as RFC 3339 writes it, section 5.6, in upper case. */
export function isTime(value) { return typeof value === 'string' && rfc3339.test(value); }

/** Refuses the request with 400 unless the condition holds. */
export function demand(condition, where, what) {
    if (!condition) throw new Refusal(400, `${where}: must be ${what}`);
}

/** Refuses the request for a key of the object that is not among the known ones. */
export function demandKnownKeys(object, known, where) {
    const unknown = Object.keys(object).find((key) => !known.includes(key));
    if (unknown !== undefined) throw new Refusal(400, `${where}.${unknown}: unknown`);
}

export function parseJson(text, where) {
    try {
        return JSON.parse(text);
    } catch {
        throw new Refusal(400, `${where}: must be JSON`);
    }
}

/** The media type of a request, in lower case and without parameters; '' without one. */
export function mediaTypeOf(headers) {
    return (headers['content-type'] ?? '').split(';', 1)[0].trim().toLowerCase();
}

/** Whether the key is the user name of Basic authentication without a password. */
export function isBasicUser(headers, key) {
    return headers.authorization === `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
}

export function isBearer(headers, key) { return headers.authorization === `Bearer ${key}`; }
