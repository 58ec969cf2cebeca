// JSON with every digit kept: numbers stay the text that they are. JSONB knows no NUL character, so a string
// that starts with one stands for a number.

const mark = '\u0000';
const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Parses JSON text that holds no \u0000. */
export function parseExactly(text) {
    return JSON.parse(
        text.replace(stringOrNumber, (token) => (token.startsWith('"') ? token : `"\\u0000${token}"`)));
}

/** Canonical JSON of a parsed value: keys in the order of their code points, no white space. */
export function canonical(value) {
    if (typeof value === 'string') return value.startsWith(mark) ? value.slice(1) : JSON.stringify(value);
    if (typeof value !== 'object' || value === null) return String(value);
    if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
    const members =
        Object.keys(value).sort(byCodePoint).map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
    return `{${members.join(',')}}`;
}

// JavaScript compares UTF-16 units; the bytes of UTF-8 are in the order of the code points.
function byCodePoint(a, b) { return Buffer.compare(Buffer.from(a), Buffer.from(b)); }
