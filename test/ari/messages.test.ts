// What clients see of text messages: how they are given, what is answered, and how they are listed, read and cancelled.
import { expect, test } from 'vitest';
import type { MessageDraft, MessageQuery, MessageSnapshot } from '../../src/core/message.ts';
import type { Messages } from '../../src/core/messages.ts';
import { Fault, notFound } from '../../src/errors.ts';
import { endpointId } from '../../src/ids.ts';
import { api, BASIC, ORIGIN, type Api } from './api.ts';

const AT = Date.UTC(2026, 10, 20, 12);
const SEND = '/ari/endpoints/PJSIP/foo/sendMessage';

const message = (id: string, more: Partial<MessageSnapshot> = {}): MessageSnapshot => ({
  ...{ id, direction: 'outbound', endpoint: endpointId({ tech: 'PJSIP', resource: 'foo' }), state: 'queued' },
  text: { id, from: 'sip:a@b', to: 'pjsip:foo', body: 'hi', variables: {} },
  ...{ attempts: 0, createdAt: AT, changedAt: AT, expiresAt: AT + 60_000 },
  ...more,
});

interface Kept extends Api {
  readonly drafts: MessageDraft[];
  readonly queries: MessageQuery[];
}

/** An API whose messages are those of the list, and where what is sent is only remembered. */
function keeping(all: MessageSnapshot[] = []): Kept {
  const given = api();
  const [drafts, queries]: [MessageDraft[], MessageQuery[]] = [[], []];
  const get = async (id: string): Promise<MessageSnapshot> => {
    const found = all.find((each) => each.id === id);
    if (found === undefined) throw notFound('Message');
    return found;
  };
  const fake: Pick<Messages, 'send' | 'get' | 'list' | 'cancel'> = {
    get,
    async send(draft) {
      drafts.push(draft);
      return message('1', { text: { ...draft.text, id: '1' } });
    },
    async list(query) {
      queries.push(query);
      const { states, after = '', limit } = query;
      return all.filter((each) => each.id > after && (states?.includes(each.state) ?? true)).slice(0, limit);
    },
    async cancel(id) {
      const found = await get(id);
      if (found.state !== 'queued') throw new Fault('conflict', 'It is not queued', { code: 'message-not-queued' });
      return { ...found, state: 'failed', reason: 'Cancelled' };
    },
  };
  Object.assign(given.core.messages, fake);
  return { ...given, drafts, queries };
}

const json = (payload: object) => ({
  headers: { authorization: BASIC, 'content-type': 'application/json', origin: ORIGIN },
  payload: JSON.stringify(payload),
});

test('a message that is accepted is answered with what is known of it, and with where to ask', async () => {
  const { ask } = keeping();
  const { status, headers, body } = await ask(
    'PUT',
    SEND,
    json({ from: 'sip:a@b', body: 'hi', variables: { A: 'b' } }),
  );
  expect([status, headers['location'], headers['access-control-expose-headers']]).toEqual([
    202,
    '/ari/messages/1',
    'Location, Link, Idempotency-Replayed, Operation-Id',
  ]);
  expect(body).toEqual({
    ...{ id: '1', direction: 'outbound', endpoint: 'PJSIP/foo', state: 'queued', attempts: 0 },
    ...{ from: 'sip:a@b', to: 'pjsip:foo', body: 'hi', variables: { A: 'b' } },
    created: '2026-11-20T12:00:00.000+0000',
    changed: '2026-11-20T12:00:00.000+0000',
    expires: '2026-11-20T12:01:00.000+0000',
  });
});

const BINARY = Buffer.from([0xff, 0x00, 0x80]).toString('base64');

test.each([
  ['?body=hi&expires=60', {}, { body: 'hi' }, 60_000],
  ['', { body: 'h\u0000é😀', expires: 1 }, { body: 'h\u0000é😀' }, 1_000],
  ['', { body: BINARY, encoding: 'base64' }, { body: BINARY, encoding: 'base64' }, undefined],
  [`?encoding=base64&body=${encodeURIComponent(BINARY)}`, {}, { body: BINARY, encoding: 'base64' }, undefined],
  [
    '',
    { body: Buffer.from('\ufeffhé\u0000').toString('base64'), encoding: 'base64' },
    { body: '\ufeffhé\u0000' },
    undefined,
  ],
  ['?encoding=base64', {}, { body: '' }, undefined],
])('a message with "%s" and %j is given on unchanged', async (query, document, content, expires) => {
  const { ask, drafts } = keeping();
  expect((await ask('PUT', `${SEND}${query}`, json(document))).status).toBe(202);
  const text = { to: 'pjsip:foo', from: '', variables: {}, ...content };
  expect(drafts).toEqual([{ text, ...(expires !== undefined && { expires }) }]);
});

test.each([
  ['?body=abc&encoding=base64', 'body is not base64'],
  ['?body=YR%3D%3D&encoding=base64', 'body is not base64'],
  ['?body=YQ%3D%3D%0A&encoding=base64', 'body is not base64'],
  ['?body=abc&encoding=hex', 'encoding is not base64'],
  ['?expires=0', 'expires is not between 1 and 315360000'],
  ['?expires=soon', 'expires is not between'],
  ['?expires=-5', 'expires is not between'],
  ['?expires=315360001', 'expires is not between'],
])('a message with "%s" is refused', async (query, problem) => {
  const { ask, drafts } = keeping();
  expect(await ask('PUT', `${SEND}${query}`)).toMatchObject({
    status: 400,
    body: { code: 'invalid-parameter', message: expect.stringContaining(problem) as string },
  });
  expect(drafts).toEqual([]);
});

test.each([
  ['too-large', 413],
  ['unsupported-media', 415],
  ['not-found', 404],
  ['unavailable', 503],
] as const)('what the messages refuse as %s is answered %i', async (kind, status) => {
  const given = keeping();
  Object.assign(given.core.messages, { send: () => Promise.reject(new Fault(kind, 'no')) });
  expect(await given.ask('PUT', SEND)).toMatchObject({ status, body: { code: kind, message: 'no' } });
});

test('64 KiB in the most verbose spelling arrive', async () => {
  const { ask, drafts } = keeping();
  const escaped = '\\u0000'.repeat(65_536);
  const { headers } = json({});
  expect((await ask('PUT', SEND, { headers, payload: `{"body":"${escaped}"}` })).status).toBe(202);
  expect(drafts[0]?.text.body).toHaveLength(65_536);
});

test('messages are listed a page at a time, and each page says where the next one is', async () => {
  const { ask } = keeping(['1', '2', '3', '4', '5'].map((id) => message(id)));
  const pages: string[][] = [];
  let path: string | undefined = '/ari/messages?limit=2&endpoint=PJSIP%2Ffoo';
  while (path !== undefined) {
    const { body, headers } = await ask('GET', path);
    pages.push((body as { id: string }[]).map(({ id }) => id));
    path = /^<(.+)>; rel="next"$/.exec(String(headers['link']))?.[1];
  }
  expect(pages).toEqual([['1', '2'], ['3', '4'], ['5']]);
});

test('those in any of several states are listed in the order of their ids', async () => {
  const states = ['failed', 'queued', 'sent', 'queued', 'failed'] as const;
  const { ask } = keeping(states.map((state, index) => message(String(index), { state })));
  const list = async (query: string): Promise<unknown[]> =>
    ((await ask('GET', `/ari/messages?${query}`)).body as { id: string }[]).map(({ id }) => id);
  expect(await list('state=queued,failed,queued')).toEqual(['0', '1', '3', '4']);
  expect(await list('state=queued,failed&limit=2&after=0')).toEqual(['1', '3']);
  expect(await list('state=sent')).toEqual(['2']);
});

test.each([
  ['', {}],
  ['endpoint=pjsip/foo&direction=inbound&after=7', { endpoint: 'PJSIP/foo', direction: 'inbound', after: '7' }],
  ['since=2026-11-20T12:00:00.000%2B0000&until=2026-11-20T12:00:00Z', { since: AT, until: AT }],
  ['since=2026-11-20T12:00:00.000+0000&until=2026-11-20T14:00%2B02:00', { since: AT, until: AT }],
  ['since=2026-11-20', { since: AT - 43_200_000 }],
])('the filter "%s" is given on', async (query, expected) => {
  const { ask, queries } = keeping();
  expect((await ask('GET', `/ari/messages?${query}`)).status).toBe(200);
  expect(queries).toEqual([{ ...expected, limit: 101 }]);
});

test.each([
  ['limit=0', 'limit'],
  ['limit=1001', 'limit'],
  ['endpoint=foo', 'endpoint'],
  ['direction=in', 'direction'],
  ['state=queued,gone', 'state'],
  ['since=yesterday', 'since'],
  ['since=1700000000000', 'since'],
  ['until=2026-11-20T12:00:00', 'until'],
  ['until=2026-13-45', 'until'],
])('the filter "%s" is refused', async (query, parameter) => {
  const { ask } = keeping();
  expect(await ask('GET', `/ari/messages?${query}`)).toMatchObject({
    status: 400,
    body: { code: 'invalid-parameter', message: expect.stringContaining(`Parameter ${parameter}`) as string },
  });
});

test('one message is shown with all that is known of its delivery', async () => {
  const text = { from: 'sip:a@b', to: 'pjsip:foo', body: BINARY, encoding: 'base64', variables: { A: 'b' } } as const;
  const tried = { status: 503, reason: 'Service Unavailable', contact: 'sip:foo@192.0.2.1', attempts: 3 };
  const { ask } = keeping([message('7', { state: 'failed', text, ...tried })]);
  expect((await ask('GET', '/ari/messages/7')).body).toMatchObject({ id: '7', state: 'failed', ...text, ...tried });
  expect(await ask('GET', '/ari/messages/8')).toMatchObject({ status: 404, body: { code: 'message-not-found' } });
});

test('a message is cancelled as long as it is queued, and not by who may only read', async () => {
  const { ask } = keeping([message('1'), message('2', { state: 'sent' })]);
  const reader = { headers: { authorization: 'Basic cm86cm8=' } };
  expect((await ask('DELETE', '/ari/messages/1', reader)).status).toBe(403);
  expect(await ask('DELETE', '/ari/messages/1')).toMatchObject({ status: 200, body: { id: '1', state: 'failed' } });
  expect(await ask('DELETE', '/ari/messages/2')).toMatchObject({ status: 409, body: { code: 'message-not-queued' } });
  expect((await ask('DELETE', '/ari/messages/3')).status).toBe(404);
});
