// The API: the REST interface and the WebSocket under /ari, and its documentation under /docs.
//
//   HTTP ─► http ──────────┐                       ┌─► resources/<resource> ─► core
//   upgrade ─► http ───────┼─► dispatch ─► routes ─┤
//   WebSocket ─► websocket ┘   (auth, cors,        └─► docs
//                               parameters)
//   application.topic ─► translate ─► websocket ─► WebSocket
//
// An operation is declared once, in its resource; validation, routes and every document come from the declaration.
// There is one way for all requests, `dispatch`, and not a route of Fastify for each: ARI's order of checks, its 405
// with Allow, its `+` in paths and its lenient parameters are no router's, and a request inside a WebSocket must meet
// the same checks as one over HTTP. Fastify carries bytes and upgrades; it knows one path.
import Fastify, { type FastifyInstance } from 'fastify';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { Core } from '../core/index.ts';
import { Authorizer, REALM, type ApiUser } from './auth.ts';
import { Dispatcher, refusal, type OnRequest } from './dispatch.ts';
import { ApiDocuments } from './docs/index.ts';
import { send, serve } from './http.ts';
import { JsonReader } from './parameters.ts';
import { resources } from './resources/index.ts';
import { WAITING, type EventSocket, type SocketCounters } from './websocket.ts';

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
  /** How many bytes may wait for one WebSocket, 16 MiB if left out. */
  readonly maxBuffered?: number;
  /** Milliseconds between pings of one WebSocket, 15,000 if left out. */
  readonly pingInterval?: number;
}

export interface Ari {
  /** Listens where it is told to; closing it closes every WebSocket with 1001. */
  readonly http: FastifyInstance;
  readonly counters: Readonly<SocketCounters>;
  /** What waits in the fullest WebSocket, and how much may: bytes to be sent, requests to be answered. */
  readonly queues: { readonly bytes: Queue; readonly requests: Queue };
}

interface Queue {
  readonly longest: number;
  readonly limit: number;
}

export function createAri(core: Core, parts: AriParts): Ari {
  const { version, entityId, startedAt, language = 'en', now = Date.now } = parts;
  const context = { ...core, node: { version, entityId, startedAt, language, now } };
  const documents = new ApiDocuments(resources);
  const reader = new JsonReader();
  const { allowedOrigins } = parts;
  const dispatcher = new Dispatcher({
    context,
    authorizer: new Authorizer(parts.users),
    reader,
    documents,
    allowedOrigins,
    realm: REALM,
    onRequest: parts.onRequest,
  });
  const counters: SocketCounters = { open: 0, eventsSent: 0, closedAsSlow: 0 };
  const http = Fastify({
    routerOptions: { caseSensitive: false },
    exposeHeadRoutes: false,
    requestTimeout: 30_000,
    frameworkErrors: ({ message }, _, reply) => void send(reply, refusal(400, message, 'malformed-request')),
  });
  http.setNotFoundHandler((_, reply) => send(reply, refusal(404, 'Nothing is here', 'resource-not-found')));
  const maxBuffered = parts.maxBuffered ?? 16 * 1024 * 1024;
  const open = serve(http, {
    allowedOrigins,
    sockets: {
      context,
      reader,
      dispatch: (request) => dispatcher.dispatch(request),
      counters,
      maxBuffered,
      pingInterval: parts.pingInterval ?? 15_000,
    },
  });
  void http.register(swagger, { mode: 'static', specification: { document: documents.openApi as never } });
  void http.register(swaggerUi, {
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
  });
  const longest = (lengthOf: (socket: EventSocket) => number): number => Math.max(0, ...[...open].map(lengthOf));
  return {
    http,
    counters,
    get queues() {
      return {
        bytes: { longest: longest(({ buffered }) => buffered), limit: maxBuffered },
        requests: { longest: longest(({ waiting }) => waiting), limit: WAITING },
      };
    },
  };
}
