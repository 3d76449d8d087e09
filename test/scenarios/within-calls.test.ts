// What a telephone says within a call, besides changing or ending it: texts, and that it is somebody else.
import { expect, test } from 'vitest';
import { startService } from '../support/service.ts';

const pjsip = `
endpoint: { foo: { aors: [ foo ], trust_id_inbound: yes, trust_connected_line: yes }, bar: { aors: [ bar ], send_pai: yes, send_connected_line: yes } }
aor: { foo: { max_contacts: 1 }, bar: { max_contacts: 1 } }`;

test('a MESSAGE is a text of the endpoint, kept before it is answered', async () => {
  const service = await startService({ pjsip, contexts: 'default: { "1001": { app: app } }' });
  const app = await service.application('app', ['endpoint:PJSIP/foo']);
  const call = (await service.telephone('foo')).call({ to: '1001' });
  const { channel } = (await app.next('StasisStart')) as unknown as { channel: { id: string } };
  expect((await service.rest('POST', `/channels/${channel.id}/answer`)).status).toBe(204);
  await call.answered;
  const answer = await call.request('MESSAGE', [['Content-Type', 'text/plain']], 'by the way');
  expect(answer.status).toBe(202);
  expect(await app.next('TextMessageReceived')).toMatchObject({
    endpoint: { resource: 'foo' },
    message: { body: 'by the way' },
  });
  const kept = (await service.rest('GET', '/messages', { direction: 'inbound' })).body;
  expect(JSON.stringify(kept)).toContain('by the way');
  expect((await call.hangup()).status).toBe(200);
});

test('an UPDATE with another identity is shown to the application, and to whoever is at the other end', async () => {
  const service = await startService({ pjsip, contexts: 'default: { "100": { dial: [ PJSIP/bar ] } }' });
  const watcher = await service.application('watcher', ['endpoint:PJSIP']);
  const bar = await service.telephone('bar');
  bar.expectCalls();
  expect((await bar.register()).status).toBe(200);
  const call = (await service.telephone('foo')).call({ to: '100' });
  const toBar = await bar.called();
  await toBar.answer();
  await call.answered;
  const told = bar.received(
    ({ method, isResponse, raw }) => !isResponse && /^(UPDATE|INVITE)$/.test(method) && raw.includes('sip:boss@'),
  );
  const answer = await call.request('UPDATE', [['P-Asserted-Identity', '"The Boss" <sip:boss@127.0.0.1>']]);
  expect(answer.status).toBe(200);
  expect(
    await watcher.next('ChannelCallerId', (event) => JSON.stringify(event['channel']).includes('The Boss')),
  ).toMatchObject({ channel: { caller: { name: 'The Boss', number: 'boss' } } });
  expect(
    await watcher.next('ChannelConnectedLine', (event) => JSON.stringify(event['channel']).includes('The Boss')),
  ).toMatchObject({ channel: { connected: { name: 'The Boss', number: 'boss' } } });
  expect((await told).header('P-Asserted-Identity')).toContain('The Boss');
  expect((await call.hangup()).status).toBe(200);
  await toBar.ended;
});
