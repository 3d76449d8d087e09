// How requests are read: parameters from wherever they may stand, bodies of every kind, paths, and what is refused.
import { expect, test } from 'vitest';
import { Type } from 'typebox';
import { readBody, readQuery } from '../../src/ari/parameters.ts';
import { api, BASIC, ORIGIN, until } from './api.ts';

const schemas = {
  text: Type.Optional(Type.String()),
  list: Type.Optional(Type.Array(Type.String())),
  number: Type.Optional(Type.Integer()),
  flag: Type.Optional(Type.Boolean()),
};
const JSON_TYPE = 'application/json; charset=utf-8';
const FORM = 'application/x-www-form-urlencoded';

const read = (query: string, type?: string, body = ''): Record<string, unknown> =>
  readQuery(schemas, { query: new URLSearchParams(query), ...readBody(type, body) });

test.each([
  ['text=a&text=b', undefined, '', { text: 'b' }],
  ['text=a+b%20c', undefined, '', { text: 'a b c' }],
  ['text=', undefined, '', { text: '' }],
  ['text=q', FORM, 'text=f&number=2', { text: 'q', number: 2 }],
  ['text=q', JSON_TYPE, '{"text":"j","list":"one"}', { text: 'j', list: ['one'] }],
  ['text=q', JSON_TYPE, '{"text":5}', {}],
  ['text=q', JSON_TYPE, 'null', { text: 'q' }],
  ['text=q', JSON_TYPE, '', { text: 'q' }],
  ['text=q', 'text/plain', '{bad', { text: 'q' }],
  ['text=q', undefined, '{bad', { text: 'q' }],
  ['list=a,b&list=c,d', undefined, '', { list: ['c', 'd'] }],
  ['list=a,', undefined, '', { list: ['a', ''] }],
  ['', JSON_TYPE, '{"list":["a","b,c"]}', { list: ['a', 'b,c'] }],
  ['', JSON_TYPE, '{"list":[]}', {}],
  ['number=12x', undefined, '', { number: 12 }],
  ['number=junk', undefined, '', { number: 0 }],
  ['', JSON_TYPE, '{"number":7}', { number: 7 }],
  ['', JSON_TYPE, '{"number":"7"}', { number: 0 }],
  ['flag=YES', undefined, '', { flag: true }],
  ['flag=on', undefined, '', { flag: true }],
  ['flag=2', undefined, '', { flag: false }],
  ['', JSON_TYPE, '{"flag":true}', { flag: true }],
  ['', JSON_TYPE, '{"flag":"true"}', { flag: false }],
])('"%s" with %s "%s"', (query, type, body, values) => {
  expect(read(query, type, body)).toEqual(values);
});

test('a list of 128 values is too long', () => {
  const values = (count: number): string => `list=${Array.from({ length: count }, String).join(',')}`;
  expect(read(values(127))['list']).toHaveLength(127);
  expect(() => read(values(128))).toThrow('Too many values for list');
});

const SEND = '/ari/endpoints/sendMessage';
const json = { authorization: BASIC, 'content-type': 'application/json' };

test.each([
  ['PUT', SEND, undefined, 'missing-parameter', 'Missing parameter to'],
  ['PUT', `${SEND}?to=`, undefined, 'missing-parameter', 'Missing parameter to'],
  ['PUT', `${SEND}?to=pjsip:foo`, '{"to":1}', 'missing-parameter', 'Missing parameter to'],
  ['PUT', `${SEND}?to=pjsip:foo`, '{"variables":{"A":1}}', 'invalid-parameter', 'Parameter variables.A must be string'],
  ['PUT', `${SEND}?to=pjsip:foo`, '{"variables":[]}', 'invalid-parameter', 'Parameter variables must be object'],
  ['PUT', `${SEND}?to=pjsip:foo`, '[]', 'malformed-body', 'The request body is not a JSON object'],
  ['PUT', `${SEND}?to=pjsip:foo`, '{bad', 'malformed-body', 'Error parsing request body'],
  ['POST', '/ari/events/user/e', undefined, 'missing-parameter', 'Missing parameter application'],
  [
    'POST',
    '/ari/applications/a/subscription',
    '{"eventSource":[1]}',
    'invalid-parameter',
    'Parameter eventSource is not a list of texts',
  ],
  [
    'PUT',
    '/ari/applications/a/eventFilter',
    '[{"type":"x"}]',
    'malformed-body',
    'The request body is not a JSON object',
  ],
  ['PUT', '/ari/applications/a/eventFilter', '{"allowed":"x"}', 'invalid-parameter', 'Parameter allowed must be array'],
  [
    'PUT',
    '/ari/applications/a/eventFilter',
    '{"allowed":[{}]}',
    'missing-parameter',
    'Missing parameter allowed.0.type',
  ],
  [
    'PUT',
    '/ari/applications/a/eventFilter',
    '{"allowed":[{"type":"*","channel":5}]}',
    'invalid-parameter',
    'Parameter allowed.0.channel must be string',
  ],
])('%s %s with %s names what is wrong', async (method, path, payload, code, message) => {
  const { ask } = api();
  const answer = await ask(method, path, { headers: json, ...(payload !== undefined && { payload }) });
  expect([answer.status, answer.body]).toEqual([400, { message, code }]);
});

test('the lines of an event filter are shown as they were given', async () => {
  const { ask, core } = api();
  core.applications.register('a', () => {});
  const lines = [{ type: '*', channel: '1.1', endpoint: 'PJSIP/foo', variable: 'LANG', note: { mine: [1] } }];
  const payload = JSON.stringify({ disallowed: lines });
  const { status, body } = await ask('PUT', '/ari/applications/a/eventFilter', { headers: json, payload });
  expect([status, body]).toMatchObject([200, { events_allowed: [], events_disallowed: lines }]);
});

test('a body is refused above one mebibyte', async () => {
  const { ask, sent } = api();
  const body = (length: number): string => JSON.stringify({ other: 'x'.repeat(length - '{"other":""}'.length) });
  const path = `${SEND}?to=pjsip:foo`;
  expect((await ask('PUT', path, { headers: json, payload: body(1_048_576) })).status).toBe(202);
  const refused = await ask('PUT', path, { headers: { ...json, origin: ORIGIN }, payload: body(1_048_577) });
  expect(refused).toMatchObject({ status: 413, body: { code: 'too-large' } });
  expect(refused.headers).toMatchObject({ 'access-control-allow-origin': ORIGIN });
  await until(() => sent.length === 1);
});

test('bodies that are announced and not sent are no bodies', async () => {
  const { ask } = api();
  expect((await ask('DELETE', '/ari/channels/x', { headers: json })).body).toMatchObject({ code: 'channel-not-found' });
  const form = { authorization: BASIC, 'content-type': FORM, 'content-length': '0' };
  expect((await ask('POST', '/ari/channels/x/answer', { headers: form })).status).toBe(404);
});

test('a GET reads the members of its body', async () => {
  const { ask } = api();
  const answer = await ask('GET', '/ari/asterisk/info', { headers: json, payload: '{"only":"system"}' });
  expect(answer.body).toEqual({ system: { version: '1.2.3', entity_id: '02:fc:00:00:00:01' } });
});

test('the body is judged before the credentials, these before the path, and the path before the method', async () => {
  const { ask } = api();
  const bad = { 'content-type': 'application/json' };
  expect((await ask('PUT', SEND, { headers: bad, payload: '{' })).status).toBe(400);
  expect((await ask('GET', '/ari/nothing', { headers: {} })).status).toBe(401);
  expect((await ask('POST', '/ari/nothing/', { headers: { authorization: 'Basic cm86cm8=' } })).status).toBe(403);
  expect((await ask('POST', '/ari/nothing/')).body).toMatchObject({ message: expect.stringContaining('/ari/nothing') });
  expect((await ask('PATCH', '/ari/nothing')).status).toBe(404);
  expect((await ask('PATCH', SEND)).status).toBe(405);
});

test('a plus in a path is a space, an escaped slash no end, and what follows an empty segment does not count', async () => {
  const { ask, core } = api();
  core.endpoints.create({ tech: 'PJSIP', resource: 'a b' });
  core.endpoints.create({ tech: 'PJSIP', resource: 'a/b' });
  expect((await ask('GET', '/ari/endpoints/PJSIP/a+b')).body).toMatchObject({ resource: 'a b' });
  expect((await ask('GET', '/ari/endpoints/PJSIP/a%2Fb')).body).toMatchObject({ resource: 'a/b' });
  expect((await ask('GET', '/ari/endpoints//PJSIP/foo')).body).toHaveLength(7);
  expect((await ask('GET', '/ari/endpoints/PJSIP/%zz')).status).toBe(400);
});

test('a literal segment goes before a wildcard for good', async () => {
  const { ask } = api();
  expect((await ask('GET', SEND)).headers['allow']).toBe('OPTIONS,PUT');
  expect((await ask('GET', `${SEND}/foo`)).status).toBe(404);
});

test('a preflight from another origin learns nothing of origins, and one for another method no methods', async () => {
  const { ask } = api();
  const preflight = async (origin: string, method: string): Promise<string[]> => {
    const headers = { origin, 'access-control-request-method': method, 'access-control-request-headers': 'x-a' };
    const answer = await ask('OPTIONS', '/ari/endpoints', { headers });
    expect(answer.status).toBe(204);
    return Object.keys(answer.headers)
      .filter((name) => name.startsWith('access-control-'))
      .toSorted();
  };
  const allowed = ['access-control-allow-credentials', 'access-control-allow-origin', 'access-control-expose-headers'];
  const methods = ['access-control-allow-headers', 'access-control-allow-methods'];
  expect(await preflight(ORIGIN, 'GET')).toEqual([...allowed, ...methods].toSorted());
  expect(await preflight(ORIGIN, 'DELETE')).toEqual(allowed);
  expect(await preflight('http://evil.example', 'GET')).toEqual([]);
  expect((await ask('OPTIONS', '/ari/endpoints', { headers: {} })).status).toBe(401);
});
