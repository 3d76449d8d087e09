// ARI over HTTP: what Fastify received becomes a request of ours, and our answer leaves by Fastify.
import websocket from '@fastify/websocket';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Applications } from '../core/applications.ts';
import { readCredentials } from './auth.ts';
import { corsHeaders, type Preflight } from './cors.ts';
import { refusal, type AriRequest, type AriResponse, type Opening, type Outcome } from './dispatch.ts';
import { EventSocket, LONGEST_FRAME, type SocketOptions } from './websocket.ts';

/** Of a body, in bytes, beyond which it is 413: 64 KiB of text in JSON, each character escaped, and what stands around it. */
const LONGEST_BODY = 2 ** 20;
/** How long, in milliseconds, a peer may take to say goodbye when the server stops. */
const GRACE = 1_000;
const PREFIX = '/ari';

export interface HttpOptions {
  readonly allowedOrigins: readonly string[];
  readonly sockets: SocketOptions;
  /** The WebSockets that are open. All that are in it are closed when the server stops. */
  readonly open: Set<EventSocket>;
}

/** Puts everything under /ari. */
export function serve(http: FastifyInstance, { allowedOrigins, sockets, open }: HttpOptions): void {
  const { onError } = sockets.context.bus;
  // In ARI the members of a GET's body are parameters, too.
  http.addHttpMethod('GET', { hasBody: true, overrideExisting: true });
  void http.register(websocket, {
    options: {
      maxPayload: LONGEST_FRAME,
      handleProtocols: (offered) => (offered.has('ari') ? 'ari' : false),
    },
    // What has a code went wrong on the wire: the socket closes by itself, and that is all there is to do.
    errorHandler: (error, socket) => {
      if ('code' in error) return;
      socket.terminate();
      onError(error);
    },
    preClose(done) {
      this.websocketServer.close();
      void goodbye(open, sockets.context.applications).then(() => done());
    },
  });
  void http.register(async (ari) => {
    ari.removeAllContentTypeParsers();
    ari.addContentTypeParser('*', { parseAs: 'string', bodyLimit: LONGEST_BODY }, (_, body, done) => done(null, body));
    ari.addHook('onRequest', ({ headers: { origin } }, reply, done) => {
      if (origin !== undefined) reply.headers(corsHeaders(origin, allowedOrigins));
      done();
    });
    ari.setErrorHandler((error, _, reply) => answerError(error, reply, onError));
    const dispatch = (request: FastifyRequest) => sockets.dispatch(toAri(request));
    const answer = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> | undefined => {
      const outcome = dispatch(request);
      if (outcome instanceof Promise) return outcome.then((each) => respond(reply, each));
      // Nothing is given back: for Fastify a reply is a promise, too, and one that is waited for.
      respond(reply, outcome);
      return undefined;
    };
    const openings = new WeakMap<FastifyRequest, Opening>();
    const admit = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
      if (!request.ws) return undefined;
      const outcome = await dispatch(request);
      if (outcome.kind === 'response') return send(reply, outcome);
      if (isOtherProtocol(request))
        return send(reply, refusal(400, 'The only subprotocol is ari', 'invalid-parameter'));
      openings.set(request, outcome);
      return undefined;
    };
    for (const url of [PREFIX, `${PREFIX}/*`]) {
      ari.route({ method: ari.supportedMethods.filter((method) => method !== 'GET'), url, handler: answer });
      ari.route({
        method: 'GET',
        url,
        preHandler: admit,
        handler: answer,
        wsHandler: (socket, request) => {
          const events = new EventSocket(socket, request.raw.socket, openings.get(request)!, sockets);
          open.add(events);
          void events.closed.then(() => open.delete(events));
        },
      });
    }
  });
}

/** What was told so far is sent first, if the journal takes it in time. */
async function goodbye(open: ReadonlySet<EventSocket>, applications: Applications): Promise<void> {
  const all = [...open];
  let timer: NodeJS.Timeout | undefined;
  const isLate = new Promise<void>((resolve) => (timer = setTimeout(resolve, GRACE)));
  await Promise.race([applications.settled().catch(() => undefined), isLate]);
  for (const socket of all) socket.close();
  const closed = Promise.all(all.map((each) => each.closed));
  await Promise.race([closed, isLate]);
  clearTimeout(timer);
  for (const socket of all) socket.terminate();
  await closed;
}

function respond(reply: FastifyReply, outcome: Outcome): FastifyReply {
  if (outcome.kind === 'opening') throw new Error('a WebSocket is to be opened without an upgrade');
  return send(reply, outcome);
}

function toAri({ method, raw, headers, body, ws }: FastifyRequest): AriRequest {
  const url = raw.url ?? '';
  const target = url.slice(PREFIX.length + (url[PREFIX.length] === '/' ? 1 : 0));
  const mark = target.indexOf('?');
  return {
    method,
    target,
    over: ws ? 'upgrade' : 'http',
    credentials: readCredentials(headers.authorization, mark < 0 ? '' : target.slice(mark + 1)),
    contentType: headers['content-type'],
    body: typeof body === 'string' ? body : undefined,
    host: headers.host,
    preflight: preflightOf(method, headers),
    idempotencyKey: headers['idempotency-key']?.toString(),
  };
}

function preflightOf(method: string, headers: FastifyRequest['headers']): Preflight | undefined {
  const wanted = headers['access-control-request-method'];
  if (method !== 'OPTIONS' || headers.origin === undefined || wanted === undefined) return undefined;
  const asked = headers['access-control-request-headers'];
  return { origin: headers.origin, method: wanted, ...(asked !== undefined && { headers: asked }) };
}

function isOtherProtocol({ headers }: FastifyRequest): boolean {
  const offered = headers['sec-websocket-protocol'];
  return offered !== undefined && !offered.split(',').some((each) => each.trim() === 'ari');
}

const asItIs = (text: unknown): string => text as string;

/** Nothing that the API says may be kept. */
export function send(reply: FastifyReply, { status, headers, body }: AriResponse): FastifyReply {
  reply.code(status).header('Cache-Control', 'no-cache, no-store').headers(headers);
  // A text leaves in one piece with the head; and as what we call it, since it has been serialised.
  return reply.serializer(asItIs).send(body);
}

/** What went wrong before a request reached us: too large, or not even HTTP. */
function answerError(error: unknown, reply: FastifyReply, onError: (error: unknown) => void): FastifyReply {
  const { statusCode = 500, message = '' } = error as { statusCode?: number; message?: string };
  if (statusCode === 413) return send(reply, refusal(413, 'Request body too large', 'too-large'));
  if (statusCode < 500) return send(reply, refusal(statusCode, message, 'malformed-request'));
  onError(error);
  return send(reply, refusal(statusCode, 'Internal server error', 'internal'));
}
