// A message to an endpoint with several telephones: it goes to all of them, as the same message.
import { expect, test } from 'vitest';
import { startService } from '../support/service.ts';

const pjsip = `
endpoint: { foo: { aors: [ foo, desk ] } }
aor: { foo: { max_contacts: 2 }, desk: { max_contacts: 1 } }`;

test('goes to each contact of each address of record, under one Call-ID and number', async () => {
  const service = await startService({ pjsip, contexts: 'default: {}' });
  const telephones = await Promise.all([service.telephone('foo'), service.telephone('foo', { transport: 'tcp' })]);
  for (const each of telephones) await each.register();
  telephones[0].answer('MESSAGE', () => ({ status: 486 }));
  const sent = await service.rest('PUT', '/endpoints/PJSIP/foo/sendMessage', { from: 'sip:a@b', body: 'hi' });
  expect(sent.status).toBe(202);
  const messages = await Promise.all(telephones.map((each) => each.nextMessage()));
  expect(messages.map(({ startLine, body }) => [startLine, body])).toEqual(
    telephones.map(({ contact }) => [`MESSAGE ${contact} SIP/2.0`, 'hi']),
  );
  const [first, second] = messages.map((each) =>
    ['Call-ID', 'CSeq', 'Date', 'Expires'].map((name) => each.header(name)),
  );
  expect(first).toEqual(second);
  expect(first![1]).toBe('1 MESSAGE');
});
