// How long a call may ring (RFC 3261 13.3.1.1), on a test clock.
import { expect, test } from 'vitest';
import { tokensOf } from './calls.ts';
import { TestClock } from './clock.ts';
import { past, request, stage, valueOf } from './stage.ts';

test('a provisional response is repeated each minute, until the application has been silent for too long: 503, and it hears so', async () => {
  const clock = new TestClock();
  const { client, peer, server } = await stage({ clock, limits: { ringingTime: 150_000 } });
  const [app, phone] = [await client('invite'), await peer('tcp')];
  phone.send(request('INVITE', phone.port, { protocol: 'TCP', callId: 'call' }));
  const transaction = tokensOf(await app.inbox.next())[8];
  const ring = async (statusLine: string): Promise<void> => {
    app.send(`id|sip|${transaction}|\r\nSIP/2.0 ${statusLine}\r\n\r\n`);
    await app.inbox.next();
    expect(await past(phone, '100')).toMatch(`SIP/2.0 ${statusLine}`);
  };
  await ring('180 Ringing');
  clock.pass(60_000);
  expect(await past(phone, '100')).toMatch('SIP/2.0 180 Ringing');
  await ring('182 Queued');
  for (let minute = 0; minute < 2; minute++) {
    clock.pass(60_000);
    expect(await past(phone, '100')).toMatch('SIP/2.0 182 Queued');
  }
  clock.pass(30_000);
  const answer = await past(phone, '100');
  expect([answer.split('\r\n')[0], valueOf(answer, 'Retry-After')]).toEqual(['SIP/2.0 503 Service Unavailable', '5']);
  const told = await app.inbox.next();
  expect([told.split('\r\n')[1]!.split(' ')[0], tokensOf(told)[8], tokensOf(told)[9]]).toEqual([
    'CANCEL',
    transaction,
    'call;from-tag=alice',
  ]);
  expect(server.metrics.drops['late-application']).toBe(1);
  expect(server.metrics.gauges).toMatchObject({ pendingRequests: 0, dialogs: 0 });
});
