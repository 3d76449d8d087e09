// JsSIP in headless Chromium, as a telephone for tests.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { build } from 'esbuild';
import { chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
const isRequired = process.env['REQUIRE_ENGINES'] === '1';
/** True only where Chromium is absent, which is then said; the project's own run demands it. */
export const skipsBrowser = executablePath === undefined && !isRequired;
if (skipsBrowser)
  console.log('The browser scenarios are skipped: Chromium (Debian package chromium) is not installed.');

/** What the page keeps for the test; JsSIP itself has no types. */
export interface Telephone {
  register(url: string, user: string, password: string): Promise<string>;
  send(target: string, body: string): Promise<number>;
  received(): Promise<string>;
  /** Resolves when it is answered. A tone is played. */
  call(target: string): Promise<void>;
  /** Answers the next call, with a tone; resolves when it is confirmed. */
  answer(): Promise<void>;
  /** How many RTP packets have arrived in its call. */
  packets(): Promise<number>;
  hangup(): void;
}

const script = `
import JsSIP from 'jssip';
const waiting = [], arrived = [];
let ua, session;
const tone = () => {
  const context = new AudioContext();
  const source = context.createOscillator();
  const destination = context.createMediaStreamDestination();
  source.connect(destination);
  source.start();
  return destination.stream;
};
const pcConfig = { iceServers: [] };
globalThis.telephone = {
  register: (url, user, password) => new Promise((resolve, reject) => {
    ua = new JsSIP.UA({ sockets: [new JsSIP.WebSocketInterface(url)], uri: 'sip:' + user + '@127.0.0.1', password, session_timers: false });
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
  call: (target) => new Promise((resolve, reject) => {
    session = ua.call(target, { mediaStream: tone(), pcConfig, eventHandlers: { confirmed: () => resolve(), failed: ({ cause }) => reject(new Error(cause)) } });
  }),
  answer: () => new Promise((resolve, reject) => ua.on('newRTCSession', (call) => {
    if (call.originator !== 'remote') return;
    session = call.session;
    session.on('confirmed', () => resolve());
    session.on('failed', ({ cause }) => reject(new Error(cause)));
    session.answer({ mediaStream: tone(), pcConfig });
  })),
  packets: async () => {
    let packets = 0;
    for (const report of (await session.connection.getStats()).values()) if (report.type === 'inbound-rtp') packets += report.packetsReceived;
    return packets;
  },
  hangup: () => session.terminate(),
};`;

export async function openPage(): Promise<Page> {
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
    args: [
      ...['--no-sandbox', '--ignore-certificate-errors', '--autoplay-policy=no-user-gesture-required'],
      // Media stays on the loopback, by its plain address.
      ...['--allow-loopback-in-peer-connection', '--disable-features=WebRtcHideLocalIpsWithMdns'],
    ],
  });
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.addScriptTag({ content: bundle.outputFiles[0]!.text });
  return page;
}
