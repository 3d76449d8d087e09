// An API for tests: a real core with the endpoints of the recordings, a technology that only remembers, and a way to ask.
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { expect, onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { createAri, type Ari, type AriParts } from '../../src/ari/index.ts';
import { createCore, type Core } from '../../src/core/index.ts';
import { directMedia } from '../../src/engines/embedded/direct-media.ts';
import { memoryJournal } from '../../src/engines/embedded/memory-journal.ts';
import { fakeCaller, type FakeCaller } from '../support/fake-caller.ts';
import { memoryStore } from '../support/memory-store.ts';
import type { Referral } from '../../src/core/referrals.ts';
import type { TextMessage } from '../../src/core/facts.ts';
import type { TextOutcome } from '../../src/core/technology.ts';

export const ENTITY = '02:fc:00:00:00:01';
export const BASIC = 'Basic YXJpOmFyaQ==';
export const ORIGIN = 'http://ari.example.com';
const AT = Date.UTC(2026, 10, 20, 19, 13, 43, 844);

export interface Answer {
  readonly status: number;
  readonly headers: LightMyRequestResponse['headers'];
  readonly body: unknown;
}

export interface Api extends Ari {
  readonly core: Core;
  /** What the technology was given to send, with the address that it was given. */
  readonly sent: { address: string; message: TextMessage }[];
  /** What becomes of the next ones; those for which there is nothing are delivered. */
  readonly answers: TextOutcome[];
  /** What it was given to refer. */
  readonly referred: { address: string; referral: Referral }[];
  /** What makes legs towards the endpoints. */
  readonly caller: FakeCaller;
  /** What nobody expected: the test fails when there is anything left in it. */
  readonly errors: unknown[];
  /** As the user ari, unless the headers say otherwise. */
  ask(method: string, path: string, options?: Pick<InjectOptions, 'headers' | 'payload'>): Promise<Answer>;
  /** Listens on a free port of this machine; gives the host and port. */
  listen(): Promise<string>;
}

export function api(parts: Partial<AriParts> = {}): Api {
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const core = createCore({}, { freeze: true, now: () => AT, onError, media: directMedia() });
  for (const [resource, isReachable] of Object.entries({
    foo: true,
    bench: true,
    sipp: true,
    baz: false,
    bar: false,
  })) {
    core.endpoints.create({ tech: 'PJSIP', resource }).setReachable(isReachable);
    core.deviceStates.set(`PJSIP/${resource}`, isReachable ? 'NOT_INUSE' : 'UNAVAILABLE');
  }
  const store = memoryStore();
  void core.deviceStates.load(store);
  void core.mailboxes.load(store);
  void core.messages.load(store).then(() => core.messages.open());
  const sent: Api['sent'] = [];
  const answers: TextOutcome[] = [];
  core.messages.addSender({
    scheme: 'pjsip',
    recipient: (address) => ({ endpoint: { tech: 'PJSIP', resource: address.split('/')[0]! }, isReachable: true }),
    async deliver(address, message) {
      sent.push({ address, message });
      return answers.shift() ?? { kind: 'delivered', status: 200, reason: 'OK', contact: 'sip:foo@192.0.2.1' };
    },
  });
  const caller = fakeCaller(core);
  core.callers.add('PJSIP', caller);
  const referred: Api['referred'] = [];
  core.referrals.addReferrer({
    scheme: 'pjsip',
    refer: async (address, referral) => void referred.push({ address, referral }),
  });
  const users = { ari: { password: 'ari' }, ro: { password: 'ro', read_only: true } };
  const journal = memoryJournal({ maxAge: 86_400_000, maxBytes: 64 * 1024 * 1024, now: () => AT });
  const given = {
    version: '1.2.3',
    entityId: ENTITY,
    startedAt: AT,
    now: () => AT,
    store,
    journal,
    users,
    allowedOrigins: [ORIGIN],
  };
  const ari = createAri(core, { ...given, ...parts });
  onTestFinished(async () => {
    core.messages.stop();
    core.dialling.close();
    await ari.http.close();
    await ari.close();
    await core.applications.close();
    expect(errors).toEqual([]);
  });
  return {
    ...ari,
    get queues() {
      return ari.queues;
    },
    get outbound() {
      return ari.outbound;
    },
    core,
    sent,
    answers,
    referred,
    caller,
    errors,
    async ask(method, path, { headers = { authorization: BASIC }, ...options } = {}) {
      const answer = await ari.http.inject({ method: method as 'GET', url: path, headers, ...options });
      return { status: answer.statusCode, headers: answer.headers, body: parsed(answer.body) };
    },
    async listen() {
      await ari.http.listen({ host: '127.0.0.1', port: 0 });
      const { port } = ari.http.server.address() as AddressInfo;
      return `127.0.0.1:${port}`;
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export type Event = Readonly<Record<string, unknown>> & { readonly type: string };

/** A client of the WebSocket that remembers what it received. */
export interface Client {
  readonly socket: WebSocket;
  readonly received: readonly Event[];
  /** The first event that fits, once it is there. */
  event(fits: string | ((event: Event) => boolean)): Promise<Event>;
  /** The code with which it was closed, once it is. */
  readonly closed: Promise<number>;
}

export async function connect(url: string, options: WebSocket.ClientOptions = {}): Promise<Client> {
  const socket = new WebSocket(url, options);
  onTestFinished(() => socket.terminate());
  const received: Event[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (data: Buffer) => {
    received.push(JSON.parse(data.toString()) as Event);
    for (const look of waiting) look();
  });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return {
    socket,
    received,
    closed,
    event: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = received.find((each) => (typeof fits === 'string' ? each.type === fits : fits(each)));
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

/** Waits until something is so. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}

/** The lines of a recording. */
export const recording = (name: string): Readonly<Record<string, unknown>>[] =>
  readFileSync(join(import.meta.dirname, '../data/ari', name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
