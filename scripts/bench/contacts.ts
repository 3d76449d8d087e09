// Measures what many contacts cost: memory, a REGISTER among them, a page of their list, their expiry at once.
//
//   node --expose-gc --import tsx scripts/bench/contacts.ts [contacts] [--check]
//
// Everything is real but the wire: the registrar, the location, the store on disk, the API. With --check it fails
// when a figure is beyond its limit.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { createAri } from '../../src/ari/index.ts';
import { createCore } from '../../src/core/index.ts';
import { readMessage } from '../../src/engines/drachtio/text.ts';
import { memoryJournal } from '../../src/engines/embedded/memory-journal.ts';
import { openStore } from '../../src/engines/embedded/store.ts';
import type { Clock } from '../../src/core/clock.ts';
import { pjsip } from '../../src/technologies/pjsip/index.ts';
import type { SipRequest, SipStack } from '../../src/technologies/pjsip/stack.ts';

const COUNT = Number(process.argv.find((each) => /^\d+$/.test(each)) ?? 100_000);
const isChecking = process.argv.includes('--check');
/** How many REGISTERs are timed. */
const SAMPLES = 2_000;
const here = { protocol: 'udp', address: '127.0.0.1', port: 5060 };

/** The system's clock, which can be put forward. */
function movableClock(): Clock & { forward(ms: number): void } {
  let ahead = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void; timer: NodeJS.Timeout }>();
  const now = (): number => Date.now() + ahead;
  return {
    now,
    after(ms, run) {
      const fire = (): void => {
        timers.delete(entry);
        run();
      };
      const entry = { at: now() + ms, run: fire, timer: setTimeout(fire, ms) };
      timers.add(entry);
      return () => {
        timers.delete(entry);
        clearTimeout(entry.timer);
      };
    },
    forward(ms) {
      ahead += ms;
      for (const each of [...timers]) {
        clearTimeout(each.timer);
        each.timer = setTimeout(each.run, Math.max(each.at - now(), 0));
      }
    },
  };
}

/** A stack that has no wire: requests are put in, and resolve with the status of their answer. */
function wireless() {
  let onRequest: (request: SipRequest) => void = () => undefined;
  const stack: SipStack = {
    addresses: [here],
    isConnected: true,
    async start(handler) {
      onRequest = handler;
    },
    async stop() {},
    send() {
      throw new Error('nothing is sent here');
    },
  };
  let sequence = 0;
  const register = (user: string): Promise<number> => {
    sequence += 1;
    const port = 1024 + (sequence % 60_000);
    const raw = [
      `REGISTER sip:127.0.0.1 SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${sequence};rport`,
      'Max-Forwards: 70',
      `From: <sip:${user}@127.0.0.1>;tag=${sequence}`,
      `To: <sip:${user}@127.0.0.1>`,
      `Call-ID: registration-of-${user}@127.0.0.1`,
      `CSeq: ${sequence} REGISTER`,
      `Contact: <sip:${user}@198.51.100.${sequence % 250}:${port}>;expires=3600`,
      'User-Agent: Telephone/1.0 (bench)',
      '',
      '',
    ].join('\r\n');
    return new Promise((resolve) => {
      const message = readMessage(raw);
      onRequest({
        ...{ method: 'REGISTER', uri: 'sip:127.0.0.1', headers: message.headers, body: message.body },
        ...{ source: { ...here, port }, receivedOn: here, dialogId: undefined, isOwn: false },
        async respond(status) {
          resolve(status);
          return { headers: message.headers, body: '', dialogId: undefined };
        },
        onCancel: () => undefined,
        onAck: () => undefined,
      });
    });
  };
  return { stack, register };
}

/** Of objects and of what they hold outside the heap, after everything else was thrown away. */
function memory(): number {
  if (globalThis.gc === undefined) throw new Error('run me with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const userOf = (index: number): string => `telephone-${index}`;
const directory = await mkdtemp(join(tmpdir(), 'arion-bench-'));
const store = await openStore(directory);
const core = createCore({});
const clock = movableClock();
const { stack, register } = wireless();
const users = Array.from({ length: COUNT + SAMPLES }, (_, index) => userOf(index));
const technology = pjsip({
  ...{ core, stack, store, clock, log: () => undefined },
  config: {
    endpoint: Object.fromEntries(users.map((user) => [user, { aors: user }])),
    aor: Object.fromEntries(users.map((user) => [user, { max_contacts: 1, remove_existing: true }])),
  },
});
const ari = createAri(core, {
  ...{ version: 'bench', entityId: '02:00:00:00:00:00', startedAt: Date.now(), allowedOrigins: [] },
  ...{ users: { bench: { password: 'bench' } }, store },
  journal: memoryJournal({ maxAge: 60_000, maxBytes: 1024 * 1024 }),
});
const figures: [name: string, value: number, unit: string, limit?: number][] = [];

/** The milliseconds that each REGISTER takes; they come one after the other. */
async function timed(from: number, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let index = from; index < from + count; index++) {
    const started = performance.now();
    const status = await register(userOf(index % users.length));
    if (status !== 200) throw new Error(`a REGISTER was answered ${status}`);
    times.push(performance.now() - started);
  }
  return times;
}

const median = (times: readonly number[]): number => times.toSorted((one, other) => one - other)[times.length >> 1]!;

/** The longest time for which nothing else was done, and the whole time, in milliseconds. */
async function observed(work: () => Promise<void>): Promise<{ readonly longest: number; readonly whole: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const started = performance.now();
  delay.enable();
  await work();
  delay.disable();
  return { longest: delay.max / 1e6, whole: performance.now() - started };
}

try {
  await technology.start();
  await timed(0, 10);
  // Warm first, so that the difference is that of the number.
  const rounds = async (): Promise<number[][]> => {
    const all: number[][] = [];
    for (let round = 0; round < SAMPLES / 10; round++) all.push(await timed(0, 10));
    return all;
  };
  await rounds();
  const few = median((await rounds()).flat());

  const before = memory();
  for (let index = 10; index < COUNT; index += 200)
    await Promise.all(users.slice(index, Math.min(index + 200, COUNT)).map(register));
  const after = memory();
  figures.push(['memory of a contact', (after - before) / (COUNT - 10), 'bytes', 4_000]);

  const many = median(await timed(Math.floor(COUNT / 2), SAMPLES));
  figures.push(['a REGISTER among 10', few, 'ms'], [`a REGISTER among ${COUNT}`, many, 'ms']);
  figures.push(['ratio', many / few, '', 2]);

  const page = (query: string, count: number) =>
    observed(async () => {
      const { payload } = await ari.http.inject({ url: `/ari/registrations?api_key=bench:bench&${query}` });
      if ((JSON.parse(payload) as unknown[]).length !== count) throw new Error('a page has not what it should');
    });
  const pages = async (query: string, count: number): Promise<number> => {
    const times: number[] = [];
    for (let round = 0; round < 5; round++) times.push((await page(query, count)).whole);
    return median(times);
  };
  figures.push(['a page of 1000', await pages('limit=1000', 1000), 'ms', 200]);
  figures.push(['one found by its contact', await pages('contact=telephone-7@', 1), 'ms', 200]);

  const expiry = await observed(async () => {
    clock.forward(4_000_000);
    while (technology.metrics.location.contacts > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });
  figures.push(['expiry of all', expiry.whole, 'ms'], ['longest pause while they expire', expiry.longest, 'ms', 50]);
  figures.push(['memory left of each', (memory() - before) / COUNT, 'bytes']);
} finally {
  await technology.stop();
  await ari.http.close();
  await store.close();
  await rm(directory, { recursive: true, force: true });
}

let isWrong = false;
for (const [name, value, unit, limit] of figures) {
  const isBeyond = limit !== undefined && value > limit;
  isWrong ||= isBeyond;
  const bound = limit === undefined ? '' : `  (at most ${limit}${isBeyond ? ': BEYOND IT' : ''})`;
  console.log(`${name.padEnd(34)} ${value.toFixed(value < 10 ? 3 : 0).padStart(10)} ${unit}${bound}`);
}
if (isChecking && isWrong) process.exitCode = 1;
