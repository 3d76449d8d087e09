// A call that an application has made by REST: the telephone rings and answers, and the application has it.
import { expect, test } from 'vitest';
import { sdp, withSdp } from '../support/sip-peer.ts';
import { startService } from '../support/service.ts';

test('a telephone that is called for an application is in it when it answers, until one hangs up', async () => {
  const service = await startService();
  const hello = await service.application('hello');
  const foo = await service.telephone('foo');
  expect((await foo.register()).status).toBe(200);
  foo.answer('INVITE', () => undefined);
  const wish = { endpoint: 'PJSIP/foo', app: 'hello', appArgs: 'a', callerId: 'Alice <100>' };
  const { status, body } = await service.rest('POST', '/channels', wish);
  expect([status, body]).toEqual([200, expect.objectContaining({ state: 'Down' })]);
  const invite = await foo.next('INVITE');
  expect(invite.header('From')).toContain('"Alice" <sip:100@');
  foo.respond(invite, { status: 180 });
  foo.respond(invite, { status: 200, headers: [withSdp], body: sdp(4000) });
  const { channel } = (await hello.next('StasisStart')) as unknown as { channel: { id: string; state: string } };
  expect(channel.state).toBe('Up');
  await foo.next('ACK');
  expect((await service.rest('DELETE', `/channels/${channel.id}`)).status).toBe(204);
  expect((await foo.next('BYE')).header('Reason')).toBe('Q.850;cause=16');
  await hello.next('StasisEnd');
});
