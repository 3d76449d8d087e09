// A request is built of headers and a body, in a dialog or out of one, and can be sent more than once.
import { expect, test } from 'vitest';
import { outbound } from '../../../src/technologies/pjsip/outbound.ts';
import { requests } from '../../../src/technologies/pjsip/request.ts';
import { resolvePjsip } from '../../../src/technologies/pjsip/objects/index.ts';
import { fakeStack } from '../../support/fake-stack.ts';

const { endpoints } = resolvePjsip({
  endpoint: { foo: { outbound_auth: 'foo' } },
  auth: { foo: { username: 'foo', password: 'x' } },
});
const foo = endpoints.get('foo')!;

function begin() {
  const stack = fakeStack();
  return { stack, request: requests(outbound({ stack, random: (bytes) => Buffer.alloc(bytes) })) };
}

test('a header of a name that is there already comes behind it; another body replaces body and type', () => {
  const { stack, request } = begin();
  const way = { uri: 'sip:x@h', nextHop: 'sip:192.0.2.1', headers: [['Route', '<sip:p;lr>']] } as const;
  request(foo, 'PUBLISH', way)
    .header('X-A', '1')
    .body('text/plain', 'first')
    .header('X-A', '2')
    .body('application/json', '{}')
    .send();
  expect(stack.sent[0]).toMatchObject({
    ...{ method: 'PUBLISH', uri: 'sip:x@h', nextHop: 'sip:192.0.2.1', body: '{}' },
    headers: [
      ['Route', '<sip:p;lr>'],
      ['X-A', '1'],
      ['X-A', '2'],
      ['Content-Type', 'application/json'],
    ],
  });
});

test('what describes a body is no header of its own', () => {
  const builder = begin().request(foo, 'OPTIONS', { uri: 'sip:x@h' });
  for (const name of ['Content-Type', 'content-length']) expect(() => builder.header(name, '1')).toThrow('comes with');
});

test('within a dialog it needs no URI; it is authenticated, and what is added later is part of the next one', async () => {
  const { stack, request } = begin();
  const builder = request(foo, 'INFO', { dialogId: 'd' }).header('X-A', '1');
  const { final } = builder.send();
  builder.header('X-A', '2').send();
  expect(stack.sent.map(({ dialogId, headers }) => [dialogId, headers?.length])).toEqual([
    ['d', 1],
    ['d', 2],
  ]);
  stack.sent[0]!.respond(401, { headers: [['WWW-Authenticate', 'Digest realm="r",nonce="n"']] });
  const again = await stack.sentCount(3);
  expect(again.headers?.map(([name]) => name)).toEqual(['X-A', 'Authorization']);
  again.respond(200);
  expect((await final).status).toBe(200);
});
