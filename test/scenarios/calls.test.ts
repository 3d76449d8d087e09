// Calls as a telephone and an application see them, beyond what was recorded.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AriApp } from '../../scripts/demo/application.ts';
import { startService } from '../support/service.ts';

const idOf = async (app: AriApp): Promise<string> => {
  const { channel } = (await app.next('StasisStart')) as unknown as { channel: { id: string } };
  return channel.id;
};
const media = (...streams: readonly string[]): string =>
  ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', ...streams, ''].join('\r\n');

describe.each(['udp', 'tcp'] as const)('a call over %s', (transport) => {
  test('is answered, and the REST answer comes after the 200 went out', async () => {
    const service = await startService();
    const hello = await service.application('hello');
    const foo = await service.telephone('foo', { transport });
    const call = foo.call({ to: '1001' });
    const id = await idOf(hello);
    expect((await service.rest('POST', `/channels/${id}/answer`)).status).toBe(204);
    expect((await call.answered).status).toBe(200);
    expect((await service.rest('GET', `/channels/${id}`)).body).toMatchObject({
      state: 'Up',
      dialplan: { app_data: 'hello,a,b' },
    });
    expect((await call.hangup()).status).toBe(200);
    await hello.next('StasisEnd');
    expect((await service.rest('GET', '/channels')).body).toEqual([]);
  });
});

describe('an offer', () => {
  const answerTo = async (sdp: string) => {
    const service = await startService();
    const hello = await service.application('hello', [], {
      onEvent: ({ type, channel }) => {
        if (type === 'StasisStart') void service.rest('POST', `/channels/${(channel as { id: string }).id}/answer`);
      },
    });
    const call = (await service.telephone('foo')).call({ to: '1001', sdp });
    const answer = await call.answered;
    if (answer.status === 200) await call.hangup();
    await hello.close();
    return answer;
  };

  test('of audio and video is answered with inactive audio, and no video', async () => {
    const answer = await answerTo(
      media('m=audio 40000 RTP/AVP 8 0', 'm=video 40002 RTP/AVP 96', 'a=rtpmap:96 VP8/90000'),
    );
    expect(answer.status).toBe(200);
    expect(answer.body).toMatch(/m=audio 9 RTP\/AVP 8\r\n/);
    expect(answer.body).toContain('a=inactive');
    expect(answer.body).toMatch(/m=video 0 /);
  });

  test('without a common codec is refused with 488', async () => {
    expect((await answerTo(media('m=audio 40000 RTP/AVP 97', 'a=rtpmap:97 FANCY/8000'))).status).toBe(488);
  });

  test('that is missing is made by us, and answered in the ACK', async () => {
    const service = await startService();
    const hello = await service.application('hello');
    const call = (await service.telephone('foo')).call({ to: '1001', withoutSdp: true });
    const id = await idOf(hello);
    await service.rest('POST', `/channels/${id}/answer`);
    const answer = await call.answered;
    expect(answer.body).toMatch(/m=audio 9 RTP\/AVP [\d ]+\r\n/);
    expect(answer.body).toContain('a=inactive');
    expect((await service.rest('GET', `/channels/${id}`)).body).toMatchObject({ state: 'Up' });
    expect((await call.hangup()).status).toBe(200);
  });
});

test('a call to an application for which nobody listens is declined', async () => {
  const service = await startService();
  expect((await (await service.telephone('foo')).call({ to: '1001' }).answered).status).toBe(603);
});

test('a call to an extension that nobody routes gets 404, one that is incomplete 484', async () => {
  const service = await startService({ contexts: 'default: { "_2XXX": { app: hello } }' });
  const foo = await service.telephone('foo');
  expect((await foo.call({ to: '9999' }).answered).status).toBe(404);
  expect((await foo.call({ to: '21' }).answered).status).toBe(484);
});

test('every known application has a context of its own', async () => {
  const service = await startService({
    contexts: 'default: {}',
    pjsip: `
endpoint: { foo: { context: stasis-hello, auth: foo, aors: [ foo ] } }
auth: { foo: { username: foo, password: foo-secret } }
aor: { foo: { max_contacts: 1 } }`,
  });
  const foo = await service.telephone('foo');
  expect((await foo.call({ to: 'anything' }).answered).status).toBe(404);
  const hello = await service.application('hello');
  const call = foo.call({ to: 'anything' });
  const id = await idOf(hello);
  expect((await service.rest('DELETE', `/channels/${id}`, { reason: 'rejected' })).status).toBe(204);
  expect((await call.answered).status).toBe(403);
});

test('health and metrics answer without credentials', async () => {
  const service = await startService();
  const root = service.base.replace('/ari', '');
  await service.application('hello', ['endpoint:PJSIP']);
  await (await service.telephone('foo')).message({ to: '1001', body: 'counted' });
  for (const path of ['/health/live', '/health/ready']) expect((await fetch(`${root}${path}`)).status).toBe(200);
  const metrics = await (await fetch(`${root}/metrics`)).text();
  for (const line of [
    'arion_facts_total{type="TextReceived"} 1',
    'arion_queue_length{queue="application:hello"} 0',
    'arion_queue_limit{queue="application:hello"}',
    'arion_queue_dropped_total{queue="application:hello"} 0',
    'arion_sip_requests_in_total{method="MESSAGE"} 2',
    'arion_websockets 1',
    'arion_queue_limit{queue="ari:websocket bytes"} 4194304',
    'arion_http_request_seconds_count{',
  ]) {
    expect(metrics).toContain(line);
  }
});

test('contacts and the identity of the node survive a restart', async () => {
  const data = await mkdtemp(join(tmpdir(), 'arion-restart-'));
  onTestFinished(() => rm(data, { recursive: true, force: true }));
  const before = await startService({ data });
  const foo = await before.telephone('foo');
  await foo.register();
  const { asterisk_id: id } = (await before.rest('GET', '/asterisk/ping')).body as { asterisk_id: string };
  await before.stop();
  const after = await startService({ data });
  expect((await after.rest('GET', '/endpoints/PJSIP/foo')).body).toMatchObject({ state: 'online' });
  expect((await after.rest('GET', '/asterisk/ping')).body).toMatchObject({ asterisk_id: id });
  await after.stop();
});
