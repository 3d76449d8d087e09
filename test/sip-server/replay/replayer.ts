// Plays the peers and the clients of a recording against the embedded server, and compares what comes back.
import { createServer } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { SipServer, type SipServerOptions } from '../../../src/sip-server/index.ts';
import type { TestClock } from '../clock.ts';
import { noNames } from '../no-names.ts';
import { controlClient, tcpPeer, udpPeer, type Party } from './parties.ts';
import { frameShape, sipShape } from './shape.ts';
import type { Step } from './transcript.ts';
import { Values } from './values.ts';

export interface ReplayOptions {
  readonly timers?: SipServerOptions['timers'];
  /** Passes in the long pauses of the recording, and 10 s more. */
  readonly clock?: TestClock;
  /** Repetitions of the same message count once: their rhythm is tested elsewhere. */
  readonly ignoreRepetitions?: boolean;
}

/** Fails at the first message that is not as recorded, and when there are more of them. */
export async function replay(steps: readonly Step[], options: ReplayOptions = {}): Promise<void> {
  const { server, port } = await startServer(options);
  const values = new Values();
  const [recordedPort = '5260'] = steps.flatMap((step) =>
    'text' in step ? (/127\.0\.0\.1:(526\d)/.exec(step.text)?.slice(1) ?? []) : [],
  );
  values.learn(recordedPort, String(port));
  const peers = await startPeers(steps, port, values);
  const clients = new Map<string, Party>();
  const play = new Play(server, values, peers, clients, options);
  onTestFinished(async () => {
    for (const party of [...peers.values(), ...clients.values()]) await party.close();
    await server.stop();
  });
  for (const step of steps) await play.step(step);
  await play.end();
}

class Play {
  readonly #server: SipServer;
  readonly #values: Values;
  readonly #peers: Map<string, Party>;
  readonly #clients: Map<string, Party>;
  readonly #ignoreRepetitions: boolean;
  readonly #clock: TestClock | undefined;
  /** Messages that repetitions are compared with, as recorded and as received. */
  readonly #tryings = { recorded: 0, came: 0 };
  readonly #recorded = new Set<string>();
  readonly #received = new Set<string>();

  constructor(
    server: SipServer,
    values: Values,
    peers: Map<string, Party>,
    clients: Map<string, Party>,
    options: ReplayOptions,
  ) {
    this.#server = server;
    this.#values = values;
    this.#peers = peers;
    this.#clients = clients;
    this.#ignoreRepetitions = options.ignoreRepetitions ?? false;
    this.#clock = options.clock;
  }

  async step(step: Step): Promise<void> {
    switch (step.kind) {
      case 'connect':
        this.#clients.set(step.client, await controlClient(this.#server.controlPort));
        return;
      case 'close':
        await this.#clients.get(step.client)!.close();
        this.#clients.delete(step.client);
        await expect.poll(() => this.#server.metrics.gauges.clients).toBe(this.#clients.size);
        return;
      case 'pause':
        this.#clock?.pass(step.ms + 10_000);
        return;
      case 'command':
        return this.#clients.get(step.client)!.send(this.#values.apply(step.text.slice(step.text.indexOf('#') + 1)));
      case 'frame':
        return this.#frame(this.#clients.get(step.client)!, step.text.slice(step.text.indexOf('#') + 1));
      case 'in':
        return this.#in(this.#peers.get(step.peer)!, step.text);
      case 'out':
        return this.#out(this.#peers.get(step.peer)!, step.text);
    }
  }

  /** Whatever is left unread must be a 100. */
  async end(): Promise<void> {
    for (const party of this.#peers.values()) {
      await expect.poll(() => party.inbox.waiting.filter((text) => !this.#isPassedOver(text))).toEqual([]);
    }
    for (const party of this.#clients.values()) expect(party.inbox.waiting).toEqual([]);
    const waiting = [...this.#peers.values()].flatMap(({ inbox }) => inbox.waiting).filter(isTrying).length;
    if (!this.#ignoreRepetitions) expect(this.#tryings.came + waiting).toBeLessThanOrEqual(this.#tryings.recorded);
  }

  /** Sends, and waits until the server has read it: what follows must not overtake it. */
  async #in(peer: Party, text: string): Promise<void> {
    const before = this.#messagesIn();
    peer.send(this.#values.apply(text));
    await expect.poll(() => this.#messagesIn(), { interval: 2 }).toBe(before + 1);
  }

  async #out(peer: Party, recorded: string): Promise<void> {
    // A 100 comes early, late, or not at all when the next response is fast: that depends on the moment.
    if (isTrying(recorded)) return void (this.#tryings.recorded += 1);
    if (this.#ignoreRepetitions && this.#recorded.has(recorded)) return;
    this.#recorded.add(recorded);
    let actual = await peer.inbox.next();
    while (this.#isPassedOver(actual)) {
      if (isTrying(actual)) this.#tryings.came += 1;
      actual = await peer.inbox.next();
    }
    this.#received.add(actual);
    this.#values.learnFrom(recorded, actual);
    expect(sipShape(actual)).toEqual(sipShape(this.#values.apply(recorded)));
  }

  #isPassedOver(text: string): boolean {
    return isTrying(text) || (this.#ignoreRepetitions && this.#received.has(text));
  }

  async #frame(client: Party, recorded: string): Promise<void> {
    const actual = await client.inbox.next();
    const [before, after] = [recorded, actual].map((text) => text.split('\r\n', 1)[0]!.split('|'));
    const transaction = before![1] === 'sip' ? 8 : 10;
    this.#values.learn(before![transaction], after![transaction]);
    this.#values.learnFrom(recorded, actual);
    expect(frameShape(actual)).toEqual(frameShape(this.#values.apply(recorded)));
  }

  #messagesIn(): number {
    const { requestsIn, responsesIn, parseErrors } = this.#server.metrics;
    return [...Object.values(requestsIn), ...Object.values(responsesIn), parseErrors].reduce(
      (sum, each) => sum + each,
      0,
    );
  }
}

const isTrying = (text: string): boolean => text.startsWith('SIP/2.0 100 ');

/** UDP and TCP on one port, as in the recordings. */
async function startServer({ timers, clock }: ReplayOptions): Promise<{ server: SipServer; port: number }> {
  const port = await freePort();
  const server = new SipServer({
    listen: [`tcp://127.0.0.1:${port}`, `udp://127.0.0.1:${port}`],
    secret: 'cymru',
    ...(timers && { timers }),
    ...(clock && { clock }),
    resolver: noNames,
    lookup: (host) => Promise.reject(new Error(`no address of ${host}`)),
  });
  await server.start();
  return { server, port };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const bound = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return bound !== null && typeof bound === 'object' ? bound.port : 0;
}

async function startPeers(steps: readonly Step[], port: number, values: Values): Promise<Map<string, Party>> {
  const peers = new Map<string, Party>();
  for (const step of steps) {
    if ((step.kind !== 'in' && step.kind !== 'out') || peers.has(step.peer)) continue;
    const peer = await (/^Via: SIP\/2\.0\/TCP/m.test(step.text) ? tcpPeer(port) : udpPeer(port));
    values.learn(recordedPort(steps, step), String(peer.port));
    peers.set(step.peer, peer);
  }
  return peers;
}

/** A peer's port is in the Via of its requests, or where a request to it goes, or in what the client is told of its response. */
function recordedPort(
  steps: readonly Step[],
  { kind, text }: Extract<Step, { kind: 'in' | 'out' }>,
): string | undefined {
  if (kind === 'in') return /^Via: SIP\/2\.0\/\w+ 127\.0\.0\.1:(\d+)/m.exec(text)?.[1];
  const inUri = /^\w+ sips?:(?:\w+@)?127\.0\.0\.1:(\d+)/.exec(text)?.[1];
  if (inUri !== undefined) return inUri;
  const branch = /branch=([^;\r]+)/.exec(text)![1]!;
  const told = steps.find(
    (step) => step.kind === 'frame' && step.text.includes('|sip|network|') && step.text.includes(branch),
  );
  return told && 'text' in told ? /\|127\.0\.0\.1\|(\d+)\|/.exec(told.text)?.[1] : undefined;
}
