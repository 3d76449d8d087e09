// One request through the checks of ARI, in its order, to its operation. HTTP and the WebSocket both come this way.
import { performance } from 'node:perf_hooks';
import { Fault, type FaultKind } from '../errors.ts';
import type { Authorizer, Claim, User } from './auth.ts';
import { preflightHeaders, type Preflight } from './cors.ts';
import type { ApiDocuments } from './docs/index.ts';
import type { Idempotency } from './idempotency.ts';
import { readBody, readQuery, type JsonReader, type Sent } from './parameters.ts';
import { Answer, type Context, type Operation } from './resource.ts';
import { absentOperations, resources } from './resources/index.ts';
import { Routes, type Place } from './routes.ts';

export interface AriRequest {
  readonly method: string;
  /** What follows "/ari/": path and query. */
  readonly target: string;
  /** An upgrade is a request over HTTP that wants to become a WebSocket. */
  readonly over: 'http' | 'upgrade' | 'websocket';
  readonly credentials: Claim | undefined;
  readonly contentType?: string | undefined;
  readonly body?: string | undefined;
  /** The Host header. */
  readonly host?: string | undefined;
  /** Parameters besides those of the target. */
  readonly parameters?: readonly { readonly name: string; readonly value: string }[];
  readonly preflight?: Preflight | undefined;
  /** Makes requests with the same one a single request: see `Idempotency`. A GET needs none. */
  readonly idempotencyKey?: string | undefined;
}

export interface AriResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body?: string;
}

/** All checks have passed, and a WebSocket may be opened. */
export interface Opening {
  readonly kind: 'opening';
  readonly credentials: Claim | undefined;
  readonly apps: readonly string[];
  readonly subscribeAll: boolean;
  /** Whether events that ARI does not have are wanted, too. */
  readonly extensions: boolean;
  /** Of the applications that go on where they were: the cursor, or "last". */
  readonly since: ReadonlyMap<string, string>;
  /** Whether the applications stay when the WebSocket closes. */
  readonly persist: boolean;
}

/** What becomes of a request. */
export type Outcome = AriResponse | Opening;

/** Told of each request: ARI's path, or an empty text where there is none; seconds. */
export type OnRequest = (route: string, method: string, status: number, seconds: number) => void;

const statuses: Readonly<Record<FaultKind, number>> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  precondition: 412,
  unprocessable: 422,
  'too-large': 413,
  'unsupported-media': 415,
  unsupported: 501,
  unavailable: 503,
};

export interface DispatcherOptions {
  readonly context: Context;
  readonly authorizer: Authorizer;
  readonly reader: JsonReader;
  readonly idempotency: Idempotency;
  readonly documents: ApiDocuments;
  readonly allowedOrigins: readonly string[];
  readonly realm: string;
  readonly onRequest?: OnRequest | undefined;
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #routes = new Routes(resources, absentOperations);

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** At once, unless the operation waits for something: promises between were much of what a small request cost. */
  dispatch(request: AriRequest): Outcome | Promise<Outcome> {
    const started = performance.now();
    const { target } = request;
    const mark = target.indexOf('?');
    const path = mark < 0 ? target : target.slice(0, mark);
    const place = this.#routes.find(path);
    let outcome: Outcome | Promise<Outcome>;
    try {
      outcome = this.#admit(request, path, new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)), place);
    } catch (error) {
      outcome = this.#failed(error);
    }
    if (!(outcome instanceof Promise)) return this.#told(outcome, request, place, started);
    return outcome
      .catch((error: unknown) => this.#failed(error))
      .then((answer) => this.#told(answer, request, place, started));
  }

  #told(outcome: Outcome, { method }: AriRequest, place: Place | undefined, started: number): Outcome {
    const status = outcome.kind === 'opening' ? 101 : outcome.status;
    this.#options.onRequest?.(place?.path ?? '', method, status, (performance.now() - started) / 1000);
    return outcome;
  }

  #admit(
    request: AriRequest,
    path: string,
    query: URLSearchParams,
    place: Place | undefined,
  ): Outcome | Promise<Outcome> {
    const { method, preflight, credentials, parameters } = request;
    if (parameters !== undefined) for (const { name, value } of parameters) query.append(name, value);
    const sent =
      request.contentType === undefined ? { query } : { query, ...readBody(request.contentType, request.body ?? '') };
    const user = preflight === undefined ? this.#options.authorizer.authorize(credentials, method) : nobody;
    if (!(user instanceof Promise)) return this.#answer(request, path, sent, place, user);
    return user.then((each) => this.#answer(request, path, sent, place, each));
  }

  #answer(
    request: AriRequest,
    path: string,
    sent: Sent,
    place: Place | undefined,
    user: User,
  ): Outcome | Promise<Outcome> {
    const { method, preflight } = request;
    if (path !== '' && path.endsWith('/')) return trailingSlash(path);
    if (path.startsWith('api-docs/')) return this.#document(request, path.slice('api-docs/'.length));
    if (place === undefined) throw noResource();
    if (method === 'OPTIONS') {
      const further = preflight && preflightHeaders(preflight, place.methods, this.#options.allowedOrigins);
      return { kind: 'response', status: 204, headers: { Allow: place.methods.join(','), ...further } };
    }
    const operation = place.operations.get(method);
    if (operation === undefined) return wrongMethod(place.methods);
    if (operation === 'absent') throw noResource();
    if (operation.handle === undefined) return open(request, operation, sent);
    const { idempotencyKey: key, contentType, body } = request;
    if (key === undefined || method === 'GET') return this.#run(operation, place, sent, user, undefined);
    const { query } = sent;
    return this.#options.idempotency.once(user.name, key, { method, path, query, contentType, body }, async (token) => {
      try {
        return await this.#run(operation, place, sent, user, token);
      } catch (error) {
        return this.#failed(error);
      }
    });
  }

  #run(
    operation: Operation,
    { params }: Place,
    sent: Sent,
    user: User,
    token: string | undefined,
  ): AriResponse | Promise<AriResponse> {
    const query = operation.query === undefined ? {} : readQuery(operation.query, sent);
    const body = this.#options.reader.readOf(operation, sent);
    const answer = operation.handle!({ params, query, body, user, token }, this.#options.context);
    return answer instanceof Promise
      ? answer.then((each) => responseOf(operation, each))
      : responseOf(operation, answer);
  }

  #document({ method, host }: AriRequest, name: string): AriResponse {
    const document = this.#options.documents.find(name, host);
    if (document === undefined) throw noResource();
    return method === 'GET' ? json(200, document) : wrongMethod(['GET']);
  }

  #failed(error: unknown): AriResponse {
    if (!(error instanceof Fault)) {
      this.#options.context.bus.onError(error);
      return refusal(500, 'Internal server error', 'internal');
    }
    const challenge = { 'WWW-Authenticate': `Basic realm="${this.#options.realm}"` };
    return refusal(
      statuses[error.kind],
      error.message,
      error.code,
      error.kind === 'unauthorized' ? challenge : undefined,
    );
  }
}

/** Who asks what a browser asks before it sends credentials. */
const nobody: User = { name: '', isReadOnly: true };

function responseOf({ returns, empty, status }: Operation, answer: unknown): AriResponse {
  const { document, headers } = answer instanceof Answer ? answer : { document: answer, headers: undefined };
  if (returns === undefined) return { kind: 'response', status: empty ?? 204, headers: headers ?? {} };
  return json(status ?? 200, document, headers);
}

function open(
  { over, credentials }: AriRequest,
  { query: schemas = {} }: Operation,
  sent: Sent,
): AriResponse | Opening {
  if (over === 'http') {
    return refusal(426, 'This is a WebSocket: an upgrade is required', 'upgrade-required', { Upgrade: 'websocket' });
  }
  if (over === 'websocket') {
    throw new Fault('invalid', 'There is a WebSocket already', { code: 'websocket-in-websocket' });
  }
  const query = readQuery(schemas, sent) as Partial<Omit<Opening, 'since'>> & { app: string[]; since?: string };
  const { subscribeAll = false, extensions = false, persist = false } = query;
  const names = query.app.map((each) => each.trim());
  if (names.includes('')) throw new Fault('invalid', 'Parameter app has an empty name', { code: 'invalid-parameter' });
  const since = resumed(names, query.since);
  return { kind: 'opening', credentials, apps: [...new Set(names)], subscribeAll, extensions, since, persist };
}

/** A cursor for each application, in their order; "last" is for all. */
function resumed(names: readonly string[], since: string | undefined): Map<string, string> {
  const cursors = since === 'last' ? names.map(() => since) : (since ?? '').split(',').map((each) => each.trim());
  if (cursors.length > names.length)
    throw new Fault('invalid', 'Parameter since has more cursors than there are applications', {
      code: 'invalid-parameter',
    });
  const pairs = names.map((name, index) => [name, cursors[index] ?? ''] as const);
  return new Map(pairs.filter(([, cursor]) => cursor !== '').reverse());
}

const isJson = { 'Content-Type': 'application/json' } as const;

const json = (status: number, value: unknown, headers?: Readonly<Record<string, string>>): AriResponse => ({
  kind: 'response',
  status,
  headers: headers === undefined ? isJson : { ...isJson, ...headers },
  body: JSON.stringify(value),
});

/** The shape of every refusal: Asterisk's `message`, and a `code` that does not change with the words. */
export function refusal(
  status: number,
  message: string,
  code: string,
  headers?: Readonly<Record<string, string>>,
): AriResponse {
  return json(status, { message, code }, headers);
}

const noResource = (): Fault => new Fault('not-found', 'Resource not found', { code: 'resource-not-found' });

const wrongMethod = (methods: readonly string[]): AriResponse =>
  refusal(405, 'Invalid method', 'method-not-allowed', { Allow: methods.join(',') });

const trailingSlash = (path: string): AriResponse =>
  refusal(404, `No path ends with a slash. Try /ari/${path.replace(/\/+$/, '')}`, 'resource-not-found');
