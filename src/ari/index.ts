// The API: the REST interface and the WebSocket under /ari, and its documentation under /docs.
//
//   HTTP ─► http ──────────┐                       ┌─► resources/<resource> ─► core
//   upgrade ─► http ───────┼─► dispatch ─► routes ─┤
//   WebSocket ─► websocket ┘   (auth, cors,        └─► docs
//                               parameters)
//   outbound ─► websocket: a WebSocket that is opened from here carries what any other does
//   application.topic ─► translate ─► event-log ─► journal ─► follower ─► websocket ─► WebSocket
//
// An operation is declared once, in its resource; validation, routes and every document come from the declaration.
// There is one way for all requests, `dispatch`, and not a route of Fastify for each: ARI's order of checks, its 405
// with Allow, its `+` in paths and its lenient parameters are no router's, and a request inside a WebSocket must meet
// the same checks as one over HTTP. Fastify carries bytes and upgrades; it knows one path.
import Fastify, { type FastifyInstance } from 'fastify';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { systemClock } from '../core/clock.ts';
import type { Core } from '../core/index.ts';
import type { Journal } from '../core/journal.ts';
import type { Lingering } from '../core/recorder.ts';
import type { Store } from '../core/store.ts';
import { Authorizer, REALM, type ApiUser } from './auth.ts';
import { Dispatcher, refusal, type OnRequest } from './dispatch.ts';
import { ApiDocuments } from './docs/index.ts';
import { EventLogs } from './event-logs.ts';
import { send, serve } from './http.ts';
import { Idempotency } from './idempotency.ts';
import { OutboundWebSockets, type OutboundMetrics, type OutboundParts } from './outbound/index.ts';
import { JsonReader } from './parameters.ts';
import { resources } from './resources/index.ts';
import { WAITING, type EventSocket, type SocketCounters, type SocketOptions } from './websocket.ts';

/** What the API is handed besides the core. */
export interface AriParts {
  readonly version: string;
  /** Six hexadecimal bytes with colons: the `asterisk_id` of every event. */
  readonly entityId: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly users: Readonly<Record<string, ApiUser>>;
  /** Origins of pages that may call from a browser; "*" for all. */
  readonly allowedOrigins: readonly string[];
  /** Of channels that name none; "en" if left out. */
  readonly language?: string;
  readonly now?: () => number;
  readonly onRequest?: OnRequest;
  /** Where the events of applications are kept. */
  readonly journal: Journal;
  /** Remembers which requests were answered, and how; and the places of applications in their journals. */
  readonly store: Store;
  /** How many bytes may wait for one WebSocket, 4 MiB if left out. */
  readonly maxBuffered?: number;
  /** Milliseconds between pings of one WebSocket, 10,000 if left out. */
  readonly pingInterval?: number;
  /** How long a peer that was too slow may take to read why it is closed, in milliseconds; 30,000 if left out. */
  readonly farewell?: number;
  /** How long an application that has gone stays for those who resume; a minute, if left out. */
  readonly lingering?: Lingering;
  /** WebSockets that are opened from here; none, if left out. */
  readonly outbound?: OutboundParts;
}

export interface Ari {
  /** Listens where it is told to; closing it closes every WebSocket with 1001. */
  readonly http: FastifyInstance;
  readonly counters: Readonly<SocketCounters>;
  readonly outbound: OutboundMetrics;
  /** Opens WebSockets from here. After the applications were loaded, and before calls come. */
  connect(): Promise<void>;
  /** What waits where most does, and how much may: bytes to be sent and requests to be answered in a WebSocket, events for the journal. */
  readonly queues: {
    readonly bytes: Queue;
    readonly requests: Queue;
    readonly journal: Queue & { readonly lost: number };
  };
  /** Applications that have gone for all but those who resume. */
  readonly lingering: number;
  /** Resolves when the events of all that was told are recorded, and no more are. After `http` was closed. */
  close(): Promise<void>;
  /** How many idempotency keys are known. */
  readonly idempotency: Idempotency['metrics'];
}

interface Queue {
  readonly longest: number;
  readonly limit: number;
}

/** How often what is known of requests is looked through for what is too old, in milliseconds. */
const SWEEP_INTERVAL = 3_600_000;

const interfaceOptions = {
  routePrefix: '/docs',
  staticCSP: {
    'default-src': ["'self'"],
    // Swagger UI writes styles of its own into the page.
    'style-src': ["'self'", "'unsafe-inline'"],
    'img-src': ["'self'", 'data:'],
    'object-src': ["'none'"],
    'frame-ancestors': ["'self'"],
  },
  uiConfig: { tryItOutEnabled: true },
};

export function createAri(core: Core, parts: AriParts): Ari {
  const { version, entityId, startedAt, language = 'en', now = Date.now } = parts;
  const { bus, applications } = core;
  const eventLogs = new EventLogs({ journal: parts.journal, store: parts.store, bus, entityId, now });
  applications.recordBy(eventLogs, parts.lingering ?? aMinute);
  const context = { ...core, eventLogs, node: { version, entityId, startedAt, language, now } };
  const documents = new ApiDocuments(resources);
  const reader = new JsonReader();
  const { allowedOrigins, store } = parts;
  const idempotency = new Idempotency({ store, now });
  const dispatcher = new Dispatcher({
    context,
    authorizer: new Authorizer(parts.users),
    reader,
    idempotency,
    documents,
    allowedOrigins,
    realm: REALM,
    onRequest: parts.onRequest,
  });
  const counters: SocketCounters = { open: 0, eventsSent: 0, closedAsSlow: 0 };
  const http = createHttp();
  keep(idempotency, http, core.bus.onError);
  const maxBuffered = parts.maxBuffered ?? 4 * 1024 * 1024;
  const sockets: SocketOptions = {
    context,
    reader,
    dispatch: (request) => dispatcher.dispatch(request),
    counters,
    maxBuffered,
    ...{ pingInterval: parts.pingInterval ?? 10_000, farewell: parts.farewell ?? 30_000 },
  };
  const open = new Set<EventSocket>();
  const outbound = new OutboundWebSockets(parts.outbound ?? { bindings: [], log: () => undefined }, sockets, open);
  http.addHook('preClose', async () => outbound.stop());
  serve(http, { allowedOrigins, sockets, open });
  serveDocumentation(http, documents);
  return {
    http,
    counters,
    get outbound() {
      return outbound.metrics;
    },
    async connect() {
      await http.ready();
      outbound.start();
    },
    get queues() {
      return { ...queuesOf(open, maxBuffered), journal: eventLogs.waiting };
    },
    get idempotency() {
      return idempotency.metrics;
    },
    get lingering() {
      return applications.hidden;
    },
    close: () => eventLogs.close(),
  };
}

function createHttp(): FastifyInstance {
  const http = Fastify({
    routerOptions: { caseSensitive: false },
    exposeHeadRoutes: false,
    requestTimeout: 30_000,
    frameworkErrors: ({ message }, _, reply) => void send(reply, refusal(400, message, 'malformed-request')),
  });
  http.setNotFoundHandler((_, reply) => send(reply, refusal(404, 'Nothing is here', 'resource-not-found')));
  return http;
}

function queuesOf(open: Iterable<EventSocket>, maxBuffered: number) {
  const longest = (lengthOf: (socket: EventSocket) => number): number => Math.max(0, ...[...open].map(lengthOf));
  return {
    bytes: { longest: longest(({ buffered }) => buffered), limit: maxBuffered },
    requests: { longest: longest(({ waiting }) => waiting), limit: WAITING },
  };
}

function serveDocumentation(http: FastifyInstance, documents: ApiDocuments): void {
  void http.register(swagger, { mode: 'static', specification: { document: documents.openApi as never } });
  void http.register(swaggerUi, interfaceOptions);
}

const aMinute: Lingering = { lingers: 60_000, after: systemClock.after };

/** Reads what is known before the first request, and forgets what is too old as long as the service runs. */
function keep(idempotency: Idempotency, http: FastifyInstance, onError: (error: unknown) => void): void {
  let timer: NodeJS.Timeout | undefined;
  http.addHook('onReady', async () => {
    await idempotency.load();
    timer = setInterval(() => void idempotency.sweep().catch(onError), SWEEP_INTERVAL);
  });
  http.addHook('onClose', async () => clearInterval(timer));
}
