// A browser as the telephone: JsSIP in headless Chromium, over secure WebSocket (RFC 7118).
import { describe, expect, test } from 'vitest';
import { certificateFiles } from '../support/certificate.ts';
import { startService } from '../support/service.ts';
import { openPage, skipsBrowser, type Telephone } from './browser-room.ts';

declare const telephone: Telephone;

// Skipped only where Chromium is absent, which is said; the project's own run demands it.
describe.skipIf(skipsBrowser)('JsSIP in Chromium', () => {
  test('registers over secure WebSocket, and sends and receives a message', { timeout: 60_000 }, async () => {
    const { certFile, keyFile } = await certificateFiles();
    const service = await startService({
      listen: ['wss://127.0.0.1:0'],
      sip: `tls: { cert_file: "${certFile}", priv_key_file: "${keyFile}" }`,
    });
    const watcher = await service.application('watcher', ['endpoint:PJSIP/foo']);
    const { port } = service.app.sip.find(({ protocol }) => protocol === 'wss')!;
    const page = await openPage();

    const contact = await page.evaluate(
      ([url]) => telephone.register(url!, 'foo', 'foo-secret'),
      [`wss://127.0.0.1:${port}`],
    );
    expect(contact).toContain('.invalid');
    expect(await watcher.next('PeerStatusChange')).toMatchObject({ peer: { peer_status: 'Reachable' } });

    expect(await page.evaluate(() => telephone.send('sip:hello@127.0.0.1', 'from the browser ☎'))).toBe(202);
    expect(await watcher.next('TextMessageReceived')).toMatchObject({ message: { body: 'from the browser ☎' } });

    const sent = await service.rest('PUT', '/endpoints/PJSIP/foo/sendMessage', {
      from: 'sip:arion@127.0.0.1',
      body: 'to the browser ☎',
    });
    expect(sent.status).toBe(202);
    expect(await page.evaluate(() => telephone.received())).toBe('to the browser ☎');

    await page.close();
    expect(await watcher.next('PeerStatusChange')).toMatchObject({ peer: { peer_status: 'Unreachable' } });
  });
});
