// CloudEvents 1.0.2: the HTTP protocol binding in its three modes and the JSON event format. An event in
// binary mode is told as the object that it would be in structured mode.

import {demand, isBearer, isObject, isText, isTime, mediaTypeOf, parseJson, Refusal} from './checks.mjs';

const required = ['id', 'source', 'specversion', 'type'];
const optional = ['datacontenttype', 'dataschema', 'subject', 'time'];
const uriReference = /^(?:[\w\-.~:/?#[\]@!$&'()*+,;=]|%[0-9a-fA-F]{2})+$/;
const absoluteUri = /^[a-z][a-z0-9+.-]*:\S+$/i;
const mediaType = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;.*)?$/;
const extensionName = /^[a-z0-9]{1,20}$/;
// Section 3.1.3.2 of the binding: a space, a quote, a percent sign and what is no printable ASCII is encoded.
const encodedHeader = /^(?:[!#$&-~]|%[0-9a-fA-F]{2})*$/;
const maxInteger = 2 ** 31;

const common = {
    success: {status: 202, body: ''},
    authorised: isBearer,
    idOf: (event) => event.id,
    nameOf: (event) => event.type,
};

export const structured = {
    ...common,
    name: 'cloudevents-structured',
    mediaTypes: ['application/cloudevents+json'],
    parse: (text) => [checkEvent(parseJson(text, 'body'), 'body')],
};

export const batch = {
    ...common,
    name: 'cloudevents-batch',
    mediaTypes: ['application/cloudevents-batch+json'],
    parse(text) {
        const events = parseJson(text, 'body');
        demand(Array.isArray(events), 'body', 'an array');
        return events.map((event, index) => checkEvent(event, `[${index}]`));
    },
};

export const binary = {
    ...common,
    name: 'cloudevents-binary',
    mediaTypes: null,
    parse: (text, {headers}) => [parseBinary(text, headers)],
};

/** The mode of a request, or null when it is no event. */
export function cloudeventsOf(headers) {
    const type = mediaTypeOf(headers);
    if (structured.mediaTypes.includes(type)) return structured;
    if (batch.mediaTypes.includes(type)) return batch;
    return 'ce-specversion' in headers ? binary : null;
}

function parseBinary(text, headers) {
    const event = {};
    for (const [name, value] of Object.entries(headers)) {
        if (name.startsWith('ce-')) event[name.slice('ce-'.length)] = decodeHeader(name, value);
    }
    demand(!('datacontenttype' in event), 'ce-datacontenttype', 'the header content-type');
    const type = headers['content-type'];
    if (type !== undefined) event.datacontenttype = type;
    if (text !== '') {
        demand(type !== undefined, 'content-type', 'given, as there is data');
        event.data = mediaTypeOf(headers) === 'application/json' ? parseJson(text, 'body') : text;
    }
    return checkEvent(event, 'ce', {texts: true});
}

function decodeHeader(name, value) {
    demand(encodedHeader.test(value), name, 'percent-encoded');
    try {
        return decodeURIComponent(value);
    } catch {
        throw new Refusal(400, `${name}: must be UTF-8`);
    }
}

/** Checks the event, whose attributes are all strings where it came in headers, and returns it. */
function checkEvent(event, at, {texts = false} = {}) {
    demand(isObject(event), at, 'an object');
    for (const name of required) demand(isText(event[name]), `${at}.${name}`, 'a non-empty string');
    demand(event.specversion === '1.0', `${at}.specversion`, '1.0');
    demand(uriReference.test(event.source), `${at}.source`, 'a URI reference');
    const {datacontenttype, dataschema, subject, time, data, data_base64: bytes} = event;
    const check = (value, test, name, what) =>
        demand(value === undefined || test(value), `${at}.${name}`, what);
    check(
        datacontenttype, (value) => isText(value) && mediaType.test(value), 'datacontenttype',
        'a media type');
    check(dataschema, (value) => isText(value) && absoluteUri.test(value), 'dataschema', 'an absolute URI');
    check(subject, isText, 'subject', 'a non-empty string');
    check(time, isTime, 'time', 'a time of RFC 3339');
    check(bytes, isBase64, 'data_base64', 'base64');
    demand(data === undefined || bytes === undefined, `${at}.data_base64`, 'absent, as there is data');
    for (const [name, value] of Object.entries(event)) {
        if (required.includes(name) || optional.includes(name) || name === 'data' || name === 'data_base64')
            continue;
        demand(extensionName.test(name), `${at}.${name}`, 'named with 1 to 20 of a-z and 0-9');
        demand(
            isText(value) || (!texts && isPlain(value)), `${at}.${name}`,
            'a string, a boolean or a 32-bit integer');
    }
    return event;
}

function isPlain(value) {
    if (typeof value === 'boolean') return true;
    return Number.isInteger(value) && value >= -maxInteger && value < maxInteger;
}

function isBase64(value) {
    return typeof value === 'string' && Buffer.from(value, 'base64').toString('base64') === value;
}
