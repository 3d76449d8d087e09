// A browser as the telephone: JsSIP in headless Chromium, over secure WebSocket (RFC 7118).
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { build } from 'esbuild';
import { chromium, type Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { certificateFiles } from '../support/certificate.ts';
import { startService } from '../support/service.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
const isRequired = process.env['REQUIRE_ENGINES'] === '1';
if (executablePath === undefined && !isRequired)
  console.log('The browser scenario is skipped: Chromium (Debian package chromium) is not installed.');

/** What the page keeps for the test; JsSIP itself has no types. */
interface Telephone {
  register(url: string, user: string, password: string): Promise<string>;
  send(target: string, body: string): Promise<number>;
  received(): Promise<string>;
}
declare const telephone: Telephone;

const script = `
import JsSIP from 'jssip';
const waiting = [], arrived = [];
let ua;
globalThis.telephone = {
  register: (url, user, password) => new Promise((resolve, reject) => {
    ua = new JsSIP.UA({ sockets: [new JsSIP.WebSocketInterface(url)], uri: 'sip:' + user + '@127.0.0.1', password });
    ua.on('registered', ({ response }) => resolve(response.getHeader('Contact')));
    ua.on('registrationFailed', ({ cause }) => reject(new Error(cause)));
    ua.on('newMessage', ({ originator, request }) => {
      if (originator !== 'remote') return;
      const next = waiting.shift();
      if (next) next(request.body); else arrived.push(request.body);
    });
    ua.start();
  }),
  send: (target, body) => new Promise((resolve, reject) => ua.sendMessage(target, body, {
    eventHandlers: { succeeded: ({ response }) => resolve(response.status_code), failed: ({ cause }) => reject(new Error(cause)) },
  })),
  received: () => arrived.length > 0 ? Promise.resolve(arrived.shift()) : new Promise((resolve) => waiting.push(resolve)),
};`;

async function openPage(): Promise<Page> {
  const bundle = await build({
    stdin: {
      contents: script,
      resolveDir: createRequire(import.meta.url)
        .resolve('jssip/package.json')
        .replace(/\/package\.json$/, ''),
    },
    bundle: true,
    write: false,
    platform: 'browser',
    define: { global: 'globalThis' },
  });
  const browser = await chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: ['--no-sandbox', '--ignore-certificate-errors'],
  });
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.addScriptTag({ content: bundle.outputFiles[0]!.text });
  return page;
}

// Skipped only where Chromium is absent, which was said above; the project's own run demands it.
describe.skipIf(executablePath === undefined && !isRequired)('JsSIP in Chromium', () => {
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
