// Statsig's event log, POST /v1/log_event (docs.statsig.com/http-api). What the service would drop without a
// word is refused here.

import {demand, isObject, isText, parseJson} from './checks.mjs';

// What an SDK logs of itself, which has no user and more than texts.
const ownEvents = 'statsig::';
const droppedCharacters = /[\\[\]{}<>#=;&$%`|\0\r\n]/;

export const statsig = {
    name: 'statsig',
    mediaTypes: ['application/json'],
    success: {status: 202, body: '{"success":true}'},
    authorised: (headers, key) => headers['statsig-api-key'] === key,
    parse,
    idOf: (event) => event.metadata?._eventId,
    nameOf: (event) => event.eventName,
};

function parse(text) {
    const body = parseJson(text, 'body');
    demand(isObject(body), 'body', 'an object');
    demand(Array.isArray(body.events), 'events', 'an array');
    demand(isObject(body.statsigMetadata), 'statsigMetadata', 'an object');
    body.events.forEach(checkEvent);
    return body.events;
}

function checkEvent(event, index) {
    const at = `events[${index}]`;
    demand(isObject(event), at, 'an object');
    const {eventName, user, time, value, metadata} = event;
    demand(isText(eventName), `${at}.eventName`, 'a non-empty string');
    demand(!droppedCharacters.test(eventName), `${at}.eventName`, 'a name that Statsig keeps');
    demand(Number.isSafeInteger(time), `${at}.time`, 'an integer');
    if (eventName.startsWith(ownEvents)) return;
    demand(isObject(user), `${at}.user`, 'an object');
    demand(typeof user.userID === 'string', `${at}.user.userID`, 'a string');
    // The SDKs say null for what they do not have.
    demand(
        value === null || ['undefined', 'number', 'string'].includes(typeof value), `${at}.value`,
        'a number or a string');
    if (metadata === undefined || metadata === null) return;
    demand(isObject(metadata), `${at}.metadata`, 'an object');
    for (const [key, text] of Object.entries(metadata)) {
        demand(typeof text === 'string', `${at}.metadata.${key}`, 'a string');
    }
}
