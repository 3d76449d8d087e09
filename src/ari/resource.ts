// How an operation of the API is declared: once, by schemas, from which come its types, how it is read, and the documents.
import type { Static, TObject, TProperties, TSchema, TVoid } from 'typebox';
import type { Core } from '../core/index.ts';
import type { User } from './auth.ts';
import type { EventLogs } from './event-logs.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** What the API tells of the process itself. */
export interface Node {
  readonly version: string;
  /** Six hexadecimal bytes with colons: the `asterisk_id` of every event. */
  readonly entityId: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** The language of channels that name none. */
  readonly language: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What a handler works with. It never sees HTTP. */
export interface Context extends Core {
  readonly node: Node;
  readonly eventLogs: EventLogs;
}

/** The JSON document of a request. ARI calls it by the name of one of its members, or by a name of its own. */
export interface Body<B extends TSchema> {
  readonly name: string;
  /** ARI's word for its type. */
  readonly dataType: 'containers' | 'object';
  readonly required: boolean;
  readonly description: string;
  /** Of the whole document; one that was not sent reads as `{}`. */
  readonly schema: B;
}

export interface Declaration<P extends TProperties, Q extends TProperties, B extends TSchema, R extends TSchema> {
  readonly nickname: string;
  readonly summary: string;
  readonly description?: string;
  /** The versions of Asterisk that brought it. */
  readonly since: readonly string[];
  readonly params?: P;
  /**
   * One that is not optional is required. A required one with a default is required in ARI's documents alone: left out,
   * it reads as the default.
   */
  readonly query?: Q;
  readonly body?: Body<B>;
  /** What the answer carries; without it the answer is empty. */
  readonly returns?: R;
  /** Of an answer that carries something: 200, unless told otherwise. */
  readonly status?: 202;
  /** Of an empty answer: 204, unless told otherwise. */
  readonly empty?: 202 | 204;
  /** What an answer says in headers of its own. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly errors?: Readonly<Record<number, string>>;
}

export interface Input<P extends TProperties, Q extends TProperties, B extends TSchema> {
  /** The path has all of them, whatever ARI's documents call required. */
  readonly params: Required<Static<TObject<P>>>;
  readonly query: Static<TObject<Q>>;
  readonly body: Static<B>;
  readonly user: User;
  /** The same for every try of one request that has an Idempotency-Key. */
  readonly token: string | undefined;
}

/** What a handler gives where headers are to go with the document. */
export class Answer<T> {
  readonly document: T;
  readonly headers: Readonly<Record<string, string>>;

  constructor(document: T, headers: Readonly<Record<string, string>>) {
    this.document = document;
    this.headers = headers;
  }
}

type Given<R extends TSchema> = Static<R> | Answer<Static<R>>;

interface AnyInput {
  readonly params: object;
  readonly query: object;
  readonly body: unknown;
  readonly user: User;
  readonly token: string | undefined;
}

export interface Operation extends Declaration<TProperties, TProperties, TSchema, TSchema> {
  readonly method: Method;
  /** As ARI writes it: "/endpoints/{tech}". */
  readonly path: string;
  /** Left out where the operation is to open the WebSocket. */
  handle?(input: AnyInput, context: Context): unknown;
}

/** A model of the documents; its name is the schema's title. */
export interface Model {
  readonly schema: TObject;
  readonly extends?: TObject;
  readonly discriminator?: string;
}

export interface Resource {
  readonly name: string;
  readonly description: string;
  readonly since: readonly string[];
  readonly models: readonly Model[];
  readonly operations: readonly Operation[];
}

type Nothing = Record<never, never>;
type Declare = <
  P extends TProperties = Nothing,
  Q extends TProperties = Nothing,
  B extends TSchema = TObject<Nothing>,
  R extends TSchema = TVoid,
>(
  path: string,
  declaration: Declaration<P, Q, B, R>,
  handle: (input: Input<P, Q, B>, context: Context) => Given<R> | Promise<Given<R>>,
) => Operation;

const declare =
  (method: Method): Declare =>
  (path, declaration, handle) => ({ ...declaration, method, path, handle });

export const get = declare('GET');
export const post = declare('POST');
export const put = declare('PUT');
export const del = declare('DELETE');

/** The operation that opens the WebSocket: `websocket.ts` handles it. */
export const websocket = <Q extends TProperties, R extends TSchema>(
  path: string,
  declaration: Declaration<Nothing, Q, TObject<Nothing>, R>,
): Operation => ({ ...declaration, method: 'GET', path });
