// Two browsers, bridged by direct media: each hears the other.
import { expect, test } from 'vitest';
import { certificateFiles } from '../support/certificate.ts';
import { startService } from '../support/service.ts';
import { openPage, skipsBrowser, type Telephone } from './browser-room.ts';

declare const telephone: Telephone;

// Skipped only where Chromium is absent, which is said; the project's own run demands it.
test.skipIf(skipsBrowser)('JsSIP in two pages, bridged: both see packets', { timeout: 60_000 }, async () => {
  const { certFile, keyFile } = await certificateFiles();
  const service = await startService({
    contexts: 'default: { "1001": { app: app } }',
    listen: ['wss://127.0.0.1:0'],
    sip: `tls: { cert_file: "${certFile}", priv_key_file: "${keyFile}" }`,
    pjsip: `
endpoint: { foo: { auth: foo, aors: [ foo ], webrtc: yes }, bar: { auth: bar, aors: [ bar ], webrtc: yes } }
auth: { foo: { username: foo, password: foo-secret }, bar: { username: bar, password: bar-secret } }
aor: { foo: { max_contacts: 1 }, bar: { max_contacts: 1 } }`,
  });
  const { rest } = service;
  const app = await service.application('app');
  const idOf = async (): Promise<string> => {
    const { channel } = (await app.next('StasisStart')) as unknown as { channel: { id: string } };
    return channel.id;
  };
  const { port } = service.app.sip.find(({ protocol }) => protocol === 'wss')!;
  const [one, other] = [await openPage(), await openPage()];
  for (const [page, user] of [
    [one, 'foo'],
    [other, 'bar'],
  ] as const)
    await page.evaluate(
      ([url, name]) => telephone.register(url!, name!, `${name}-secret`),
      [`wss://127.0.0.1:${port}`, user],
    );

  const called = one.evaluate(() => telephone.call('sip:1001@127.0.0.1'));
  const caller = await idOf();
  expect((await rest('POST', `/channels/${caller}/answer`)).status).toBe(204);
  await called;
  const answered = other.evaluate(() => telephone.answer());
  expect((await rest('POST', '/channels', { endpoint: 'PJSIP/bar', app: 'app' })).status).toBe(200);
  const callee = await idOf();
  await answered;
  expect((await rest('POST', '/bridges/both', { type: 'mixing' })).status).toBe(200);
  const added = await rest('POST', '/bridges/both/addChannel', { channel: `${caller},${callee}` });
  expect(added.status, JSON.stringify(added.body)).toBe(204);
  for (const page of [one, other])
    await expect.poll(() => page.evaluate(() => telephone.packets()), { timeout: 20_000 }).toBeGreaterThan(50);

  await one.evaluate(() => telephone.hangup());
  await app.next('StasisEnd');
  expect((await rest('DELETE', `/channels/${callee}`)).status).toBe(204);
  await app.next('StasisEnd');
});
