// NDJSON, one object a line, as ClickHouse's JSONEachRow and other bulk loaders read it. Where the url says
// what to insert, as ClickHouse's HTTP interface wants it, that is checked too.

import {demand, isBearer, isObject, isText, parseJson, Refusal} from './checks.mjs';

const insertStatement = /^\s*INSERT\s+INTO\s+\S+\s+FORMAT\s+JSONEachRow\s*$/i;

export const ndjson = {
    name: 'ndjson',
    mediaTypes: ['application/x-ndjson'],
    success: {status: 200, body: ''},
    authorised: (headers, key) => isBearer(headers, key) || headers['x-clickhouse-key'] === key,
    parse,
    idOf: (event) => event.event_id,
    nameOf: (event) => event.event_name,
    tokenOf: (query) => query.get('insert_deduplication_token'),
};

function parse(text, {query}) {
    const statement = query.get('query');
    if (statement !== null && !insertStatement.test(statement)) {
        throw new Refusal(400, 'query: must be INSERT INTO … FORMAT JSONEachRow');
    }
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    return lines.map((line, index) => {
        const at = `line ${index + 1}`;
        const event = parseJson(line, at);
        demand(isObject(event), at, 'an object');
        demand(isText(event.event_id), `${at}: event_id`, 'a non-empty string');
        return event;
    });
}
