// Random texts and JSON documents, sound, odd and broken, made as text: what JavaScript's own serialiser
// never writes (duplicate keys, 1e400, "\ud800") is what matters here.

const plainWords =
    ['a', 'order.created', 'user', 'x'.repeat(255), 'x'.repeat(256), 'x'.repeat(257), '0', 'null'];
const oddTexts = [
    '',
    ' ',
    '\t\n\v\f\r',
    '\u00a0\u2003\u3000',
    '\u0085x\u2029',
    '\u200b',
    '\ufeff',
    '{"a": 1}',
    '[1]',
    '{',
    '[',
    '\u00e9'.repeat(256),
    '\u{1f600}'.repeat(256),
    '\u{1f600}'.repeat(257),
    '\u{10ffff}',
    '\uffff',
    '\ue000',
    '\u0001\u001f\u007f',
    '\'"\\',
    '%s%n',
    '../..',
    '\ud800',
    '_eventLog',
    'order..created',
    'Order.Created',
];
const escapes = [
    '\\n',
    '\\"',
    '\\\\',
    '\\/',
    '\\b\\f\\r\\t',
    '\\u0041',
    '\\u0001',
    '\\u001f',
    '\\u007f',
    '\\ud83d\\ude00',
    '\\uFFFF',
];
const brokenEscapes =
    ['\\u0000', '\\ud800', '\\udc00', '\\ud800\\ud800', '\\u00g0', '\\x41', '\\', '\u0007', '\n'];
const numbers = [
    '0',
    '-0',
    '-0.0',
    '1',
    '1.50',
    '1e5',
    '1E+2',
    '1e-7',
    '-1e16383',
    '1e308',
    '1.7976931348623157e308',
    '1e309',
    '5e-324',
    '1e-400',
    '9007199254740993',
    '0.1000000000000000055511151231257827',
    '1e131071',
    '1e131072',
    '1e-16383',
    '1e-16384',
    '123e-20000',
    '1e999999999',
    '1e2147483648',
    '1e-99999999999',
];
const brokenNumbers = ['01', '+1', '.5', '1.', '1e', '1e+', '-', 'NaN', 'Infinity', '0x10', '1_000', '1,5'];
const brokenBytes = [
    [0x00],
    [0x80],
    [0xff],
    [0xfe],
    [0xc0, 0x80],
    [0xc1, 0xbf],
    [0xe2, 0x82],
    [0xe0, 0x80, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf0, 0x80, 0x80, 0x80],
    [0xf0, 0x9f, 0x98],
    [0xf4, 0x90, 0x80, 0x80],
    [0xf8, 0x88, 0x80, 0x80, 0x80],
];

// The largest metadata by default, and the punctuation of {"a":""}.
const maxMetadataBytes = 65536;
const paddingKeyBytes = 8;

/** A text for a parameter; JavaScript strings are always sent as sound UTF-8. */
export function anyText(random) {
    return random.choose([
        [4, () => random.pick(plainWords)],
        [4, () => random.pick(oddTexts)],
        [3, () => random.pick(oddTexts) + random.pick(plainWords) + random.pick(oddTexts)],
        [3, () => String.fromCodePoint(...random.list(random.below(12), () => 1 + random.below(0x10ffff)))],
        [1, () => `nul\0${random.pick(plainWords)}`],
        [1, () => random.pick(['y', '\u00fc', '\\', ' ']).repeat(random.below(70000))],
    ]);
}

/** Bytes that are no UTF-8 text, somewhere in a sound one. */
export function brokenText(random, sound = random.pick(plainWords)) {
    const bytes = Buffer.from(sound);
    const at = random.below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(random.pick(brokenBytes)), bytes.subarray(at)]);
}

function jsonString(random) {
    const pieces = random.list(random.below(4), () => random.choose([
        [60, () => JSON.stringify(random.pick(plainWords)).slice(1, -1)],
        [30, () => JSON.stringify(random.pick(oddTexts)).slice(1, -1)],
        [30, () => random.pick(escapes)],
        [1, () => random.pick(brokenEscapes)],
        [1, () => 'h'.repeat(random.below(70000))],
    ]));
    return `"${pieces.join('')}"`;
}

function digits(random, count) { return random.list(count, () => random.below(10)).join(''); }

export function jsonNumber(random) {
    return random.choose([
        [6, () => random.pick(numbers)],
        [4, () => String(random.below(1e6))],
        [3, () => `-1${digits(random, random.below(60))}.${digits(random, 1 + random.below(60))}`],
        [2, () => `${1 + random.below(9)}.${random.below(1e6)}e${random.below(400) - 200}`],
        [1, () => `0.${'123456789'.repeat(random.below(200))}0`],
    ]);
}

/** A value with up to `depth` levels below it. */
export function jsonValue(random, depth = 3) {
    return random.choose([
        [4, jsonString],
        [4, jsonNumber],
        [2, () => random.pick(['true', 'false', 'null'])],
        [depth, () => jsonObject(random, depth)],
        [depth, () => `[${random.list(random.below(5), () => jsonValue(random, depth - 1)).join(', ')}]`],
    ]);
}

function jsonObject(random, depth = 3, members = random.below(6)) {
    const key = () => random.chance(0.5) ? jsonString(random) : `"${random.pick('abcdefgh')}"`;
    const member = () => `${key()}: ${jsonValue(random, depth - 1)}`;
    return `{${random.list(members, member).join(', ')}}`;
}

/**
 * A document of a modest depth, or of the server's greatest one or thereabouts.
 * @param limits {{maxDepth: number}} the levels of nesting that the server takes
 */
export function deepJson(random, {maxDepth}) {
    const near = maxDepth - 3 + random.below(6);
    const depth = random.pick([10, 100, 1000, Math.floor(maxDepth / 2), near, near]);
    const [open, close] = random.pick([['[', ']'], ['{"a":', '}'], ['[{"k":1,"a":', '}]']]);
    const levels = Math.floor(depth / (open.split(/[[{]/).length - 1));
    const core = random.pick(['1', '[]', '{}', '"x"', '']);
    return open.repeat(levels) + core + close.repeat(random.chance(0.9) ? levels : random.below(levels + 1));
}

/** An object about as large as metadata may be, in bytes or in keys. */
function fullObject(random) {
    if (random.chance(0.5)) {
        return `{${Array.from({length: 254 + random.below(5)}, (_, i) => `"k${i}":${i}`).join()}}`;
    }
    return `{"a":"${'p'.repeat(maxMetadataBytes - paddingKeyBytes - 2 + random.below(5))}"}`;
}

/** Damages JSON text a little; it may stay sound. */
export function damaged(random, text) {
    const [a, b] = [random.below(text.length + 1), random.below(text.length + 1)].sort((x, y) => x - y);
    return random.choose([
        [2, () => text.slice(0, a) + text.slice(b)],
        [2, () => text.slice(0, b) + text.slice(a, Math.min(b, a + 1000)) + text.slice(b)],
        [3, () => text.slice(0, a) + random.pick('{}[]",:\\ 0-e\u0007\u00e9') + text.slice(a)],
        [1, () => text.slice(0, a) + random.pick(brokenNumbers) + text.slice(a)],
        [1, () => text.slice(0, a)],
    ]);
}

/** A document for a JSON parameter: an object most of the time. */
export function jsonDocument(random, limits) {
    return random.choose([
        [40, () => jsonObject(random)],
        [6, () => damaged(random, jsonObject(random))],
        [5, () => jsonValue(random)],
        [2, () => `{"_eventLog": ${jsonValue(random)}}`],
        [3, () => fullObject(random)],
        [2, () => `{"deep": ${deepJson(random, limits)}}`],
        [1, () => deepJson(random, limits)],
        [1, () => anyText(random)],
    ]);
}
