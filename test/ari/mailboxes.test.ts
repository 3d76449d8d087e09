// What clients see of mailboxes: codes and bodies.
import { expect, test } from 'vitest';
import { api } from './api.ts';

test('a mailbox is set, listed, read, changed and deleted', async () => {
  const { ask } = api();
  expect((await ask('GET', '/ari/mailboxes')).body).toEqual([]);
  expect(await ask('PUT', '/ari/mailboxes/100%40x?oldMessages=1&newMessages=2')).toMatchObject({ status: 204 });
  const mailbox = { name: '100@x', old_messages: 1, new_messages: 2 };
  expect((await ask('GET', '/ari/mailboxes')).body).toEqual([mailbox]);
  expect((await ask('GET', '/ari/mailboxes/100%40x')).body).toEqual(mailbox);
  expect((await ask('PUT', '/ari/mailboxes/100%40x')).status).toBe(204);
  expect((await ask('GET', '/ari/mailboxes/100%40x')).body).toMatchObject({ old_messages: 0, new_messages: 0 });
  expect((await ask('DELETE', '/ari/mailboxes/100%40x')).status).toBe(204);
  expect((await ask('GET', '/ari/mailboxes')).body).toEqual([]);
});

test.each([
  ['GET', 'nobody', 404, 'mailbox-not-found'],
  ['DELETE', 'nobody', 404, 'mailbox-not-found'],
  ['PUT', '100?oldMessages=-1', 400, 'invalid-parameter'],
  ['PUT', '100?newMessages=-1', 400, 'invalid-parameter'],
  ['POST', '100', 405, 'method-not-allowed'],
])('%s /mailboxes/%s is answered %i', async (method, rest, status, code) => {
  const { ask } = api();
  const answer = await ask(method, `/ari/mailboxes/${rest}`);
  expect([answer.status, (answer.body as { code: string }).code]).toEqual([status, code]);
});
