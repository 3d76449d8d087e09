// The one page of wiring: makes every part and hands it to whoever needs it, in the order of their dependencies.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { createAri, type Ari } from './ari/index.ts';
import type { ArionConfig } from './config.ts';
import { createCore, type Core } from './core/index.ts';
import type { Store } from './core/store.ts';
import type { Technology } from './core/technology.ts';
import { drachtioStack } from './engines/drachtio/index.ts';
import { directMedia } from './engines/embedded/direct-media.ts';
import { openJournal } from './engines/embedded/journal.ts';
import { memoryJournal } from './engines/embedded/memory-journal.ts';
import { openStore } from './engines/embedded/store.ts';
import { xmppStream } from './engines/xmpp/index.ts';
import { createMetrics, type Metrics } from './observability/metrics.ts';
import { readings } from './readings.ts';
import { tlsOptions } from './sip-config.ts';
import { SipServer } from './sip-server/index.ts';
import { ThreadedSipServer, type ThreadedOptions } from './sip-server/threaded.ts';
import { pjsip } from './technologies/pjsip/index.ts';
import { inWords } from './technologies/pjsip/log.ts';
import type { SipAddress, SipFlows, SipStack } from './technologies/pjsip/stack.ts';
import { xmpp } from './technologies/xmpp/index.ts';
import { VERSION } from './version.ts';

export interface AppOptions {
  readonly log?: (level: 'info' | 'warn' | 'error', text: string) => void;
  /** Freezes every message of the bus: for tests. */
  readonly freeze?: boolean;
  /** Given, the embedded SIP server has a thread of its own: it costs some memory, and then works on a second core. */
  readonly thread?: Pick<ThreadedOptions, 'execArgv'>;
}

export interface App {
  /** Fails with a Fault, or the system's error, when something cannot be had; call `stop` then. */
  start(): Promise<void>;
  /** Takes no new work, hangs up open calls, closes what was opened. */
  stop(): Promise<void>;
  /** Where the API listens, once started. */
  readonly http: { readonly host: string; readonly port: number };
  /** Where SIP listens, once started. */
  readonly sip: readonly SipAddress[];
  readonly core: Core;
}

export function createApp(config: ArionConfig, options: AppOptions = {}): App {
  const { log = () => {}, freeze = false, thread } = options;
  const core = createCore(config.contexts, {
    freeze,
    onError: (error) => log('error', inWords(error)),
    ...{ messages: config.messages, media: directMedia() },
  });
  // What was opened, the last first: how it is closed.
  const closing: (() => Promise<void> | void)[] = [];
  const opened = (close: () => Promise<void> | void): void => void closing.unshift(close);
  let http: FastifyInstance | undefined;
  let stack: SipStack | undefined;
  let isReady = false;

  const wire = async (): Promise<void> => {
    const { store, journal } = await openData(config, log, opened);
    await loadCore(core, store);
    opened(() => core.livingChannels.close());

    const server = await startSipServer(config, { thread, log, opened });
    stack = drachtioStack(server);
    const sip = pjsip({ core, stack, store, config: config.pjsip, insecure: config.sip.insecure, log });
    const jabber = xmpp({ core, stream: xmppStream, config: config.xmpp, log });
    [sip, jabber].forEach((each) => offer(core, each));

    const metrics = createMetrics(core, async () =>
      readings({ core, ari, sip, jabber, sipServer: await server.embedded?.count(), store, journal }),
    );
    opened(() => metrics.close());
    const ari = createAri(core, {
      ...{ version: VERSION, entityId: await entityId(store), startedAt: Date.now(), journal, store },
      ...{ ...apiParts(config.ari, log), onRequest: metrics.onRequest },
    });
    opened(() => ari.close().then(() => core.applications.close()));
    http = ari.http;
    watch(ari, metrics, () => isReady && stack!.isConnected);
    // The API hears the calls end, so it is closed after the technology: it is opened before.
    opened(() => ari.http.close());
    await startAll(core, [sip, jabber], opened);
    await resume(core, store, { log, opened });
    await ari.connect();
    // Endpoints, services and routes are in place: now SIP may be read.
    server.embedded?.release();
    await ari.http.listen({ host: config.http.host, port: config.http.port });
    isReady = true;
  };

  return {
    core,
    start: wire,
    async stop() {
      isReady = false;
      for (const close of closing.splice(0)) {
        // What cannot be closed must not keep the rest open.
        await Promise.resolve()
          .then(close)
          .catch((error: unknown) => log('error', inWords(error)));
      }
    },
    get http() {
      const address = http?.server.address();
      return { host: config.http.host, port: typeof address === 'object' ? (address?.port ?? 0) : 0 };
    },
    get sip() {
      return stack?.addresses ?? [];
    },
  };
}

/** In bytes: what a message may have besides its body, and what may come whatever is configured. */
const LARGEST_HEAD = 16_384;
const SMALLEST_LIMIT = 81_920;

type Log = NonNullable<AppOptions['log']>;
type Opened = (close: () => Promise<void> | void) => void;

/** The Store's lock keeps other processes off the Journal, too: it is opened first. */
async function openData({ data, events }: ArionConfig, log: Log, opened: Opened) {
  const store = await openStore(data);
  opened(() => store.close());
  const journal = events.journal ? await openJournal(join(data, 'journal'), { ...events, log }) : memoryJournal(events);
  opened(() => journal.close());
  return { store, journal };
}

async function loadCore({ deviceStates, mailboxes, messages }: Core, store: Store): Promise<void> {
  await deviceStates.load(store);
  await mailboxes.load(store);
  await messages.load(store);
}

/** What an earlier process began. */
async function resume(core: Core, store: Store, { log, opened }: { readonly log: Log; readonly opened: Opened }) {
  const { applications, livingChannels, messages } = core;
  await applications.load(store, (text) => log('warn', text));
  await livingChannels.load(store, () => applications.settled());
  opened(() => messages.stop());
  messages.open();
}

/** What the configuration says of the API. */
const apiParts = (
  { users, allowedOrigins, outbound: bindings }: ArionConfig['ari'],
  log: NonNullable<AppOptions['log']>,
) => ({ users, allowedOrigins, outbound: { bindings, log } });

function offer({ messages, referrals, callers }: Core, { name, text, refer, caller }: Technology): void {
  if (text !== undefined) messages.addSender(text);
  if (refer !== undefined) referrals.addReferrer(refer);
  if (caller !== undefined) callers.add(name, caller);
}

async function startAll({ dialling }: Core, technologies: readonly Technology[], opened: Opened): Promise<void> {
  for (const each of technologies) {
    opened(() => each.stop());
    await each.start();
  }
  opened(() => dialling.close());
}

interface SipServerParts {
  readonly thread: AppOptions['thread'];
  readonly log: Log;
  readonly opened: Opened;
}

/** The embedded SIP server, unless the configuration names another one; and how to reach it. */
async function startSipServer({ sip, messages }: ArionConfig, { thread, log, opened }: SipServerParts) {
  if (sip.server !== undefined) return { ...sip.server, log };
  // Nobody but this process is to control it: a port that nobody knows, a secret of this start.
  const secret = randomBytes(24).toString('hex');
  const handlers = new Set<(flow: SipAddress) => void>();
  const embedded = new (thread === undefined ? SipServer : ThreadedSipServer)({
    ...thread,
    ...sip.embedded,
    limits: { messageSize: Math.max(LARGEST_HEAD + messages.maxSize, SMALLEST_LIMIT), ...sip.embedded.limits },
    ...tlsOptions(sip.tls),
    secret,
    log,
    hold: true,
    onFlowClosed: (flow) => handlers.forEach((handler) => handler(flow)),
  });
  await embedded.start();
  opened(() => embedded.stop());
  const flows: SipFlows = {
    isOpen: (flow) => embedded.isFlowOpen(flow),
    onFlowClosed(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
  return { host: '127.0.0.1', port: embedded.controlPort, secret, log, embedded, flows, binaryBodies: true };
}

/** For those who watch over the process. They need no credentials. */
function watch({ http }: Ari, metrics: Metrics, isReady: () => boolean): void {
  http.get('/health/live', () => ({ status: 'live' }));
  http.get('/health/ready', (_, reply) =>
    reply.code(isReady() ? 200 : 503).send({ status: isReady() ? 'ready' : 'not ready' }),
  );
  http.get('/metrics', async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()));
}

/** The `asterisk_id` of every event: six random bytes, of which the first says that they are nobody's address. */
async function entityId(store: Store): Promise<string> {
  const known = await store.get('entity-id');
  if (known !== undefined) return known;
  const bytes = randomBytes(6);
  bytes[0] = (bytes[0]! & 0xfc) | 0x02;
  const made = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
  await store.put('entity-id', made);
  return made;
}
